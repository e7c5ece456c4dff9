"""Two hundred services use a pool up: each has an address, and a route in the router; the one too many waits, is
told of, and is served when another one goes."""

import copy
import json
import re
import time

import pytest

from rack import look

pytestmark = pytest.mark.soak       # not run twice yet

MANY = 200
POOL = "10.99.1.0-10.99.1.199"


def service(number):
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": f"many-{number}", "labels": {"many": "yes"}},
            "spec": {"type": "LoadBalancer", "selector": {"app": "hello"},
                     "ports": [{"port": 80, "targetPort": 8080}]}}


def addresses(kube):
    """{service: its address} of those that have one."""
    given = {each["metadata"]["name"]: each["status"]["loadBalancer"].get("ingress")
             for each in kube.get("services", "-l", "many=yes")["items"]}
    return {name: ingress[0]["ip"] for name, ingress in given.items() if ingress}


def routes(router):
    """Addresses of the pool that the router knows a way to."""
    return set(re.findall(r"^(10\.99\.1\.\d+)/32", router.ask("show", "route"), re.M))


def free(cluster):
    """The metric of the pool."""
    text = cluster.rack.net.run("curl", "-sf", "http://10.9.0.1/metrics")
    found = re.search(r'^bootserver_pool_free\{pool="many"\} (\d+)$', text, re.M)
    return int(found[1]) if found else None


def test_two_hundred_services(cluster):
    rack, kube, router = cluster.rack, cluster.cluster, cluster.router
    site = copy.deepcopy(cluster.site)
    site["load-balancer"]["pools"].append({"name": "many", "addresses": POOL})
    cluster.reload(site)
    look(lambda: "many" in kube.kubectl("get", "ipaddresspools", "-A", "-o", "name"), 120, "the pool")
    items = [service(number) for number in range(MANY)]
    for each in items:
        each["metadata"]["annotations"] = {"metallb.io/address-pool": "many"}
    began = time.monotonic()
    kube.apply(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    look(lambda: len(set(addresses(kube).values())) == MANY, 240, f"{MANY} services to have an address each")
    cluster.told(f"{MANY} services: each its address", time.monotonic() - began)
    look(lambda: len(routes(router)) == MANY, 240, f"{MANY} routes in the router")
    cluster.told(f"{MANY} services: all routes in the router", time.monotonic() - began)
    for number in (0, MANY // 2, MANY - 1):
        assert cluster.far.wait_get(f"http://{addresses(kube)[f'many-{number}']}/health")[1] == "OK"

    look(lambda: free(cluster) == 0, 120, "the metric to say that the pool is used up")
    assert "pool many has no free address left" in rack.server.command("status")
    late = service(MANY)
    late["metadata"]["annotations"] = {"metallb.io/address-pool": "many"}
    kube.apply(json.dumps(late))
    look(lambda: "AllocationFailed" in kube.kubectl("get", "events", "--field-selector",
                                                    f"involvedObject.name=many-{MANY}"), 120,
         "MetalLB to say that there is no address for it")
    assert f"many-{MANY}" not in addresses(kube)

    kube.kubectl("delete", "service", "many-7")
    began = time.monotonic()
    address = look(lambda: addresses(kube).get(f"many-{MANY}"), 120, "the one too many to be served")
    assert cluster.far.wait_get(f"http://{address}/health", timeout=120)[1] == "OK"
    cluster.told("the one too many answers, after another one went", time.monotonic() - began)

    kube.kubectl("delete", "services", "-l", "many=yes", "--wait=false")
    look(lambda: not routes(router), 120, "the routes to go")
    look(lambda: free(cluster) == MANY, 120, "the metric to say that the pool is free")
    assert "has no free address left" not in rack.server.command("status")
