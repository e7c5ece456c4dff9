"""What stands around a rack: a client beside it, a router to the rest of the world, and somebody there."""

import copy

ROUTER, ROUTER_ASN, NODES_ASN = "10.9.0.254", 64512, 64513
COMMUNITY = f"{NODES_ASN}:100"
RACK = "r1"         # the name under which the site file knows the rack


class Around:
    """`client`, `router` and `far`; the rack's machines are led by the router.  Made before the server starts."""

    def __init__(self, rack):
        self.client = rack.host("client", ("br0", "10.9.0.50/24"))
        self.router = rack.router("router", ("br0", f"{ROUTER}/24"), ("br1", "192.0.2.1/24"),
                                  asn=ROUTER_ASN, nodes_asn=NODES_ASN)
        self.far = rack.host("far", ("br1", "192.0.2.2/24"), gateway="192.0.2.1")
        rack.site["dhcp"]["gateway"] = ROUTER
        rack.site["racks"] = [{"name": RACK}]


def by_bgp(site, pool):
    """The site file that announces the addresses of `pool`, and no others, to the router."""
    changed = copy.deepcopy(site)
    changed["racks"] = [{"name": RACK, "router": {"address": ROUTER, "asn": ROUTER_ASN}}]
    changed["load-balancer"] = {"announce": "bgp", "asn": NODES_ASN, "communities": [COMMUNITY],
                                "pools": [{"name": "far", "addresses": pool}]}
    return changed
