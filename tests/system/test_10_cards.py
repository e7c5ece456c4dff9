"""Network cards other than virtio, and machines with two of them."""

import os
import re

import pytest

from steps import healthy, identify, one_lease, orders

LEDCTL, LED_ON, LED_OFF = 0xe00, 0xe, 0xf       # Intel 82574's data sheet, 10.2: the register, and two modes


def third_light(machine):
    """The modes that the driver gave the third light of an e1000e, as QEMU traces its registers."""
    with open(os.path.join(machine.folder, "qemu.log"), encoding="utf-8", errors="replace") as file:
        values = re.findall(rf"e1000e_core_write .*register 0x{LEDCTL:x},.*value: 0x([0-9a-f]+)", file.read())
    return [int(value, 16) >> 16 & 0xf for value in values]


@pytest.mark.parametrize("firmware, card", [("uefi", "e1000e"), ("bios", "vmxnet3")])
def test_card(rack, firmware, card):
    n1 = rack.machine("n1", firmware, cards=[card])
    rack.start("tiny")
    n1.power_on()
    healthy(rack, n1)
    one_lease(rack, n1)
    nics = rack.server.api("GET", "/v1/machines/n1")["facts"]["nics"]
    assert [(nic["driver"], nic["boot"]) for nic in nics] == [(card, True)]

    # The lights of a card that has any blink, and show the link again.
    if card == "e1000e":
        n1.qmp("trace-event-set-state", name="e1000e_core_write", enable=True)
        assert identify(rack, n1, 2) == f"the lights of its network card {nics[0]['name']} blinked for 2 s"
        modes = third_light(n1)
        assert {LED_ON, LED_OFF} <= set(modes) and modes[-1] not in (LED_ON, LED_OFF), modes
    else:
        assert f"the driver of its network card {nics[0]['name']} cannot blink" in identify(rack, n1)
    assert orders(rack, n1)[0] == ("identify", "done" if card == "e1000e" else "failed")


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
