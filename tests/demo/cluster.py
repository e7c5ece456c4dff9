#!/usr/bin/python3
"""The demo: a virtual rack of three machines, from power-on to a serving Kubernetes cluster.

A few lines of site file make the first machine the control plane, all of them workers, and the first one's data disk a
Ceph cluster with an object store.  A service is announced to a client beside the rack (L2), then through a router to
somebody behind it (BGP), who keeps an object in the store; then a machine is reimaged by a reboot and comes back as
the same node.  Nothing of it touches the host's network; Ctrl-C leaves nothing."""

import ipaddress
import os
import sys
import time

from show import GIB, begin, ended, memory, parser, say, stage, timelines, write_report
from rack import RACK, Around, Ceph, Cluster, by_bgp, look

PATIENCE_S = 1800       # for whatever emulated machines do
IMAGE = "edge"
# n1 runs on this host's own kernel: in emulation its control plane alone takes minutes, and Ceph a quarter of an hour.
KINDS = {"n1": "native x86_64", "n2": "BIOS x86_64", "n3": "UEFI ARM64"}
SITE = {"enrolment": {"control-plane": "listed"}, "state-size": "6GiB", "storage": {"object-store": True},
        "load-balancer": {"pools": [{"name": "near", "addresses": "10.9.0.200-10.9.0.219"}]}}
FAR_POOL = "10.99.0.0/28"
BUCKET, OBJECT, MB = "/bucket", "/bucket/object", 1000 * 1000


