"""UEFI x86_64, recipe tiny: from power-on to a signed healthy in under 40 s, by three processes."""

from steps import healthy, in_order, one_lease

import rack as racks


def test_uefi_tiny(rack):
    n1 = rack.machine("n1", "uefi")
    rack.start("tiny")
    n1.power_on()
    took = n1.seconds(healthy(rack, n1))
    assert took < 40 * rack.patience
    in_order(rack, n1, "dhcp", "script", "kernel", "initrd", "stage1", "facts", "enrol", "healthy")
    one_lease(rack, n1)
    names = set(racks.pss_kib(rack.server.process.pid))
    assert {"bootserver keeper", "bootserver engine", "bootserver web", "dnsmasq"} <= names
