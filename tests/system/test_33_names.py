"""The server knows every name of its site, follows addresses, and never lets a resolver wait."""


from rack import dns, packets, until
from rack.dns import NOERROR, NXDOMAIN

N1, N3 = "52:54:00:00:00:01", "52:54:00:00:00:03"
MACHINES = [{"name": "n1", "mac": N1},
            {"name": "n2", "mac": "52:54:00:00:00:02", "address": "10.9.0.12"},
            {"name": "n3", "mac": N3}]

UPSTREAM = """
import socket
from scapy.layers.dns import DNS, DNSRR
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("10.9.0.254", 53))
print("ready", flush=True)
while True:
    packet, client = sock.recvfrom(4096)
    ask = DNS(packet)
    sock.sendto(bytes(DNS(id=ask.id, qr=1, qd=ask.qd, an=DNSRR(rrname=ask.qd.qname, rdata="192.0.2.7"))), client)
"""


def lease(rack, mac):
    """As firmware does: offer, request; the address."""
    with rack.net.network():
        offer = packets.ask("card", mac, arch=7)
        answer = packets.ask("card", mac, arch=7, kind="request",
                          more=[("requested_addr", offer["yiaddr"]), ("server_id", "10.9.0.1")])
    return answer["yiaddr"]


def test_names_of_a_site_without_uplink(rack):
    rack.card()
    rack.site["machines"] = MACHINES
    rack.start()
    for name, addresses in (("boot", ["10.9.0.1"]), ("n2", ["10.9.0.12"])):
        assert dns.ask(rack, f"{name}.test.internal")[:2] == (NOERROR, addresses)
    n1, n3 = lease(rack, N1), lease(rack, N3)
    assert dns.ask(rack, "n3.test.internal")[:2] == (NOERROR, [n3])
    assert dns.ask(rack, "n3")[:2] == (NOERROR, [n3])
    assert dns.ask(rack, dns.reverse(n3), "PTR")[:2] == (NOERROR, ["n3.test.internal"])
    # the first machine is the control plane, wherever its lease put it
    assert until(lambda: dns.ask(rack, "api.test.internal")[:2] == (NOERROR, [n1]))
    assert dns.ask(rack, "n1.test.internal")[:2] == (NOERROR, [n1])
    assert dns.ask(rack, dns.reverse(n1), "PTR")[:2] == (NOERROR, ["n1.test.internal"])
    # what is not there is said not to be there, at once
    for name, kind in (("n9.test.internal", "A"), ("debian.org", "A"), ("debian.org", "AAAA"),
                       ("debian.org", "MX"), ("nothing", "A"), (dns.reverse("192.0.2.1"), "PTR")):
        rcode, found, took = dns.ask(rack, name, kind)
        assert (rcode, found) == (NXDOMAIN, []), name
        assert took < 0.5, name
    assert dns.ask(rack, "n2.test.internal", "AAAA")[:2] == (NOERROR, [])


def test_other_names_are_asked_of_the_uplink(rack, tmp_path):
    rack.net.run("ip", "addr", "add", "10.9.0.254/32", "dev", rack.card())
    log = tmp_path / "upstream.log"
    rack.net.start("upstream", ["/usr/bin/python3", "-c", UPSTREAM], str(log))
    assert until(lambda: "ready" in log.read_text()), log.read_text()
    rack.site["machines"] = MACHINES
    rack.site["dns"] = {"forward": ["10.9.0.254"]}
    rack.start()
    assert dns.ask(rack, "debian.org")[:2] == (NOERROR, ["192.0.2.7"])
    # the site's own are not
    assert dns.ask(rack, "n9.test.internal")[:2] == (NXDOMAIN, [])
    assert dns.ask(rack, "n2.test.internal")[:2] == (NOERROR, ["10.9.0.12"])
    assert dns.ask(rack, "n2")[:2] == (NOERROR, ["10.9.0.12"])


def test_names_where_another_server_leases(rack):
    """A proxy knows no lease: a machine's name leads where it was seen asking for its script."""
    rack.site["machines"] = MACHINES
    rack.site["dhcp"] = {"mode": "proxy"}
    rack.start()
    assert dns.ask(rack, "n1.test.internal")[:2] == (NXDOMAIN, [])
    for address in ("10.9.0.77", "10.9.0.78"):      # it is given another one, later
        rack.net.run("ip", "addr", "add", f"{address}/24", "dev", "br0")
        rack.net.run("curl", "-s", "-m", "5", "--interface", address,
                     f"http://10.9.0.1/v1/boot?mac={N1}&arch=x86_64&platform=efi")
        for name in ("n1", "api"):
            assert until(lambda: dns.ask(rack, f"{name}.test.internal")[1] == [address]), (name, address)