class Demo:
    def __init__(self, rack):
        self.rack, self.watch = rack, None
        self.seconds, self.same = {}, {}
        self.around = Around(rack)
        listed = {"rack": RACK}
        self.n1 = rack.native("n1", listed={**listed, "roles": ["control-plane", "worker", "storage"]},
                              disks=(8 * GIB, 6 * GIB))
        self.n2 = rack.machine("n2", "bios", listed=listed, memory=2048, disks=[8 * GIB])
        self.n3 = rack.machine("n3", "arm64", listed=listed, memory=2048, disks=[8 * GIB])
        self.cluster = Cluster(rack, self.n1)
        self.ceph = Ceph(self.cluster)
        self.address = self.s3 = None
        self.object = os.urandom(50 * MB)

    def told(self, key, sentence):
        """Keeps when it came to that, and says it."""
        self.seconds[key] = round(self.watch.seconds(), 1)
        say(f"\n{self.seconds[key]:6.1f} s  {sentence}")

    def show(self, *words):
        say(f"$ kubectl {' '.join(words)}\n{self.cluster.kubectl(*words).rstrip()}")

    def boot(self):
        """Power-on of all, until they are nodes."""
        self.watch = begin(self.rack, IMAGE, KINDS)
        for machine in self.rack.machines:
            machine.power_on()
        self.watch.wait_healthy(list(KINDS), PATIENCE_S)
        self.cluster.wait_ready(*KINDS, seconds=PATIENCE_S)
        self.told("ready", "three machines are nodes of one cluster")
        self.show("get", "nodes", "-o", "wide")

    def serve(self):
        """The service, to a client on the rack's own network; then its pods on all machines."""
        self.address = self.cluster.offer_hello()
        url = f"http://{self.address}/health"
        _, body = self.around.client.wait_get(url, timeout=PATIENCE_S)
        mac = self.around.client.neighbour(self.address)
        name = next(machine.name for machine in self.rack.machines if mac in machine.macs)
        self.told("l2", f"a client beside the rack asks {url} and is answered «{body}»; {name} announces it (L2)")
        self.cluster.serve_hello(PATIENCE_S)
        self.told("everywhere", "the service runs on all machines, of both architectures")
        self.show("get", "pods", "-o", "wide")

    def turn_to_bgp(self):
        """A changed site file, and the service is announced to a router."""
        say("\nthe site file now has a router, and a pool of addresses that it is told by BGP")
        self.rack.server.reload(by_bgp(self.rack.site, FAR_POOL))
        look(lambda: "far" in self.cluster.kubectl("get", "ipaddresspools", "-n", "metallb-system"),
             PATIENCE_S, "the new pool")
        self.cluster.kubectl("delete", "service", "hello")
        self.address = self.cluster.offer_hello()
        router, prefix = self.around.router, f"{self.address}/32"
        nodes = {self.rack.server.api("GET", f"/v1/machines/{name}")["ip"] for name in KINDS}
        look(lambda: router.next_hops(prefix) == nodes, PATIENCE_S, f"{prefix} by {nodes} in the router")
        self.told("bgp", f"the router knows {self.address} by all machines")
        say(router.ask("show", "route", prefix).rstrip())
        self.answer("answered")

    def answer(self, key):
        url = f"http://{self.address}/health"
        _, body = self.around.far.wait_get(url, timeout=PATIENCE_S)
        self.told(key, f"somebody behind the router asks {url} and is answered «{body}»")

    def store(self):
        """Somebody behind the router keeps an object in Ceph's object store."""
        far = ipaddress.ip_network(FAR_POOL)
        look(lambda: ipaddress.ip_address(self.store_address()) in far, PATIENCE_S, "the store's address of that pool")
        url = f"http://{self.store_address()}"
        self.s3 = self.ceph.user("demo", self.around.far, url, PATIENCE_S)
        self.s3.wait(lambda s3: s3.put(BUCKET), PATIENCE_S)
        _, took = self.s3.wait(lambda s3: s3.put(OBJECT, self.object), PATIENCE_S)
        self.told("put", f"somebody behind the router has put {len(self.object) // MB} MB at {url}{OBJECT} "
                         f"in {took:.1f} s")
        self.read("got")
        self.ceph.wait_ok(PATIENCE_S)
        self.told("ceph", "Ceph is well: HEALTH_OK")

    def store_address(self):
        return self.cluster.address("objects-s3", namespace="rook-ceph")

    def read(self, key):
        found, took = self.s3.wait(lambda s3: s3.get(OBJECT), PATIENCE_S)
        self.same["object"] = found == self.object
        self.told(key, f"and reads {'the same' if self.same['object'] else 'SOMETHING ELSE'} there in {took:.1f} s")

    def reimage(self, machine):
        """By a reboot; it is the same node again, and its pod runs."""
        before = self.cluster.uid(machine.name)
        say(f"\n$ bootserver reimage {machine.name}")
        machine.expect_reboot()
        self.rack.server.command("reimage", machine.name)
        self.watch.wait_reborn(machine, PATIENCE_S)
        self.cluster.wait_ready(machine.name, seconds=PATIENCE_S)
        self.same["node"] = self.cluster.uid(machine.name) == before
        self.told("reimaged", f"{machine.name} is back as {'the same' if self.same['node'] else 'ANOTHER'} node, "
                              f"{time.time() - machine.powered_at:.0f} s after the order")

    def end(self):
        self.show("get", "nodes", "-o", "wide")
        self.answer("end")
        self.read("read again")
        say(f"$ ceph -s\n{self.ceph.command('-s').rstrip()}")
        say(self.rack.server.command("status").rstrip())
        times = timelines(self.rack, KINDS)
        total = memory(self.watch)
        say(f"from power-on to the end in {self.watch.seconds():.0f} s")
        write_report(self.rack, seconds=self.seconds, pss_kib=total, kinds=KINDS, phases=times, same=self.same,
                     nodes=self.cluster.nodes())


def run(folder):
    with stage(folder, "demo", IMAGE, **SITE) as rack:
        demo = Demo(rack)
        demo.boot()
        demo.serve()
        demo.turn_to_bgp()
        demo.store()
        demo.reimage(demo.n2)
        demo.end()


def main():
    given = parser(__doc__, "demo").parse_args()
    return ended(run, os.path.abspath(given.folder))


if __name__ == "__main__":
    sys.exit(main())
