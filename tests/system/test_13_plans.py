"""What the operator plans is what the machine does: wait, rescue, and then its image again."""

from steps import healthy


def test_plans(rack):
    n1 = rack.machine("n1", "uefi")
    rack.start("tiny")
    rack.server.command("plan", "n1", "rescue")
    n1.power_on()
    n1.wait_console("Press s for a shell", timeout=60)
    rack.server.command("plan", "n1", "wait")
    n1.reset()
    n1.wait_console(r"This machine waits\.[^$]*MAC 52:54:00", timeout=60)
    assert rack.server.api("GET", "/v1/machines/n1")["state"] == "waiting"
    rack.server.command("plan", "n1", "image")
    healthy(rack, n1)
