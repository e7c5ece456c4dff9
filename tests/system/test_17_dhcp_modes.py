"""Real firmware in each DHCP mode, from power-on to healthy: PXE where another server leases, UEFI HTTP Boot where
dnsmasq can offer it, and where a Kea does that was told by `export dhcp`."""

from steps import healthy, in_order

from rack import foreign

FAR = {"subnet": "10.8.0.0/24", "range": "10.8.0.100-10.8.0.199", "gateway": "10.8.0.254"}
BOOTED = ("dhcp", "ipxe", "script", "kernel", "initrd", "stage1", "facts", "enrol", "healthy")


def boot(rack, network, *machines):
    """All at once; each gets an address of that network, and none was told of a server too many."""
    for machine in machines:
        machine.power_on()
    for machine in machines:
        healthy(rack, machine)
        in_order(rack, machine, *BOOTED)
        assert rack.server.api("GET", f"/v1/machines/{machine.name}")["ip"].startswith(network)
        assert not machine.http or rack.events(machine, "tftp") == []
        assert not any("another" in (event.get("text") or "") for event in rack.events(machine))


def test_http_boot(rack):
    n1, n3 = rack.machine("n1", "uefi", http=True), rack.machine("n3", "arm64", http=True)
    rack.start("tiny")
    boot(rack, "10.9.0.1", n1, n3)


def test_http_boot_behind_a_relay(rack):
    n1 = rack.machine("n1", "uefi", http=True, bridge="far")
    n3 = rack.machine("n3", "arm64", http=True, bridge="far")
    foreign.relay(rack)
    rack.site["dhcp"] = {"mode": "relay", "networks": [FAR]}
    rack.start("tiny")
    boot(rack, "10.8.0.1", n1, n3)


def test_proxy(rack):
    kinds = ("bios", "uefi", "arm64")
    machines = [rack.machine(f"n{number}", kind) for number, kind in enumerate(kinds, 1)]
    rack.site["dhcp"] = {"mode": "proxy"}
    rack.start("tiny")
    foreign.kea(rack)
    boot(rack, "10.9.0.5", *machines)


def test_none(rack):
    n1, n2 = rack.machine("n1", "bios"), rack.machine("n2", "uefi", http=True)
    rack.site["dhcp"] = {"mode": "none"}
    rack.start("tiny")
    foreign.kea(rack, rack.server.command("export", "dhcp", "kea"))
    boot(rack, "10.9.0.5", n1, n2)
