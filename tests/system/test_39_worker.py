"""An emulated machine becomes a worker of a native control plane: firmware, the image's own kernel and all; slow as
it is, nothing that it runs is killed before it has started."""

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


def ready_by_first_start(cluster, node):
    """Names of the containers that are ready there; none of them was ever started again."""
    pods = cluster.get("pods", "-A", f"--field-selector=spec.nodeName={node}")["items"]
    states = [state for pod in pods for state in pod["status"].get("containerStatuses", [])]
    assert [state["name"] for state in states if state["restartCount"]] == []
    return {state["name"] for state in states if state["ready"]}
