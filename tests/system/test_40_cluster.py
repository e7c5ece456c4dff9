"""From power-on to a serving cluster: every machine of the site file a Ready node and healthy, a DaemonSet on
all of them, and a service of type LoadBalancer that answers a client outside by L2."""

def test_nodes(cluster):
    names = [machine.name for machine in cluster.rack.machines]
    for machine in cluster.rack.machines:
        event = cluster.rack.wait(machine, "healthy", timeout=240)
        cluster.told(f"{machine.name} healthy", machine.seconds(event))
    cluster.cluster.wait_ready(*names)
    assert sorted(cluster.cluster.nodes()) == names
    listed = cluster.cluster.kubectl("get", "nodes", "-o", "wide")
    assert listed.count("v1.") >= len(names), listed


def test_service(cluster):
    kube = cluster.cluster
    address = kube.serve_hello()
    pods = kube.get("pods", "-l", "app=hello")["items"]
    assert sorted(pod["spec"]["nodeName"] for pod in pods) == sorted(m.name for m in cluster.rack.machines)
    assert address.startswith("10.9.0.2")
    seconds, body = cluster.client.wait_get(f"http://{address}/health")
    cluster.told("service answers by L2, after its address", seconds)
    assert body == "OK"
    assert cluster.machine(cluster.client.neighbour(address)) in cluster.workers
