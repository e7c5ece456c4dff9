"""A DHCP client of one lease, as firmware and iPXE are: RFC 2131, options of RFC 2132 and RFC 4578."""

import ipaddress
import os
import socket
import struct
import time

MAGIC = b"\x63\x82\x53\x63"
DISCOVER, OFFER, REQUEST, ACK = 1, 2, 3, 5
MASK, ROUTER, DNS, WISH, TYPE, SERVER, PARAMETERS, VENDOR, USER, ARCH, UUID = 1, 3, 6, 50, 53, 54, 55, 60, 77, 93, 97
FIRMWARE = {VENDOR: b"PXEClient:Arch:00000:UNDI:002001"}
IPXE = {VENDOR: b"PXEClient:Arch:00000:UNDI:002001", USER: b"iPXE"}


class Lease:
    def __init__(self, reply, options):
        self.ip, self.server = (socket.inet_ntoa(reply[at:at + 4]) for at in (16, 20))
        self.mask, self.router, self.dns = (socket.inet_ntoa(options[code][:4]) if code in options else ""
                                            for code in (MASK, ROUTER, DNS))
        self.prefix = ipaddress.ip_network(f"0.0.0.0/{self.mask}").prefixlen


def lease(card, mac, uuid, who, seconds=60):
    """Asks until there is an answer: the usual four messages, from the card that has no address yet."""
    deadline = time.monotonic() + seconds
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, card.encode())
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("", 68))
        sock.settimeout(2)
        while time.monotonic() < deadline:
            xid = os.urandom(4)
            offer = _ask(sock, xid, mac, DISCOVER, OFFER, {**who, **_of_machine(uuid)})
            if not offer:
                continue
            wish = {WISH: offer[0][16:20], SERVER: offer[1][SERVER]}
            ack = _ask(sock, xid, mac, REQUEST, ACK, {**who, **_of_machine(uuid), **wish})
            if ack:
                return Lease(*ack)
    raise TimeoutError(f"no DHCP server answers on {card}")


def _of_machine(uuid):
    return {ARCH: b"\0\0", UUID: b"\0" + uuid.bytes_le, PARAMETERS: bytes((MASK, ROUTER, DNS, 66, 67))}


def _ask(sock, xid, mac, kind, wanted, options):
    message = struct.pack("!BBBB4sHH16x6s202x4s", 1, 1, 6, 0, xid, 0, 0x8000,
                          bytes.fromhex(mac.replace(":", "")), MAGIC)
    for code, value in {TYPE: bytes((kind,)), **options}.items():
        message += bytes((code, len(value))) + value
    sock.sendto(message + b"\xff", ("255.255.255.255", 67))
    try:
        while True:
            reply = sock.recv(2048)
            found = _options(reply[240:])
            if reply[4:8] == xid and found.get(TYPE) == bytes((wanted,)):
                return reply, found
    except TimeoutError:
        return None


def _options(data):
    found, at = {}, 0
    while at + 1 < len(data) and data[at] != 255:
        if data[at] == 0:
            at += 1
            continue
        found[data[at]] = data[at + 2:at + 2 + data[at + 1]]
        at += 2 + data[at + 1]
    return found
