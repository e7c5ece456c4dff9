"""A machine that nobody listed is recorded, waits with its code on the screen, and boots once approved."""

from steps import healthy


def test_unknown_approved(rack):
    stranger = rack.machine("stranger", "uefi", listed=False)
    rack.start("tiny")
    stranger.power_on()
    code = stranger.wait_console(r"^Code (\w{4}-\w{4})", timeout=60).group(1)
    stranger.wait_console("This machine waits", timeout=5)
    found = rack.server.api("GET", "/v1/machines")
    assert [m["code"] for m in found] == [code]
    assert found[0]["macs"] == stranger.macs
    assert not found[0]["known"] and not found[0]["approved"]
    assert "script" not in rack.phase_seconds(stranger), "an unknown machine was given an image"

    rack.server.command("approve", code)
    stranger.name = rack.server.api("GET", "/v1/machines")[0]["name"]
    healthy(rack, stranger)
