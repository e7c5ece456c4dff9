"""A resolver of a few lines: what does a name server say, and how soon?"""

import socket
import time

from scapy.layers.dns import DNS, DNSQR

NOERROR, NXDOMAIN = 0, 3


def ask(rack, name, kind="A", server="10.9.0.1", seconds=2, network=None):
    """(rcode, [answers], seconds), asked from the rack's network or another one; rcode None when nobody answers."""
    with rack.net.network(network):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with sock:
        sock.settimeout(seconds)
        began = time.monotonic()
        try:
            sock.sendto(bytes(DNS(id=7, rd=1, qd=DNSQR(qname=name, qtype=kind))), (server, 53))
            answer = DNS(sock.recv(4096))
        except OSError:     # in time, or at all
            return None, [], time.monotonic() - began
    took = time.monotonic() - began
    found = [answer.an[number].rdata for number in range(answer.ancount)]
    found = [each.decode().rstrip(".") if isinstance(each, bytes) else each for each in found]
    return answer.rcode, sorted(found), took


def reverse(address):
    return ".".join(reversed(address.split("."))) + ".in-addr.arpa"
