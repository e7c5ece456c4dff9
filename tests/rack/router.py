"""The rack's BGP router: BIRD on a host of its own, told no more of the nodes than their subnet."""

import os
import re

from .outside import Host, look

# A hold time that a test can wait for; the shorter of two speakers' wins (RFC 4271, 4.2).
CONFIG = """router id {address};
log "{folder}/bird.log" all;
protocol device {{ }}
protocol kernel {{ ipv4 {{ import none; export all; }}; merge paths on; }}
protocol bgp nodes {{
	local {address} as {asn};
	neighbor range {subnet} as {nodes_asn};
	dynamic name "node";
	hold time 9;
	ipv4 {{ import all; export none; }};
}}
"""


class Router(Host):
    """`asn` its own AS number, `nodes_asn` that of the nodes; its first card is the rack's."""

    def __init__(self, rack, name, cards, asn, nodes_asn):
        super().__init__(rack, name, cards)
        address = cards[0][1].partition("/")[0]
        self.forward()
        config, self._socket = os.path.join(self.folder, "bird.conf"), os.path.join(self.folder, "bird.ctl")
        with open(config, "w", encoding="ascii") as file:
            file.write(CONFIG.format(address=address, asn=asn, nodes_asn=nodes_asn, folder=self.folder,
                                     subnet=self._subnet(cards[0][1])))
        self.start("/usr/sbin/bird", "-f", "-c", config, "-s", self._socket, "-P", os.path.join(self.folder, "pid"))
        look(lambda: os.path.exists(self._socket), 10, "BIRD to start")

    def _subnet(self, address):
        return next(word for word in self.run("ip", "-4", "route", "show", "dev", "eth0").split() if "/" in word)

    def ask(self, *words):
        """What birdc says; a network that is not found is a failure to it."""
        return self.run("/usr/sbin/birdc", "-s", self._socket, *words, check=False)

    def next_hops(self, prefix):
        """The nodes' addresses by which a route is known."""
        return set(re.findall(r"via ([\d.]+) on", self.ask("show", "route", prefix)))

    def communities(self, prefix):
        """The BGP communities of the route, as «64512:100»."""
        found = re.search(r"BGP.community: (.*)", self.ask("show", "route", prefix, "all"))
        return [f"{a}:{b}" for a, b in re.findall(r"\((\d+),(\d+)\)", found[1])] if found else []
