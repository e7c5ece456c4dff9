"""An NTP client of a few lines (RFC 5905, 7.3): what time does a server give?"""

import socket
import struct
import time

EPOCH = 2208988800      # seconds from 1900 to 1970


def ask(rack, server="10.9.0.1", seconds=1):
    """(stratum, seconds it is ahead of this host's clock); None when nobody answers."""
    with rack.net.network():
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with sock:
        sock.settimeout(seconds)
        sock.sendto(b"\x23".ljust(48, b"\0"), (server, 123))
        try:
            answer = sock.recv(100)
        except OSError:
            return None
    now = time.time()
    whole, part = struct.unpack("!II", answer[40:48])
    return (answer[1], whole - EPOCH + part / 2**32 - now) if answer[0] & 7 == 4 else None
