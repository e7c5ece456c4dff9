"""The cluster that the tests from 40 on share: a control-plane node and two workers, all native, a client
beside the rack, and a router with somebody behind it."""

import time

import rack as racks

POOL = "10.9.0.200-10.9.0.219"
CONTROL_PLANE = ["control-plane", "worker"]
WORKER = ["worker", "load-balancer"]    # so that no test of an announcement costs the API server

class Shared:
    """rack, cluster, machines by name, client, router, far; `seconds`: what took how long."""

    def __init__(self, rack):
        self.rack, self.seconds = rack, {}
        around = racks.Around(rack)
        self.client, self.router, self.far = around.client, around.router, around.far
        self.n1 = rack.native("n1", listed={"roles": CONTROL_PLANE, "rack": racks.RACK})
        self.workers = [rack.native(name, listed={"roles": WORKER, "rack": racks.RACK}) for name in ("n2", "n3")]
        self.cluster = racks.Cluster(rack, self.n1)
        rack.site["enrolment"] = {"control-plane": "listed"}
        rack.site["load-balancer"] = {"pools": [{"name": "main", "addresses": POOL}]}

    def machine(self, mac):
        """Whose card that is."""
        return next(machine for machine in self.rack.machines if mac in machine.macs)

    def told(self, what, seconds):
        """Keeps a time and says it to the person who reads the runner's output."""
        self.seconds[what] = round(seconds, 1)
        print(f"\n  {what}: {seconds:.1f} s", end="")


def make(rack):
    """Power on, all at once; returns when the control plane is there: each test waits for what it needs."""
    shared = Shared(rack)
    rack.start("edge", archs=[shared.n1.arch])
    for machine in rack.machines:
        machine.power_on()
    began = time.time()
    rack.wait(shared.n1, "join", timeout=120)
    shared.told("control plane made", time.time() - began)
    return shared
