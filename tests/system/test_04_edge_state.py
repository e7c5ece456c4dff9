"""The Debian root with a state disk: a reboot keeps state, keys and the cached root."""

from steps import EDGE_HEALTHY, healthy, one_lease

GIB = 1 << 30


def host_key(rack, machine):
    """The public key sshd shows, and so the proof that sshd answers."""
    ip = rack.server.api("GET", f"/v1/machines/{machine.name}")["ip"]
    lines = rack.net.run("ssh-keyscan", "-T", "20", "-t", "ed25519", ip).split()
    assert len(lines) >= 3, lines
    return lines[2]


def test_edge_state(rack):
    rack.site["state-size"] = "3GiB"
    n1 = rack.machine("n1", "uefi", memory=2048, cpus=2, disks=[5 * GIB])
    rack.start("base")
    n1.power_on()
    healthy(rack, n1, EDGE_HEALTHY)
    one_lease(rack, n1)
    key = host_key(rack, n1)
    before = rack.server.api("GET", "/v1/machines/n1")
    assert before["facts"]["disks"][0]["use"] == "system"
    assert [e for e in rack.events(n1, "root", "begin")], "the first root comes from the server"

    n1.expect_reboot()
    rack.server.api("POST", "/v1/machines/n1/reboot")
    healthy(rack, n1, EDGE_HEALTHY)
    assert host_key(rack, n1) == key
    assert "state partition" in rack.wait(n1, "root", timeout=1)["text"]
    assert rack.wait(n1, "storage", timeout=1)["text"].startswith("state kept")
    after = rack.server.api("GET", "/v1/machines/n1")
    assert after["ip"] == before["ip"]
    assert after["last_good"] == after["image"]
    one_lease(rack, n1)
