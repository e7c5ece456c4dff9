"""Computers that are no machines of the rack: a client beside it, a router, somebody behind that.

Each is a network namespace with cards on the rack's bridges, held by a descriptor and so gone with us."""

import contextlib
import http.client
import os
import time
import urllib.parse

from .namespace import RackError

PAUSE_S = 0.1       # between two looks at what nothing tells about
PATIENCE = float(os.environ.get("RACK_PATIENCE", "1"))  # all that is waited for may take so many times as long


class Host:
    """`cards`: (bridge, address with its prefix length) each; a bridge that is not there is made."""

    def __init__(self, rack, name, cards, gateway=None):
        self.rack, self.name = rack, name
        self.folder = os.path.join(rack.folder, name)
        os.makedirs(self.folder, exist_ok=True)
        self._net = rack.net.new_network()
        self.run("ip", "link", "set", "lo", "up")
        for number, (bridge, address) in enumerate(cards):
            self._plug(bridge, f"eth{number}", address)
        if gateway:
            self.run("ip", "route", "add", "default", "via", gateway)

    def _plug(self, bridge, card, address):
        end, net = f"{self.name}.{card}", self.rack.net
        if not net.run("ip", "link", "show", bridge, check=False):
            net.run("ip", "link", "add", bridge, "type", "bridge", "stp_state", "0", "forward_delay", "0")
            net.run("ip", "link", "set", bridge, "up")
        net.run("ip", "link", "add", end, "type", "veth", "peer", "name", card,
                "netns", f"/proc/self/fd/{self._net}", fds=[self._net])
        net.run("ip", "link", "set", end, "master", bridge, "up")
        self.run("ip", "addr", "add", address, "brd", "+", "dev", card)
        self.run("ip", "link", "set", card, "up")

    def forward(self):
        """Makes it a router between its cards."""
        with self.rack.net.network(self._net), open("/proc/sys/net/ipv4/ip_forward", "w", encoding="ascii") as file:
            file.write("1")

    @property
    def network(self):
        """For what is started there by others."""
        return self._net

    def run(self, *argv, **options):
        return self.rack.net.run(*argv, network=self._net, **options)

    def start(self, *argv):
        """A program that runs on, its output in NAME/PROGRAM.log; ended by its end(), or with the rack."""
        name = os.path.basename(argv[0])
        return self.rack.net.start(name, argv, os.path.join(self.folder, f"{name}.log"), network=self._net)

    def connect(self, url, seconds):
        """A connection to a web server; the caller closes it."""
        parts = urllib.parse.urlsplit(url)
        connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=seconds)
        with self.rack.net.network(self._net):
            connection.connect()
        return connection

    def get(self, url, seconds=1.0):
        """(status, body) of a web page, or None where there is no answer within the time."""
        try:
            connection = self.connect(url, seconds)
        except OSError:
            return None
        try:
            connection.request("GET", urllib.parse.urlsplit(url).path or "/", headers={"Connection": "close"})
            answer = connection.getresponse()
            return answer.status, answer.read().decode(errors="replace")
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def wait_get(self, url, timeout=60):
        """Asks until there is an answer; returns (seconds it took, body)."""
        began = time.monotonic()
        found = look(lambda: self.get(url), timeout, f"{self.name} to be answered by {url}")
        return time.monotonic() - began, found[1]

    def neighbour(self, address):
        """The MAC address that answered ARP for an address, None where nobody did."""
        words = self.run("ip", "neigh", "show", "to", address).split()
        return words[words.index("lladdr") + 1] if "lladdr" in words else None

    def forget(self, address):
        """Asks ARP anew at the next packet."""
        self.run("ip", "neigh", "flush", "to", address)

    def close(self):
        with contextlib.suppress(OSError):
            os.close(self._net)


def until(found, seconds=20):
    """Whether found() becomes true in time; it is asked again and again."""
    deadline = time.monotonic() + seconds * PATIENCE
    while time.monotonic() < deadline:
        if found():
            return True
        time.sleep(PAUSE_S)
    return False


def look(found, seconds, what, pause=PAUSE_S):
    """What found() returns once it is true; for what happens where nobody tells us."""
    deadline = time.monotonic() + seconds * PATIENCE
    while True:
        result = found()
        if result:
            return result
        if time.monotonic() > deadline:
            raise RackError(f"waited {seconds * PATIENCE:.0f} s for {what}")
        time.sleep(pause)
