"""`bootserver reimage` gives a running machine another generation: the agent reboots it into that one."""

from steps import healthy, other_generation


def test_reimage(rack):
    n1 = rack.machine("n1", "uefi")
    rack.site.update({"image": "tiny@1", "diskless": True})     # without a disk each boot has a new key
    rack.start("tiny")
    assert "tiny@2" in rack.server.command("image", "add", other_generation(rack, "tiny", "second"))
    rack.server.api("POST", "/v1/images/reload")
    n1.power_on()
    healthy(rack, n1)
    assert rack.server.api("GET", "/v1/machines/n1")["last_good"] == "tiny@1"

    n1.expect_reboot()
    rack.server.command("reimage", "n1", "--image", "tiny@2")
    healthy(rack, n1)
    after = rack.server.api("GET", "/v1/machines/n1")
    assert after["tried"] == after["last_good"] == "tiny@2"
    assert "tiny@2" in rack.wait(n1, "script", timeout=1)["text"]
    kinds = [g["generation"] for g in rack.server.api("GET", "/v1/images")]
    assert sorted(kinds) == [1, 2]
