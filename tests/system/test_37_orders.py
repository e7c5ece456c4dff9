"""Orders, and what brings a machine back that is in bad health, without a hand or a BMC: a generation that never
gets healthy, an agent that hangs or dies again and again, a kernel that panics, a stage 1 that makes no progress."""

import time

import pytest

from rack import RackError, look
from steps import EDGE_HEALTHY, healthy, identify, login_key, orders, other_generation, ssh

TRIAL_S, WATCHDOG_S = 20, 20
DROPIN = f"[Unit]\nStartLimitBurst=4\n[Service]\nWatchdogSec={WATCHDOG_S}\nRestartSec=100ms\n"


def told(what, seconds):
    print(f"\n  {what}: {seconds:.1f} s", end="")


def agent_pid(machine):
    return machine.run("systemctl", "show", "-P", "MainPID", "bootserver-agent.service").strip()


def test_generation_that_is_never_healthy(rack):
    n1 = rack.native("n1", listed={"rack": "r1"})
    rack.site.update({"image": "base", "trial": f"{TRIAL_S}s", "racks": [{"name": "r1"}, {"name": "r2"}]})
    rack.start("base", archs=[n1.arch])
    rack.server.command("reimage", "n1")
    assert "the reboot that waited for its agent is taken back" in rack.server.command("reimage", "n1", "--no-reboot")
    assert orders(rack, n1) == [("reboot", "withdrawn")]
    assert rack.server.command("reimage", "n1", "--no-reboot") == "n1: base@1 at its next boot\n"
    n1.power_on()
    healthy(rack, n1)

    # a light that nobody has: said, not passed over
    text = identify(rack, n1)
    assert text == "no light can be asked: it has no BMC; none of its network cards is known to have booted it"
    assert orders(rack, n1)[0] == ("identify", "failed") and text in rack.server.command("show", "n1")

    folder = other_generation(rack, "base", "bad", "systemd.mask=ssh.service", [n1.arch])
    rack.server.command("image", "add", folder)
    rack.server.api("POST", "/v1/images/reload")
    with pytest.raises(RackError, match="no machine is in rack r2"):
        rack.server.command("reimage", "--rack", "r2")
    n1.expect_reboot()
    assert "told to reboot" in rack.server.command("reimage", "--rack", "r1")
    assert "base@2" in rack.wait(n1, "script")["text"]
    rack.wait_for(lambda: [e for e in rack.events(n1, "healthy", "wait") if "sshd" in e["text"]], 120,
                  "base@2 to lack its sshd", n1)
    note = rack.wait_for(lambda: [e for e in rack.events(n1, state="note") if "back to base@1" in e["text"]],
                         10 * TRIAL_S, "the trial to be over", n1)[0]
    assert f"base@2 was not healthy within {TRIAL_S} s" in note["text"]
    rack.wait_for(lambda: [e for e in rack.events(n1, "script", "done") if "base@1" in e["text"]], 60,
                  "n1 to be given base@1", n1)
    told("never healthy, fallen back and healthy", n1.seconds(healthy(rack, n1)))
    found = rack.server.api("GET", "/v1/machines/n1")
    assert found["image"] == found["last_good"] == "base@1"
    assert found["trial"]["image"] == "base@2" and found["trial"]["over"]
    assert orders(rack, n1)[:2] == [("reboot", "done"), ("reboot", "done")]


