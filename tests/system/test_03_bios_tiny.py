"""BIOS x86_64, recipe tiny: it is our undionly.kpxe that asks for the script, not the card's own iPXE."""

import re

from steps import healthy, in_order, one_lease


def test_bios_tiny(rack):
    n2 = rack.machine("n2", "bios")
    rack.start("tiny")
    n2.power_on()
    healthy(rack, n2)
    in_order(rack, n2, "dhcp", "script", "kernel", "initrd", "stage1", "facts", "enrol", "healthy")
    one_lease(rack, n2)

    # The card's ROM shows its banner first; the one after «loading ours» is another iPXE's.
    before, _, after = n2.console.partition("loading ours, ")
    rom = re.search(r"iPXE (\d\S*)", before)
    ours = re.search(r"iPXE (\d\S*) -- Open Source", after)
    assert rom and ours, n2.console
    assert rom.group(1) != ours.group(1)
    assert after.startswith(ours.group(1)), "the binary that was loaded is not the one that was promised"
