"""What the operator plans is what the machine does; a plan that cannot be carried out is said on its screen."""

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


def test_image_comes_late(rack):
    """No image in the store: the machine says why it cannot boot, and boots when there is one."""
    n1 = rack.machine("n1", "bios")
    rack.start()
    n1.power_on()
    told = n1.wait_console(r"This machine cannot boot\. (.*)\n", timeout=60).group(1)
    assert "tiny" in told
    rack.add_image("tiny")
    healthy(rack, n1)


def test_memory_test(rack):
    """For one boot: the memory test runs, and the plan is an image again."""
    n1 = rack.machine("n1", "bios")
    rack.start("tiny")
    rack.server.command("plan", "n1", "memtest", "--once")
    n1.power_on()
    n1.wait_console("Memtest86", timeout=90)
    found = rack.server.api("GET", "/v1/machines/n1")
    assert (found["state"], found["plan"], found["once"]) == ("away", "image", False)
