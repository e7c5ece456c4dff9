"""DHCP as sites have it: machines behind a router with a relay agent, and a site whose own DHCP server (Kea)
points here."""

import os
import time

import pytest

from rack import dns, foreign, packets
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


def until(what, seconds=15):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if what():
            return True
        time.sleep(0.1)
    return False


def told(rack, name):
    boots = rack.server.api("GET", f"/v1/machines/{name}")["boots"]
    return [(event["state"], event["text"]) for boot in boots for event in boot["events"]]


@pytest.fixture
def routed(rack, tmp_path):
    """A router in a namespace of its own between the server's segment and the machines', whose relay agent
    is dnsmasq's; `far` is a card on the machines' segment."""
    run = rack.net.run
    rack.card("card")
    for words in ("link add far type veth peer name far.plug", "link set far up",
                  "link add wan type veth peer name wan.plug", "link set wan.plug master br0 up"):
        run("ip", *words.split())
    router = rack.net.new_network()
    for words in ("link set wan netns", "link set far.plug netns"):
        run("ip", *words.split(), f"/proc/self/fd/{router}", fds=(router,))
    for words in ("link set lo up", "addr add 10.9.0.254/24 dev wan", "link set wan up",
                  "addr add 10.8.0.254/24 dev far.plug", "link set far.plug up"):
        run("ip", *words.split(), network=router)
    run("sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward", network=router)
    run("ip", "route", "add", "10.8.0.0/24", "via", "10.9.0.254")
    rack.net.start("relay", ["dnsmasq", "--keep-in-foreground", "--port=0", "--log-facility=-",
                             "--log-dhcp", "--conf-file=/dev/null", "--user=root", "--pid-file=",
                             "--dhcp-relay=10.8.0.254,10.9.0.1"], str(tmp_path / "relay.log"), network=router)
    assert until(lambda: ":67 " in run("ss", "-Hlun", network=router))
    yield rack
    os.close(router)


def ask(rack, *args, card="far", **options):
    with rack.net.network():
        return packets.ask(card, *args, **options)


@pytest.mark.parametrize("mode", ["relay", "authoritative"])
def test_machines_behind_a_relay(routed, mode):
    rack = routed
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


def kea_of(classes=""):
    return ('{"Dhcp4": {"interfaces-config": {"interfaces": ["kea"]}, "valid-lifetime": 600,\n'
            '"lease-database": {"type": "memfile", "persist": false},\n'
            '"subnet4": [{"id": 1, "subnet": "10.9.0.0/24", "pools": [{"pool": "10.9.0.50 - 10.9.0.60"}]}]'
            + (",\n" if classes else "") + classes + "}}\n")


@pytest.fixture
def kea(rack):
    """Starts Kea with further settings, as a machine of its own on the server's segment: 10.9.0.77."""
    network = rack.net.new_network()
    rack.card("card")
    rack.net.run("ip", "link", "set", rack.card("kea"), "netns", f"/proc/self/fd/{network}", fds=(network,))
    for words in ("link set lo up", "link set kea up", "addr add 10.9.0.77/24 dev kea"):
        rack.net.run("ip", *words.split(), network=network)

    def start(settings=""):
        log = foreign.kea(rack, "kea", kea_of(settings), network)
        assert until(lambda: (ask(rack, "52:54:00:07:00:99", card="card") or {}).get("server_id") ==
                     "10.9.0.77"), open(log, encoding="utf-8").read()
    yield start
    os.close(network)


def test_kea_points_here(rack, kea):
    """`export dhcp kea` in a real Kea: each kind of firmware is told what our own dnsmasq would tell it."""
    rack.site["dhcp"] = {"mode": "none"}
    rack.site["machines"] = [{"name": "n1", "mac": FAR}]
    rack.start()
    kea(rack.server.command("export", "dhcp", "kea"))
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


def test_beside_kea(rack, kea):
    """Proxy: Kea gives the addresses, this server what to boot."""
    rack.site["dhcp"] = {"mode": "proxy"}
    rack.site["machines"] = [{"name": "n1", "mac": FAR}]
    rack.start()
    kea()
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
