"""SIGTERM ends the server within 5 s, whatever it is doing, and nothing of it stays."""

import os

from steps import healthy


def test_stops(rack):
    n1 = rack.machine("n1", "uefi")
    n2 = rack.machine("n2", "uefi")
    rack.start("tiny")
    n1.power_on()
    healthy(rack, n1)           # its agent's poll is being held
    n2.throttle(20)
    n2.power_on()
    rack.wait(n2, "initrd", "progress")
    status, seconds = rack.server.stop()
    assert status == 0
    assert seconds < 5 * rack.patience
    for machine in (n1, n2):
        machine.power_off()
    left = {pid: command for pid, command in rack.net.processes().items() if "tcpdump" not in command}
    assert left == {}
    assert not os.path.exists(rack.server.socket)
    assert rack.net.run("ss", "-Hlntu").strip() == ""
