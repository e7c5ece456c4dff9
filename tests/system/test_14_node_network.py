"""Node networks inside a guest: two cards become an LACP bond that keeps the lease, a VLAN lies on it, a third card
has an address, an MTU and a route; the switch that answers the bond gets both its ports; a pulled cable is borne."""

import json

from steps import EDGE_HEALTHY, healthy, identify, login_key, one_lease, ssh

from rack import look
from rack.tags import PARTNER, arp_tagged, lacp_partner

VLAN = 20
NOBODY = "00:00:00:00:00:00"


def interfaces(rack, machine, key):
    """The guest's interfaces as `ip` tells them: by name."""
    told = ssh(rack, machine, key, "root", "ip", "-details", "-json", "address")
    return {link["ifname"]: link for link in json.loads(told)}


def addresses(link):
    return [f"{one['local']}/{one['prefixlen']}" for one in link["addr_info"] if one["family"] == "inet"]


def aggregated(rack, machine, key):
    """(how many ports its bond uses, with whom) as its kernel tells it."""
    folder = "/sys/class/net/bond0/bonding"
    return tuple(ssh(rack, machine, key, "root", "cat", f"{folder}/ad_num_ports", f"{folder}/ad_partner_mac").split())


def test_bond_vlan_and_cards(rack):
    n1 = rack.machine("n1", "uefi", memory=2048, cpus=2, cards=["virtio-1g"] * 3, boot_card=0)
    rack.site["machines"][0]["network"] = [
        {"name": "bond0", "bond": ["boot", n1.macs[1]], "mtu": 1400},
        {"name": "store", "vlan": VLAN, "over": "bond0", "mtu": 1300, "addresses": "10.20.0.11/24"},
        {"name": "back", "nic": n1.macs[2], "mtu": 1450, "addresses": "10.30.0.11/24",
         "routes": [{"to": "10.40.0.0/16", "via": "10.30.0.1"}]}]
    key = login_key(rack)
    rack.start("base", archs=["amd64"])
    n1.power_on()
    healthy(rack, n1, EDGE_HEALTHY)

    # The agent has spoken through the bond: with the lease that the card was given before.
    one_lease(rack, n1)
    found = rack.server.api("GET", "/v1/machines/n1")
    links = interfaces(rack, n1, key)
    bond, store = links["bond0"], links["store"]
    assert addresses(bond) == [f"{found['ip']}/24"]
    assert (bond["address"], bond["mtu"]) == (n1.macs[0], 1400)
    assert bond["linkinfo"]["info_data"]["mode"] == "802.3ad"
    members = {link.get("permaddr", link["address"]): link for link in links.values() if link.get("master") == "bond0"}
    assert set(members) == set(n1.macs[:2])
    assert all(addresses(link) == [] for link in members.values()), members
    assert (store["link"], store["linkinfo"]["info_data"]["id"], store["mtu"]) == ("bond0", VLAN, 1300)
    assert addresses(store) == ["10.20.0.11/24"]
    back = next(link for link in links.values() if link["address"] == n1.macs[2])
    assert (addresses(back), back["mtu"]) == (["10.30.0.11/24"], 1450)
    assert "10.40.0.0/16 via 10.30.0.1" in ssh(rack, n1, key, "root", "ip", "route")
    nics = found["facts"]["nics"]
    assert {nic["mac"]: nic["boot"] for nic in nics} == dict(zip(n1.macs, (True, False, False)))

    # All of the bond have one address: whose lights are asked for is told by the facts.
    assert f"its network card {members[n1.macs[0]]['ifname']} cannot blink" in identify(rack, n1)

    # Nobody answers its LACP: it uses one port, as firmware did.  The VLAN's address answers in its VLAN, and nowhere
    # else.
    wire = rack.card()
    assert arp_tagged(rack, wire, "10.20.0.11", VLAN) == (VLAN, n1.macs[0])
    assert arp_tagged(rack, wire, "10.20.0.11", VLAN + 1, seconds=2) is None
    assert aggregated(rack, n1, key)[1] == NOBODY

    with lacp_partner(rack, [f"tap{n1.number}.{card}" for card in (0, 1)]):
        look(lambda: aggregated(rack, n1, key) == ("2", PARTNER), 60, "both ports to be one with the switch's")
        assert arp_tagged(rack, wire, "10.20.0.11", VLAN) == (VLAN, n1.macs[0])

        # The cable of the card that it booted by is pulled: the other one carries on.
        n1.qmp("set_link", name="net0", up=False)
        look(lambda: aggregated(rack, n1, key) == ("1", PARTNER), 60, "the bond to go on with one port")
        name = members[n1.macs[0]]["ifname"]
        assert ssh(rack, n1, key, "root", "cat", f"/sys/class/net/{name}/operstate") == "down\n"
        assert rack.server.api("GET", "/v1/machines/n1")["state"] == "healthy"
        n1.qmp("set_link", name="net0", up=True)
        look(lambda: aggregated(rack, n1, key) == ("2", PARTNER), 60, "the port to come back")
