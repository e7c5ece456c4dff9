"""The server dies while a machine downloads and comes back: the machine goes on and becomes healthy."""

import pytest

from steps import EDGE_HEALTHY, TINY_HEALTHY, healthy


@pytest.mark.parametrize("image, part, memory", [("tiny", "initrd", 768), ("base", "root", 2048)])
def test_server_killed(rack, image, part, memory):
    n1 = rack.machine("n1", "uefi", memory=memory, cpus=2)
    rack.start(image)
    n1.throttle(40)     # Mbit/s: long enough a download to die in
    n1.power_on()
    rack.wait(n1, part, "progress", timeout=120)
    rack.server.kill()
    assert part not in rack.phase_seconds(n1), f"{part} was there already: nothing was cut"
    rack.server.start()
    n1.throttle(None)
    healthy(rack, n1, EDGE_HEALTHY if image == "base" else TINY_HEALTHY)
