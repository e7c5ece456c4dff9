"""Network cards other than virtio, and machines with two of them."""

import pytest

from steps import healthy, one_lease


@pytest.mark.parametrize("firmware, card", [("uefi", "e1000e"), ("bios", "vmxnet3")])
def test_card(rack, firmware, card):
    n1 = rack.machine("n1", firmware, cards=[card])
    rack.start("tiny")
    n1.power_on()
    healthy(rack, n1)
    one_lease(rack, n1)
    nics = rack.server.api("GET", "/v1/machines/n1")["facts"]["nics"]
    assert [(nic["driver"], nic["boot"]) for nic in nics] == [(card, True)]


def test_two_cards(rack):
    """It boots by its second card; the first gets no address and the facts know which is which."""
    n1 = rack.machine("n1", "uefi", cards=["virtio", "virtio"], boot_card=1, listed={"mac": "52:54:00:01:00:01"})
    rack.start("tiny")
    n1.power_on()
    healthy(rack, n1)
    one_lease(rack, n1)
    assert rack.leases()[0][0] == n1.macs[1]
    nics = rack.server.api("GET", "/v1/machines/n1")["facts"]["nics"]
    assert {nic["mac"]: nic["boot"] for nic in nics} == {n1.macs[0]: False, n1.macs[1]: True}
