"""The power of the whole site was cut while a worker had a generation on trial: the worker is back before the API
server, and that is not held against its image."""

import time

from rack import look
from steps import other_generation

TRIAL_S = 40


def test_trial_while_the_api_server_is_away(cluster):
    rack, worker = cluster.rack, cluster.workers[1]
    usual = cluster.site
    machines = [{**listed, "trial": f"{TRIAL_S}s"} if listed["name"] == worker.name else listed
                for listed in usual["machines"]]
    cluster.reload({**usual, "machines": machines})
    rack.server.command("image", "add", other_generation(rack, "edge", "second", archs=[worker.arch]))
    rack.server.api("POST", "/v1/images/reload")
    rack.server.command("reimage", worker.name, "--no-reboot")
    for machine in rack.machines:
        machine.power_off()

    worker.power_on()
    assert "edge@2" in rack.wait(worker, "script")["text"]
    rack.wait_for(lambda: [e for e in rack.events(worker, "roles", "wait") if "API server" in e["text"]], 120,
                  "the worker to wait for the API server", worker)
    waits = time.monotonic()
    look(lambda: time.monotonic() - waits > TRIAL_S + 5 or falls_back(rack, worker), 3 * TRIAL_S, "the trial's time")
    assert not falls_back(rack, worker)
    spent = rack.server.api("GET", f"/v1/machines/{worker.name}")["trial"]
    assert spent["spent_ms"] < TRIAL_S * 1000 and not spent["over"]

    # How fast the network of a node comes up beside other work is not the point.
    cluster.reload(usual)
    cluster.n1.power_on()
    rack.wait(worker, "healthy", timeout=300)
    found = rack.server.api("GET", f"/v1/machines/{worker.name}")
    assert found["last_good"] == "edge@2" and found["trial"] is None
    cluster.told("API server away for longer than the trial: healthy after", worker.seconds(rack.wait(worker, "healthy")))


def falls_back(rack, machine):
    return [e for e in rack.events(machine, state="note") if "was not healthy" in e["text"]]
