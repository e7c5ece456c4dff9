"""The power of the node that announces an address is cut: another one answers for it; the node comes back."""

import time

from rack import look


def test_l2_failover(cluster):
    rack, client, kube = cluster.rack, cluster.client, cluster.cluster
    address = kube.address("hello")
    client.wait_get(f"http://{address}/health")
    old = cluster.machine(client.neighbour(address))
    uid = kube.get("node", old.name)["metadata"]["uid"]

    old.power_off()
    began = time.monotonic()
    seconds, _ = client.wait_get(f"http://{address}/health", timeout=120)
    cluster.told("L2: power cut to the next answer", seconds)
    look(lambda: client.neighbour(address) not in (None, *old.macs), 60, "another node's ARP")
    cluster.told("L2: power cut to another node's ARP", time.monotonic() - began)
    assert cluster.machine(client.neighbour(address)) in cluster.workers

    old.power_on()
    cluster.told(f"{old.name} healthy again", old.seconds(rack.wait(old, "healthy", timeout=180)))
    kube.wait_ready(old.name)
    assert kube.get("node", old.name)["metadata"]["uid"] == uid
