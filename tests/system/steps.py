"""Sentences that several tests assert."""

import json
import os
import shutil

import rack as racks

TINY_HEALTHY = 120      # seconds a tiny machine may take when time is not the point
EDGE_HEALTHY = 240


def healthy(rack, machine, timeout=TINY_HEALTHY):
    """Waits for the agent's signed word; returns the event."""
    event = rack.wait(machine, "healthy", timeout=timeout)
    assert event["from"] == "agent"
    found = rack.server.api("GET", f"/v1/machines/{machine.name}")
    assert found["state"] == "healthy", found
    return event


def one_lease(rack, machine):
    """Firmware, iPXE and Linux were given the same address: one lease for each card that booted."""
    mine = [lease for lease in rack.leases() if lease[0] in machine.macs]
    assert len(mine) == 1, mine
    found = rack.server.api("GET", f"/v1/machines/{machine.name}")
    assert found["ip"] == mine[0][1]


def in_order(rack, machine, *phases):
    """Each of the phases was done, none before the one it follows."""
    ends = rack.phase_seconds(machine)
    assert [phase for phase in phases if phase not in ends] == []
    times = [ends[phase] for phase in phases]
    assert times == sorted(times), ends


def other_generation(rack, image, version):
    """A copy of a built image that differs in its version and says so on its kernel's command line."""
    source, folder = racks.image_folder(image), os.path.join(rack.folder, f"{image}-{version}")
    shutil.copytree(source, folder, copy_function=os.link)
    manifest = os.path.join(folder, "manifest.json")
    with open(manifest, encoding="utf-8") as file:
        told = json.load(file)
    told["version"] = version
    told["args"] = {arch: f"{args} test.version={version}".strip() for arch, args in told["args"].items()}
    for name in ("manifest.json", "manifest.json.cms"):
        if os.path.exists(os.path.join(folder, name)):
            os.unlink(os.path.join(folder, name))
    with open(manifest, "w", encoding="utf-8") as file:
        json.dump(told, file)
    return folder
