"""From power-on to a serving cluster: every machine of the site file a Ready node and healthy, a DaemonSet on
all of them, and a service of type LoadBalancer that answers a client outside by L2."""

import pytest

from rack import look

pytestmark = pytest.mark.ground


def test_nodes(cluster):
    names = [machine.name for machine in cluster.rack.machines]
    for machine in cluster.rack.machines:
        event = cluster.rack.wait(machine, "healthy", timeout=240)
        cluster.told(f"{machine.name} healthy", machine.seconds(event))
    cluster.cluster.wait_ready(*names)
    assert sorted(cluster.cluster.nodes()) == names
    listed = cluster.cluster.kubectl("get", "nodes", "-o", "wide")
    assert listed.count("v1.") >= len(names), listed
    for machine in cluster.workers:     # a worker has no static pods: its kubelet need not look for them each second
        said = machine.run("journalctl", "--unit=kubelet.service", "--output=cat", "--no-pager")
        assert "Unable to read config path" not in said


def test_service(cluster):
    kube = cluster.cluster
    address = kube.serve_hello()
    pods = kube.get("pods", "-l", "app=hello")["items"]
    assert sorted(pod["spec"]["nodeName"] for pod in pods) == sorted(m.name for m in cluster.rack.machines)
    assert address.startswith("10.9.0.2")
    seconds, body = cluster.client.wait_get(f"http://{address}/health")
    cluster.told("service answers by L2, after its address", seconds)
    assert body == "OK"
    announcer = cluster.machine(cluster.client.neighbour(address))
    assert announcer in cluster.workers
    pods = kube.get("pods", "-n", "metallb-system", "-l", "component=speaker")["items"]
    assert sorted(pod["spec"]["nodeName"] for pod in pods) == sorted(m.name for m in cluster.workers)
    look(lambda: announced(cluster) == {announcer.name: [address]}, 120, f"status to name {announcer.name}")


def announced(cluster):
    """{machine: addresses that it announces}, as the operator is told."""
    machines = cluster.rack.server.api("GET", "/v1/machines")
    return {machine["name"]: machine["lb"] for machine in machines if machine.get("lb")}
