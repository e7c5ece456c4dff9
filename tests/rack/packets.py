"""A DHCP client of a few lines: what does the server offer to a client that says this?"""

import time

from scapy.all import BOOTP, DHCP, IP, UDP, Ether, conf
from scapy.config import conf as settings

settings.verb = 0


def discover(mac, options=(), kind="discover"):
    raw = bytes.fromhex(mac.replace(":", ""))
    return (Ether(src=mac, dst="ff:ff:ff:ff:ff:ff") / IP(src="0.0.0.0", dst="255.255.255.255") /
            UDP(sport=68, dport=67) / BOOTP(chaddr=raw, xid=int.from_bytes(raw[2:], "big"), flags=0x8000) /
            DHCP(options=[("message-type", kind), ("param_req_list", [1, 3, 6, 42, 54, 60, 66, 67, 175]),
                          *options, "end"]))


def exchange(interface, packet, seconds=3):
    """Sends it; returns the first answer with its transaction id, or None."""
    with conf.L2socket(iface=interface) as sock:
        sock.send(packet)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            answer = sock.recv()
            if answer is not None and BOOTP in answer and answer[BOOTP].op == 2 and \
                    answer[BOOTP].xid == packet[BOOTP].xid:
                return answer
    return None


def offered(answer):
    """{option: value} of an answer, and "file", "yiaddr" of its header."""
    if answer is None:
        return None
    found = {name: rest[0] if len(rest) == 1 else list(rest)
             for name, *rest in (o for o in answer[DHCP].options if isinstance(o, tuple))}
    found["yiaddr"] = answer[BOOTP].yiaddr
    found["file"] = found.get("boot-file-name", answer[BOOTP].file.rstrip(b"\0"))
    if isinstance(found["file"], str):
        found["file"] = found["file"].encode()
    found["file"] = found["file"].rstrip(b"\0")
    return found


def ask(interface, mac, arch=None, vendor=b"PXEClient", ipxe=False, kind="discover", more=()):
    options = list(more)
    if arch is not None:
        options.append((93, arch.to_bytes(2, "big")))
        options.append(("vendor_class_id", vendor + b":Arch:%05d:UNDI:003016" % arch))
    if ipxe:
        options.append((175, b"\xb1\x05\x01\x1a\xf4\x10\x00"))
        options.append(("user_class", b"iPXE"))
    return offered(exchange(interface, discover(mac, options, kind)))
