"""A herd of machines at once: none is lost, on good wires and on bad ones."""

import os

import fleet
from rack import pss_kib


def site(rack, scenario):
    """The boot server with all machines of the scenario and an image of its sizes."""
    rack.site["dhcp"] = {"range": "10.9.0.20-10.9.0.250"}
    rack.site["machines"] = scenario.listed()
    rack.site["image"] = "edge"
    rack.server.write_site(rack.site)
    rack.server.command("init")
    rack.server.command("image", "add", scenario.image(os.path.join(rack.folder, "image")))
    rack.server.start()


def test_64_machines_at_once(rack):
    scenario = fleet.Scenario("power-back")
    site(rack, scenario)
    verdict = fleet.run(rack, scenario)
    print(f"\n{verdict}")
    sizes = pss_kib(rack.server.process.pid)
    print(f"  server, PSS in MiB: {sum(sizes.values()) / 1024:.1f}")
    assert not verdict.lost, verdict
    assert verdict.total("bytes") > 64 * (12 << 20)
    assert len(rack.leases()) == 64     # one each, whatever it called itself
    known = {machine["name"]: machine["image"] for machine in rack.server.api("GET", "/v1/machines")}
    assert known == {listed["name"]: "edge@1" for listed in scenario.listed()}


def test_bad_wires_and_a_power_cut(rack):
    scenario = fleet.Scenario("loss")
    site(rack, scenario)
    verdict = fleet.run(rack, scenario)
    print(f"\n{verdict}")
    assert not verdict.lost, verdict
    assert verdict.total("lost") > 100 and verdict.total("late") > 100