def test_agent_that_hangs_or_dies(rack):
    n1 = rack.native("n1")
    rack.start("base", archs=[n1.arch])
    n1.power_on()
    healthy(rack, n1)
    unit = "/run/systemd/system/bootserver-agent.service.d"
    n1.run("sh", "-c", f"mkdir -p {unit} && printf '{DROPIN}' >{unit}/test.conf && systemctl daemon-reload && "
                       "systemctl restart bootserver-agent.service")

    first = agent_pid(n1)
    n1.expect_reboot()
    n1.run("kill", "-STOP", first)
    look(lambda: agent_pid(n1) not in (first, "0"), 5 * WATCHDOG_S, "another agent")
    told(f"agent hung with WatchdogSec={WATCHDOG_S}, another one after", time.time() - n1.powered_at)
    rack.server.command("identify", "n1", "--seconds", "1")
    look(lambda: orders(rack, n1)[0] == ("identify", "failed"), 60, "the new agent to obey")
    assert "watchdog" in n1.run("journalctl", "-u", "bootserver-agent.service", "--no-pager", "-o", "cat")
    assert rack.events(n1, "script") == [], "the machine itself went on"

    def dies():
        try:
            n1.run("systemctl", "kill", "--kill-whom=main", "--signal=KILL", "bootserver-agent.service", check=False)
        except RackError:       # between two boots
            pass
        return rack.events(n1, "script")
    n1.expect_reboot()
    look(dies, 120, "the machine to reboot")
    told("agent killed again and again, rebooted and healthy", n1.seconds(healthy(rack, n1)))


def test_panic_and_deadline(rack):
    """With another number than the image's panic=30, so that it does not last; the words of the site come last."""
    n1 = rack.machine("n1", "uefi")
    rack.site.update({"diskless": True, "args": "panic=2 unknown_nmi_panic bootserver.deadline=40"})
    rack.start("tiny", archs=[n1.arch])
    assert "panic=30" in rack.manifest("tiny")["args"][n1.arch].split()
    n1.power_on()
    healthy(rack, n1)

    n1.expect_reboot()
    n1.qmp("inject-nmi")
    rack.wait(n1, "script", timeout=180)
    told("panic to the next script", n1.seconds(rack.wait(n1, "script", timeout=1)))

    n1.wait_console(r"(?s)Kernel panic.*bootserver stage 1", timeout=180)
    n1.expect_reboot()
    n1.plug(False)
    n1.wait_console(r"(?s)Kernel panic.*no progress for \d+ s", timeout=240)
    n1.plug(True)
    healthy(rack, n1, 240)


def clock_is_right(rack, machine):
    """Within the 2 s that `status` bears, by the agent's own comparison."""
    clock = rack.server.api("GET", f"/v1/machines/{machine.name}")["clock"]
    return clock and abs(clock["offset_ms"]) + clock["within_ms"] < 2000


def test_bmc_slow_clock_and_hung_kernel(rack):
    """The BMC's light is lit; the board's clock is ten minutes slow, which the image's time client mends; a kernel
    that hangs for good is reset by the board's watchdog."""
    rack.site.update({"state-size": "3GiB", "args": "panic=0 unknown_nmi_panic"})    # a panic is a machine that hangs
    n1 = rack.machine("n1", "uefi", memory=2048, cpus=2, disks=[5 << 30], clock=-600, bmc=True)
    key = login_key(rack)
    rack.start("base", archs=[n1.arch])
    n1.power_on()
    healthy(rack, n1, EDGE_HEALTHY)
    assert identify(rack, n1, 2) == "the identify light of its BMC was on for 2 s"
    assert (n1.bmc.lights, orders(rack, n1)[0]) == ([2], ("identify", "done"))
    look(lambda: clock_is_right(rack, n1), 180, "the clock to be right")
    told("the clock ten minutes slow, right after", time.time() - n1.powered_at)

    assert ssh(rack, n1, key, "root", "systemctl", "show", "-P", "RuntimeWatchdogUSec") == "2min\n"
    ssh(rack, n1, key, "root", "busctl", "set-property", "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
        "org.freedesktop.systemd1.Manager", "RuntimeWatchdogUSec", "t", str(WATCHDOG_S * 10**6))
    n1.expect_reboot()
    n1.qmp("inject-nmi")
    told("kernel hung, reset, next script", n1.seconds(rack.wait(n1, "script", timeout=240)))
