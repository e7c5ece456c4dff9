"""UEFI ARM64, recipe tiny: the same boot with another firmware, iPXE and kernel."""

from steps import healthy, in_order, one_lease


def test_arm64_tiny(rack):
    n3 = rack.machine("n3", "arm64")
    rack.start("tiny")
    n3.power_on()
    healthy(rack, n3)
    in_order(rack, n3, "dhcp", "script", "kernel", "initrd", "stage1", "facts", "enrol", "healthy")
    one_lease(rack, n3)
