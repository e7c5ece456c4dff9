"""Emulated nodes: firmware, the image's own kernel and all. One becomes a worker of a native control plane, and slow as
it is, nothing that it runs is killed before it has started; another is a control plane with an OSD by itself."""

import time

import pytest
from steps import healthy

import rack as racks

PATIENCE = 900
POOL = "10.9.0.200-10.9.0.219"


@pytest.mark.soak   # minutes of emulation each; in `make test` the demo has such workers (38)
@pytest.mark.parametrize("firmware", ["uefi", "arm64"])
def test_worker(rack, firmware):
    n1, n2 = rack.native("n1"), rack.machine("n2", firmware, memory=2048, disks=[8 << 30])
    rack.site.update({"enrolment": {"control-plane": "listed"}, "state-size": "6GiB",
                      "load-balancer": {"pools": [{"name": "main", "addresses": POOL}]}})
    client = rack.host("client", ("br0", "10.9.0.50/24"))
    cluster = racks.Cluster(rack, n1)
    rack.start("edge", archs=sorted({n1.arch, n2.arch}))
    n2.power_on()
    n1.power_on()
    for machine in (n1, n2):
        healthy(rack, machine, timeout=PATIENCE)
    cluster.wait_ready("n1", "n2", seconds=PATIENCE)
    assert cluster.get("node", "n2")["status"]["nodeInfo"]["architecture"] == n2.arch

    address = cluster.serve_hello(PATIENCE)
    assert client.wait_get(f"http://{address}/health", timeout=PATIENCE)[1] == "OK"
    racks.look(lambda: ready_by_first_start(cluster, "n2") >= {"kube-flannel", "kube-proxy", "speaker", "hello"},
               PATIENCE, "n2's pods to be ready")


@pytest.mark.soak   # half an hour of emulation
def test_control_plane_with_storage(rack):
    """`kubeadm init`, Rook's operator, monitor, manager and an OSD on the disk beside the system disk."""
    n1 = rack.machine("n1", "uefi", memory=8192, cpus=2, disks=[12 << 30, 6 << 30])
    rack.site.update({"enrolment": {"control-plane": "listed"}, "state-size": "10GiB", "storage": {}})
    cluster = racks.Cluster(rack, n1)
    rack.start("edge", archs=[n1.arch])
    n1.power_on()
    healthy(rack, n1, timeout=4 * PATIENCE)
    cluster.wait_ready("n1", seconds=PATIENCE)
    racks.look(lambda: rack.server.api("GET", "/v1/machines/n1")["storage"] == {"osds": 1, "up": 1, "disks": 1},
               2 * PATIENCE, "n1's OSD to be up", 5)
    print(f"\n  OSD in: {n1.seconds({'heard': time.time()}):.0f} s", end="")


def ready_by_first_start(cluster, node):
    """Names of the containers that are ready there; none of them was ever started again."""
    pods = cluster.get("pods", "-A", f"--field-selector=spec.nodeName={node}")["items"]
    states = [state for pod in pods for state in pod["status"].get("containerStatuses", [])]
    assert [state["name"] for state in states if state["restartCount"]] == []
    return {state["name"] for state in states if state["ready"]}
