"""The clusters that several tests share, of native nodes: that of the tests from 40 on, one of three
control-plane nodes, and one of three machines with a data disk each."""

import time

import rack as racks

POOL = "10.9.0.200-10.9.0.219"
CONTROL_PLANE = ["control-plane", "worker"]
WORKER = ["worker", "load-balancer"]    # so that no test of an announcement costs the API server


class Base:
    """rack, cluster, machines by name; `site`: the site file as it was last; `seconds`: what took how long."""

    def __init__(self, rack):
        self.rack, self.site, self.seconds = rack, rack.site, {}
        rack.site["enrolment"] = {"control-plane": "listed"}

    def reload(self, site):
        """The server is given another site file."""
        self.site = site
        self.rack.server.reload(site)

    def address(self, machine):
        return self.rack.server.api("GET", f"/v1/machines/{machine.name}")["ip"]

    def uid(self, machine):
        return self.cluster.get("node", machine.name)["metadata"]["uid"]

    def told(self, what, seconds):
        """Keeps a time and says it to the person who reads the runner's output."""
        self.seconds[what] = round(seconds, 1)
        print(f"\n  {what}: {seconds:.1f} s", end="")

    def healthy(self, machine, what, timeout=240):
        """Waits for it, and tells how long it took since its power-on or reboot."""
        self.told(f"{machine.name} {what}", machine.seconds(self.rack.wait(machine, "healthy", timeout=timeout)))


class Shared(Base):
    """A control-plane node and two workers, a client, a router, and far, who is behind it."""

    def __init__(self, rack):
        super().__init__(rack)
        around = racks.Around(rack)
        self.client, self.router, self.far = around.client, around.router, around.far
        self.n1 = rack.native("n1", listed={"roles": CONTROL_PLANE, "rack": racks.RACK})
        self.workers = [rack.native(name, listed={"roles": WORKER, "rack": racks.RACK}) for name in ("n2", "n3")]
        self.cluster = racks.Cluster(rack, self.n1)
        rack.site["load-balancer"] = {"pools": [{"name": "main", "addresses": POOL}]}

    def machine(self, mac):
        """Whose card that is."""
        return next(machine for machine in self.rack.machines if mac in machine.macs)


class Three(Base):
    """n1, n2, n3, each with an address of its own, so that another machine can have it one day."""

    def __init__(self, rack):
        super().__init__(rack)
        self.nodes = [rack.native(f"n{n}", listed={"roles": CONTROL_PLANE, "address": f"10.9.0.{10 + n}"})
                      for n in (1, 2, 3)]
        self.n1 = self.nodes[0]
        self.cluster = racks.Cluster(rack, self.n1)
        self._api = self._etcd = None

    def write(self, machine, value, seconds=1.0):
        """Writes into the cluster through the API server of one machine: did it take it?"""
        if not self._api:
            self._api = racks.Https(self.rack, "client", "ca", "/O=system:masters/CN=test")
        path = "/api/v1/namespaces/default/configmaps/count"
        done = self._api.ask("PATCH", (self.address(machine), 6443), path, {"data": {"count": str(value)}},
                             name=f"api.{self.site['site']['domain']}", seconds=seconds)
        return done is not None and done[0] == 200

    def members(self, machine):
        """{name, "" of one that has not started: id} of etcd's members, as one of them sees it; None: it is away."""
        if not self._etcd:
            self._etcd = racks.Https(self.rack, "etcd", "etcd-ca", "/CN=test")
        done = self._etcd.ask("POST", (self.address(machine), 2379), "/v3/cluster/member/list", {})
        return {member.get("name", ""): member["ID"] for member in done[1]["members"]} if done else None


def make(rack, kind=Shared):
    """Power on, all at once; returns when the control plane is there: each test waits for what it needs."""
    shared = kind(rack)
    rack.start("edge", archs=[shared.n1.arch])
    for machine in rack.machines:
        machine.power_on()
    began = time.time()
    rack.wait(shared.n1, "join", timeout=120)
    shared.told("control plane made", time.time() - began)
    return shared


class Storage(Base):
    """ceph, client, machines; `s3` once there is an object store."""

    def __init__(self, rack):
        super().__init__(rack)
        self.s3 = None
        self.client = rack.host("client", ("br0", "10.9.0.50/24"))
        self.machines = [rack.native(name, disks=(8 << 30, 6 << 30)) for name in ("n1", "n2", "n3")]
        self.cluster = racks.Cluster(rack, self.machines[0])
        self.ceph = racks.Ceph(self.cluster)
        rack.site["load-balancer"] = {"pools": [{"name": "main", "addresses": POOL}]}
        rack.site["storage"] = {"object-store": True}

    def become_user(self):
        """Of the object store, as it is now."""
        url = f"http://{self.cluster.address('objects-s3', namespace='rook-ceph')}"
        self.s3 = self.ceph.user("tester", self.client, url)

    def victim(self):
        """A machine that neither the control plane nor Rook's operator, whom the tests ask, is on."""
        operator = self.ceph.operator()
        return next(machine for machine in self.machines[1:] if machine.name != operator)

    def disk(self, machine):
        """The machine's data disk, as its agent told it."""
        facts = self.rack.server.api("GET", f"/v1/machines/{machine.name}")["facts"]
        return next(disk for disk in facts["disks"] if disk["serial"] == machine.disks[1].serial)


def make_storage(rack):
    """Power on, all at once; returns when there is an object store with an address."""
    made = Storage(rack)
    rack.start("edge", archs=[made.machines[0].arch])
    for machine in rack.machines:
        machine.power_on()
    began = time.time()
    for machine in rack.machines:
        rack.wait(machine, "healthy", timeout=1200)
    made.told("three machines with storage healthy", time.time() - began)
    made.become_user()
    return made
