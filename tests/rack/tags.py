"""Frames on a wire of the rack, with what the kernel here has no drivers for: VLAN tags and LACP."""

import contextlib
import socket
import struct
import threading
import time

ETH_P_ALL, ETH_P_ARP, ETH_P_8021Q = 0x0003, 0x0806, 0x8100
SOL_PACKET, PACKET_AUXDATA = 263, 8
PACKET_ADD_MEMBERSHIP, PACKET_MR_PROMISC = 1, 1
OWN_MAC, OWN_ADDRESS = bytes.fromhex("0200000000fe"), "10.20.0.1"
AUXDATA = struct.Struct("IIIHHHH")      # packet(7), tpacket_auxdata: tp_vlan_tci is its sixth
VLAN_VALID = 1 << 4                     # TP_STATUS_VLAN_VALID
SLOW_PROTOCOLS, SLOW_GROUP = 0x8809, bytes.fromhex("0180c2000002")      # IEEE 802.3, annex 57A: LACP's
# IEEE 802.1AX, 6.4.2.3: a port's system, key, number, priorities and state
PORT = struct.Struct("!H6sHHHB")
PARTNER = "02:00:00:00:00:fd"
PRIORITY, KEY = 0x8000, 1
# State: active, short timeout (the other end shall speak each second, not each thirty), aggregatable; in sync,
# collecting, distributing.
STATE_ASKS, STATE_TAKES = 0x07, 0x3f


def _open(rack, interface, kind):
    with rack.net.network():
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(kind))
        sock.bind((interface, kind))
        index = socket.if_nametoindex(interface)
    sock.setsockopt(SOL_PACKET, PACKET_ADD_MEMBERSHIP, struct.pack("iHH8s", index, PACKET_MR_PROMISC, 0, b""))
    sock.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    return sock


def _frames(sock, deadline):
    """(frame, VLAN id or None): the kernel takes the tag out of the frame and tells it beside it."""
    while (left := deadline - time.monotonic()) > 0:
        sock.settimeout(left)
        try:
            frame, told, _, _ = sock.recvmsg(2048, 256)
        except TimeoutError:
            return
        vlan = None
        for level, kind, data in told:
            if (level, kind) == (SOL_PACKET, PACKET_AUXDATA):
                status, *_, tci, _ = AUXDATA.unpack(data[:AUXDATA.size])
                vlan = tci & 0xfff if status & VLAN_VALID else None
        yield frame, vlan


def _lacpdu(port, other):
    """Of the partner's port; `other`: the PORT that was heard there, or zeros."""
    system = bytes.fromhex(PARTNER.replace(":", ""))
    own = PORT.pack(PRIORITY, system, KEY, PRIORITY, port, STATE_TAKES if any(other) else STATE_ASKS)
    return (SLOW_GROUP + system + struct.pack("!HBB", SLOW_PROTOCOLS, 1, 1) +
            b"\x01\x14" + own + bytes(3) + b"\x02\x14" + other + bytes(3) + b"\x03\x10" + bytes(14) + bytes(52))


def _speak_lacp(sock, port, over):
    """Each second, and at once when the other end has said something new."""
    other = bytes(PORT.size)
    while not over.is_set():
        sock.send(_lacpdu(port, other))
        for frame, _ in _frames(sock, time.monotonic() + 1):
            if frame[14] == 1 and frame[18:18 + PORT.size] != other:    # LACP, among the slow protocols
                other = frame[18:18 + PORT.size]
                break


@contextlib.contextmanager
def lacp_partner(rack, interfaces):
    """The switch at the other end of a bond, whose ports are these wires; none of them is sent what another sent."""
    over = threading.Event()
    with contextlib.ExitStack() as stack:
        socks = [stack.enter_context(_open(rack, interface, SLOW_PROTOCOLS)) for interface in interfaces]
        for interface in interfaces:
            rack.net.run("ip", "link", "set", interface, "type", "bridge_slave", "isolated", "on")
        threads = [threading.Thread(target=_speak_lacp, args=(sock, port, over), daemon=True)
                   for port, sock in enumerate(socks, 1)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            over.set()
            for thread in threads:
                thread.join()


def arp_tagged(rack, interface, address, vlan, seconds=15):
    """Asks in the VLAN who has the address, once a second; (VLAN, MAC) of the answer, or None."""
    question = (b"\xff" * 6 + OWN_MAC + struct.pack("!HHH", ETH_P_8021Q, vlan, ETH_P_ARP) +
                struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + OWN_MAC + socket.inet_aton(OWN_ADDRESS) +
                b"\0" * 6 + socket.inet_aton(address))
    deadline = time.monotonic() + seconds * rack.patience
    with _open(rack, interface, ETH_P_ALL) as sock:
        while time.monotonic() < deadline:
            sock.send(question)
            for frame, tag in _frames(sock, min(deadline, time.monotonic() + 1)):
                if (frame[:6], frame[12:14], frame[20:22]) == (OWN_MAC, b"\x08\x06", b"\0\x02") and \
                        frame[28:32] == socket.inet_aton(address):
                    return tag, frame[6:12].hex(":")
    return None
