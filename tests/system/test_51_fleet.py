"""A herd of machines at once: none is lost, on good wires and on bad ones."""

import os

import fleet
import pytest
from rack import pss_kib


def site(rack, scenario, **more):
    """The boot server with all machines of the scenario and an image of its sizes; `more` keys of the site."""
    rack.site.update(dhcp={"range": "10.9.0.20-10.9.0.250"}, machines=scenario.listed(), image="edge")
    rack.site.update(more)
    rack.server.write_site(rack.site)
    rack.server.command("init")
    rack.server.command("image", "add", scenario.image(os.path.join(rack.folder, "image")))
    rack.server.start()


def tell(rack, verdict):
    """For the person who reads the runner's output."""
    print(f"\n{verdict}")
    print(f"  server, PSS in MiB: {sum(pss_kib(rack.server.process.pid).values()) / 1024:.1f}")


def test_64_machines_at_once(rack):
    scenario = fleet.Scenario("power-back")
    site(rack, scenario)
    verdict = fleet.run(rack, scenario)
    tell(rack, verdict)
    assert not verdict.lost, verdict
    assert verdict.total("bytes") > 64 * (12 << 20)
    assert len(rack.leases()) == 64     # one each, whatever it called itself
    known = {machine["name"]: machine["image"] for machine in rack.server.api("GET", "/v1/machines")}
    assert known == {listed["name"]: "edge@1" for listed in scenario.listed()}


def test_bad_wires_and_a_power_cut(rack):
    scenario = fleet.Scenario("loss")
    site(rack, scenario)
    verdict = fleet.run(rack, scenario)
    tell(rack, verdict)
    assert not verdict.lost, verdict
    assert verdict.total("lost") > 100 and verdict.total("late") > 100


@pytest.mark.soak   # minutes of all cores: five of them are the best figure published for real machines
def test_640_machines_at_once(rack):
    scenario = fleet.Scenario("power-back", machines=640, spread="5 s", patience="900 s")
    rack.net.run("ip", "addr", "add", "10.9.0.1/16", "dev", "br0")
    rack.net.run("ip", "addr", "del", "10.9.0.1/24", "dev", "br0")
    site(rack, scenario, server={"interface": "br0", "address": "10.9.0.1/16"},
         dhcp={"range": "10.9.4.0-10.9.7.250"})
    verdict = fleet.run(rack, scenario, shares=8)
    tell(rack, verdict)
    assert not verdict.lost, verdict
    assert len(rack.leases()) == 640
