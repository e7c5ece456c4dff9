"""DHCP as sites have it: machines behind a router with a relay agent, and a site whose own DHCP server (Kea)
points here."""

import time

import pytest

from rack import dns, foreign, packets, until
from scapy.all import IP, BOOTP, DHCP, UDP, Ether, conf

FAR = "52:54:00:00:00:11"
RESERVED = "52:54:00:00:00:12"
NETWORKS = [{"subnet": "10.8.0.0/24", "range": "10.8.0.100-10.8.0.199", "gateway": "10.8.0.254"}]
OFFERS = [
    ({"arch": 0}, b"undionly.kpxe"),
    ({"arch": 7}, b"snponly.efi"),
    ({"arch": 11}, b"ipxe-arm64.efi"),
    ({"arch": 16, "vendor": b"HTTPClient"}, b"http://10.9.0.1/ipxe/snponly.efi"),
    ({"arch": 19, "vendor": b"HTTPClient"}, b"http://10.9.0.1/ipxe/ipxe-arm64.efi"),
    ({"arch": 0, "ipxe": True}, b"autoexec.ipxe"),
    ({"arch": 7, "ipxe": True}, b"nic.ipxe"),
]


def told(rack, name):
    boots = rack.server.api("GET", f"/v1/machines/{name}")["boots"]
    return [(event["state"], event["text"]) for boot in boots for event in boot["events"]]


def ask(rack, *args, card="behind", **options):
    with rack.net.network():
        return packets.ask(card, *args, **options)


@pytest.mark.parametrize("mode", ["relay", "authoritative"])
def test_machines_behind_a_relay(rack, mode):
    foreign.relay(rack)
    rack.card()
    rack.card("behind", "far")
    rack.site["machines"] = [{"name": "far1", "mac": FAR},
                             {"name": "far2", "mac": RESERVED, "address": "10.8.0.12"}]
    rack.site["dhcp"] = {"mode": mode, "networks": NETWORKS}
    if mode == "authoritative":
        rack.site["dhcp"]["range"] = "10.9.0.100-10.9.0.199"
    rack.start()
    for number, (says, file) in enumerate(OFFERS):
        offer = ask(rack, f"52:54:00:08:00:{number:02x}", **says)
        assert offer is not None, says
        assert offer["file"] == file and offer["yiaddr"].startswith("10.8.0."), says
        assert offer["router"] == "10.8.0.254" and offer["subnet_mask"] == "255.255.255.0"
        assert offer["NTP_server"] == offer["name_server"] == "10.9.0.1"
        if says.get("vendor") == b"HTTPClient":
            assert offer["vendor_class_id"].startswith(b"HTTPClient")
    assert ask(rack, RESERVED, arch=7)["yiaddr"] == "10.8.0.12"
    offer = ask(rack, FAR, arch=7)
    ask(rack, FAR, arch=7, kind="request",
        more=[("requested_addr", offer["yiaddr"]), ("server_id", offer["server_id"])])
    assert until(lambda: any("through relay 10.8.0.254" in text for _, text in told(rack, "far1")))
    assert until(lambda: ("done", f"firmware has {offer['yiaddr']}") in told(rack, "far1"))
    assert dns.ask(rack, "far1.test.internal")[:2] == (dns.NOERROR, [offer["yiaddr"]])
    # on the server's own segment
    near = ask(rack, "52:54:00:01:00:01", card="card", arch=7)
    if mode == "relay":
        assert near is None
    else:
        assert near["yiaddr"].startswith("10.9.0.") and "router" not in near


