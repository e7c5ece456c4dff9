"""The site file turns from L2 to BGP on a living cluster: the rack's router learns the address from the right
nodes with the right next hops and communities, somebody behind it is answered, and a dead node is forgotten."""

import time

import pytest

from rack import COMMUNITY, by_bgp, look

POOL = "10.99.0.0/28"


@pytest.mark.ground
def test_bgp(cluster):
    rack, kube, router = cluster.rack, cluster.cluster, cluster.router
    began = time.monotonic()
    cluster.reload(by_bgp(rack.site, POOL))
    look(lambda: pools(kube) == ["far"], 120, "the pool of the new site file, and no other")
    assert kube.get("l2advertisements", "-n", "metallb-system")["items"] == []
    kube.kubectl("delete", "service", "hello")
    address = kube.serve_hello()
    assert address.startswith("10.99.0.")

    wanted = {rack.server.api("GET", f"/v1/machines/{m.name}")["ip"] for m in cluster.workers}
    look(lambda: router.next_hops(f"{address}/32") == wanted, 60, f"{address}/32 by {wanted} in the router")
    cluster.told("BGP: changed site file to the route", time.monotonic() - began)
    assert router.communities(f"{address}/32") == [COMMUNITY]
    seconds, body = cluster.far.wait_get(f"http://{address}/health")
    cluster.told("BGP: answered through the router, after the route", seconds)
    assert body == "OK"
    for worker in cluster.workers:
        look(lambda name=worker.name: rack.server.api("GET", f"/v1/machines/{name}")["lb"] == [address], 120,
             f"status to say that {worker.name} announces {address}")

    dead = cluster.workers[0]
    gone = rack.server.api("GET", f"/v1/machines/{dead.name}")["ip"]
    dead.power_off()
    began = time.monotonic()
    look(lambda: router.next_hops(f"{address}/32") == wanted - {gone}, 60, f"{gone} to be forgotten")
    cluster.told("BGP: power cut to its route gone", time.monotonic() - began)
    cluster.far.wait_get(f"http://{address}/health")
    dead.power_on()
    look(lambda: router.next_hops(f"{address}/32") == wanted, 180, f"{gone} to announce again")
    cluster.told(f"BGP: {dead.name} power-on to its route", dead.seconds({"heard": time.time()}))


def pools(kube):
    return [p["metadata"]["name"] for p in kube.get("ipaddresspools", "-n", "metallb-system")["items"]]
