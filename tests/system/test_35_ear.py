"""The ear: what firmware asks is in the timeline from its first packet on, also what nobody answers, what
others answer, and what is malformed; and the packets can be had as a pcap file."""


import pytest
from rack import RackError, packets, until
from scapy.all import BOOTP, DHCP, IP, UDP, Ether, conf, rdpcap

MAC = "52:54:00:00:00:01"
PXE = [(93, b"\0\7"), ("vendor_class_id", b"PXEClient:Arch:00007:UNDI:003016")]


def send(rack, packet, card="card"):
    with rack.net.network(), conf.L2socket(iface=card) as sock:
        sock.send(packet)


def events(rack, name="n1"):
    """[(state, text)] of the phase dhcp, oldest first."""
    boots = rack.server.api("GET", f"/v1/machines/{name}")["boots"]
    return [(event["state"], event["text"]) for boot in reversed(boots) for event in boot["events"]
            if event["phase"] == "dhcp"]


def says(rack, state, text, seconds=5):
    return until(lambda: any(event[0] == state and text in event[1] for event in events(rack)), seconds)


def foreign_offer(file=b""):
    """What another server on the segment says to our machine."""
    raw = bytes.fromhex(MAC.replace(":", ""))
    return (Ether(src="02:00:00:00:00:77", dst="ff:ff:ff:ff:ff:ff") /
            IP(src="10.9.0.77", dst="255.255.255.255") / UDP(sport=67, dport=68) /
            BOOTP(op=2, chaddr=raw, xid=9, yiaddr="10.9.0.5", file=file) /
            DHCP(options=[("message-type", "offer"), ("server_id", "10.9.0.77"), "end"]))


def test_what_is_asked_and_answered(rack, tmp_path):
    rack.card()
    rack.site["machines"] = [{"name": "n1", "mac": MAC}]
    rack.start()
    with rack.net.network():
        offer = packets.ask("card", MAC, arch=7)
    assert says(rack, "begin", "firmware (x86_64 UEFI) asks for an address"), events(rack)
    with rack.net.network():
        packets.ask("card", MAC, arch=7, kind="request",
                    more=[("requested_addr", offer["yiaddr"]), ("server_id", "10.9.0.1")])
    assert says(rack, "done", f"firmware has {offer['yiaddr']}"), events(rack)
    # a second server, a malformed option
    send(rack, foreign_offer(b"pxelinux.0"))
    assert says(rack, "wait", "another PXE server, 10.9.0.77, offers the boot file pxelinux.0"), events(rack)
    send(rack, packets.discover(MAC, [(93, b"\7"), PXE[1]]))
    assert says(rack, "wait", "option 93 (client architecture) has 1 bytes instead of 2"), events(rack)
    # all of it as a file: questions, our answers, the other server's
    path = str(tmp_path / "n1.pcap")
    rack.server.command("pcap", "n1", path)
    found = rdpcap(path)
    senders = {packet[IP].src for packet in found}
    assert {"0.0.0.0", "10.9.0.1", "10.9.0.77"} <= senders
    assert all(packet[BOOTP].chaddr[:6].hex(":") == MAC for packet in found)
    with pytest.raises(RackError, match="no such machine"):
        rack.server.command("pcap", "n9", path)


def test_what_nobody_answers(rack):
    rack.card()
    rack.site["machines"] = [{"name": "n1", "mac": MAC}]
    rack.site["dhcp"] = {}      # no pool, and no address of its own: nothing to give
    rack.start()
    for _ in range(2):
        send(rack, packets.discover(MAC, PXE))
    assert says(rack, "wait", "asked 2 times and was given no address", 15), events(rack)
    assert rack.server.api("GET", "/v1/machines/n1")["state"] == "waiting"


def test_firmware_that_ignores_proxy_offers(rack):
    """Another server leases; firmware asks port 4011 and takes nothing."""
    rack.card()
    rack.site["machines"] = [{"name": "n1", "mac": MAC}]
    rack.site["dhcp"] = {"mode": "proxy"}
    rack.start()
    with rack.net.network():
        assert packets.ask("card", MAC, arch=7)["yiaddr"] == "0.0.0.0"
    send(rack, foreign_offer())
    send(rack, packets.discover(MAC, [("server_id", "10.9.0.77"), ("requested_addr", "10.9.0.5"), *PXE],
                                "request"))
    assert says(rack, "done", "has 10.9.0.5 from the DHCP server 10.9.0.77"), events(rack)
    assert rack.server.api("GET", "/v1/machines/n1")["ip"] == "10.9.0.5"
    for _ in range(2):
        ask = packets.discover(MAC, PXE, "request")
        ask[IP].src, ask[IP].dst, ask[UDP].dport = "10.9.0.5", "10.9.0.1", 4011
        send(rack, ask)
    assert says(rack, "wait", "asked port 4011 2 times and took no file: this firmware ignores proxy offers",
                30), events(rack)