def test_the_circuit_of_a_relay_is_recorded(rack):
    """Option 82, by a packet as a switch relays it; and a relay of a network that the site does not have."""
    rack.card()
    rack.site["machines"] = [{"name": "far1", "mac": FAR}]
    rack.site["dhcp"] = {"mode": "relay", "networks": NETWORKS}
    rack.start()
    raw = bytes.fromhex(FAR.replace(":", ""))
    server = rack.net.run("cat", "/sys/class/net/br0/address").strip()

    def relayed(giaddr):
        packet = (Ether(src="02:00:00:00:00:fe", dst=server) / IP(src="10.9.0.254", dst="10.9.0.1") /
                  UDP(sport=67, dport=67) / BOOTP(chaddr=raw, xid=5, hops=1, giaddr=giaddr) /
                  DHCP(options=[("message-type", "discover"), (93, b"\0\7"),
                                ("vendor_class_id", b"PXEClient:Arch:00007"),
                                (82, b"\x01\x08ge-0/0/3\x02\x02\x00\x01"), "end"]))
        with rack.net.network(), conf.L2socket(iface="card") as sock:
            sock.send(packet)
    relayed("10.8.0.254")
    text = "firmware (x86_64 UEFI) asks for an address, through relay 10.8.0.254 (circuit ge-0/0/3, remote 0001)"
    assert until(lambda: ("begin", text) in told(rack, "far1")), told(rack, "far1")
    for _ in range(2):
        relayed("10.6.0.254")
    assert until(lambda: any("relay 10.6.0.254, which is in no network of the site" in text
                             for _, text in told(rack, "far1"))), told(rack, "far1")


def dnsmasq(rack, settings):
    """Somebody's dnsmasq in Kea's place."""
    host = rack.host("dnsmasq", ("br0", "10.9.0.77/24"))
    lines = [line for line in settings.splitlines() if not line.startswith("#")]
    foreign.dnsmasq(rack, *lines, network=host.network, pool="10.9.0.50,10.9.0.60,255.255.255.0")


SERVERS = {"kea": foreign.kea, "isc": foreign.isc, "dnsmasq": dnsmasq}


@pytest.mark.parametrize("kind", SERVERS)
def test_another_server_points_here(rack, kind):
    """`export dhcp` in real servers: each kind of firmware is told what our own dnsmasq would tell it."""
    rack.card()
    rack.site["dhcp"] = {"mode": "none"}
    rack.site["machines"] = [{"name": "n1", "mac": FAR}]
    rack.start()
    SERVERS[kind](rack, rack.server.command("export", "dhcp", kind))
    for number, (says, file) in enumerate(OFFERS):
        offer = ask(rack, f"52:54:00:07:00:{number:02x}", card="card", **says)
        assert offer is not None, says
        assert (offer["server_id"], offer["file"]) == ("10.9.0.77", file), says
        if says.get("vendor") == b"HTTPClient":
            assert offer["vendor_class_id"].startswith(b"HTTPClient")
    # the timeline knows who gave the address, and names lead there
    offer = ask(rack, FAR, card="card", arch=7)
    ask(rack, FAR, card="card", arch=7, kind="request",
        more=[("requested_addr", offer["yiaddr"]), ("server_id", "10.9.0.77")])
    text = f"firmware (x86_64 UEFI) has {offer['yiaddr']} from the DHCP server 10.9.0.77"
    assert until(lambda: ("done", text) in told(rack, "n1")), told(rack, "n1")
    assert not any("another" in text for _, text in told(rack, "n1"))
    assert until(lambda: dns.ask(rack, "n1.test.internal")[1] == [offer["yiaddr"]])


def test_beside_kea(rack):
    """Proxy: Kea gives the addresses, this server what to boot."""
    rack.card()
    rack.site["dhcp"] = {"mode": "proxy"}
    rack.site["machines"] = [{"name": "n1", "mac": FAR}]
    rack.start()
    foreign.kea(rack)
    found = {}
    packet = packets.discover(FAR, [(93, b"\0\7"), ("vendor_class_id", b"PXEClient:Arch:00007:UNDI:003016")])
    with rack.net.network(), conf.L2socket(iface="card") as sock:
        sock.send(packet)
        deadline = time.monotonic() + 5
        while len(found) < 2 and time.monotonic() < deadline:
            answer = sock.recv()
            if answer is not None and BOOTP in answer and answer[BOOTP].op == 2:
                offer = packets.offered(answer)
                found[offer["server_id"]] = offer
    assert found["10.9.0.77"]["yiaddr"].startswith("10.9.0.5") and not found["10.9.0.77"]["file"]
    assert found["10.9.0.1"]["yiaddr"] == "0.0.0.0"
    assert found["10.9.0.1"]["vendor_class_id"].startswith(b"PXEClient")
    assert not any("another" in text for _, text in told(rack, "n1"))
