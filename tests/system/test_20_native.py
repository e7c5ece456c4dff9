"""A native node: the image's own systemd and agent in namespaces, healthy in seconds; it shows the node no
disk but its own, reboots as a machine does, and leaves nothing on the host."""

import os
import subprocess

from steps import healthy, in_order, one_lease

from rack.groups import PREFIX, hierarchies


def left_on_host(folder):
    """Loop devices over files of the rack, and control groups of a node."""
    loops = subprocess.run(["losetup", "--list", "--noheadings", "--output", "BACK-FILE"], check=True,
                           capture_output=True, text=True).stdout.split()
    groups = [f"{top}/{name}" for _, _, top in hierarchies() for name in os.listdir(top)
              if name.startswith(f"{PREFIX}{os.getpid()}.")]
    return [path for path in loops if path.startswith(folder)] + groups


def test_native(rack):
    n1 = rack.native("n1")
    rack.start("base")
    n1.power_on()
    took = n1.seconds(healthy(rack, n1))
    assert took < 20 * rack.patience
    in_order(rack, n1, "script", "stage1", "root", "facts", "enrol", "storage", "healthy")
    one_lease(rack, n1)
    assert left_on_host(rack.folder), "what is looked for at the end must be found now"

    before = rack.server.api("GET", "/v1/machines/n1")
    assert [(d["name"], d["serial"], d["use"]) for d in before["facts"]["disks"]] == [("vda", "n1-DISK0", "system")]
    assert sorted(n1.run("find", "/dev", "-type", "b", "!", "-name", "loop*").split()) == ["/dev/vda", "/dev/vda1"]
    assert n1.run("sh", "-c", "ls /sys/block /sys/class/block /sys/dev/block").split() == [
        "/sys/block:", "vda", "/sys/class/block:", "/sys/dev/block:"]
    key = n1.run("cat", "/etc/ssh/ssh_host_ed25519_key.pub")

    n1.expect_reboot()
    rack.server.api("POST", "/v1/machines/n1/reboot")
    healthy(rack, n1)
    assert n1.run("cat", "/etc/ssh/ssh_host_ed25519_key.pub") == key
    after = rack.server.api("GET", "/v1/machines/n1")
    assert (after["ip"], after["key"]) == (before["ip"], before["key"])

    n1.power_off()
    assert left_on_host(rack.folder) == []
    n1.power_on()
    healthy(rack, n1)
    n1.power_off()
    assert left_on_host(rack.folder) == []
