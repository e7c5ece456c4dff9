"""Three control-plane nodes: any one may be lost, and comes back without a hand, whatever it has kept: all of its
state, nothing, half of a join; or another machine comes in its place."""

import copy
import itertools
import time

import pytest

from rack import dns, look

COUNT = """
apiVersion: v1
kind: ConfigMap
metadata: {name: count}
data: {count: "0"}
"""


def come_back_empty(three, machine):
    """With blank disks.  Its key was on them: that a control-plane machine has a new one is a person's to say."""
    machine.power_off()
    machine.blank()
    machine.power_on()
    three.rack.wait(machine, "enrol", "stall", timeout=180)
    machine.mark = len(three.rack.stream.events)    # that it stood still is behind it
    three.rack.server.command("approve", machine.name)


def outage(three, lost):
    """Cuts a machine's power; seconds between the last write before and the first one after it."""
    others = [machine for machine in three.nodes if machine is not lost]
    look(lambda: three.write(others[0], "before"), 60, "a write")
    last = time.monotonic()
    lost.power_off()
    for number, machine in enumerate(itertools.cycle(others)):
        if three.write(machine, number):
            return time.monotonic() - last
        assert time.monotonic() - last < 120, "the cluster takes no writes any more"


def all_members(three, machine):
    """etcd's members once there are three, all started, as one of them sees it."""
    def found():
        members = three.members(machine)
        return members and len(members) == 3 and "" not in members and members
    return look(found, 60, "three etcd members")


@pytest.mark.ground
def test_three(three):
    for machine in three.nodes:
        three.healthy(machine, "healthy", timeout=400)
    three.cluster.wait_ready(*(machine.name for machine in three.nodes))
    assert sorted(all_members(three, three.n1)) == ["n1", "n2", "n3"]
    three.cluster.apply(COUNT)


def test_services_without_router(three):
    """A site without a way out has no route to the services' addresses but the agent's: cluster DNS, asked as what
    runs on a node's own network asks it."""
    for machine in three.nodes:
        with machine.network() as network:
            look(lambda net=network: dns.ask(three.rack, "kubernetes.default.svc.cluster.local", server="10.96.0.10",
                                             network=net)[:2] == (dns.NOERROR, ["10.96.0.1"]),
                 60, f"{machine.name} to be answered by the cluster's DNS")


def test_loss_of_one(three):
    """The first one: etcd's leader, and the one by which kubectl came in."""
    n1, n2, _ = three.nodes
    before, uid = all_members(three, n2), three.uid(n1)
    three.told("API outage when n1 is lost", outage(three, n1))
    three.cluster.control_plane = n2
    n1.power_on()
    three.healthy(n1, "healthy again")
    three.cluster.wait_ready("n1")
    assert all_members(three, n2) == before and three.uid(n1) == uid
    look(lambda: three.write(n1, "by n1"), 60, "n1's API server to take a write")


@pytest.mark.soak       # two minutes and more, most of them kubeadm's wait for a node of the same name
def test_returns_empty(three):
    """Two of three live on, the third comes back with blank disks: a new member under its old name."""
    n1, _, n3 = three.nodes
    before = all_members(three, n1)
    come_back_empty(three, n3)
    three.healthy(n3, "healthy with blank disks", timeout=400)
    three.cluster.wait_ready("n3")
    after = all_members(three, n1)
    assert sorted(after) == ["n1", "n2", "n3"] and after["n3"] != before["n3"]
    assert (after["n1"], after["n2"]) == (before["n1"], before["n2"])
    look(lambda: three.write(n3, "by n3"), 60, "n3's API server to take a write")


def test_replaced(three):
    """A machine dies for good, another one has its address: the dead member has the peer address of the new one."""
    rack, (n1, n2, n3) = three.rack, three.nodes
    n3.power_off()
    n4 = rack.native("n4", listed=False)
    site = copy.deepcopy(three.site)
    site["machines"][2] = {**site["machines"][2], **n4.listed()}
    three.reload(site)
    n4.power_on()
    three.healthy(n4, "healthy in the place of n3", timeout=400)
    assert sorted(all_members(three, n1)) == ["n1", "n2", "n4"]
    assert "node n3 is no machine of the site any more" in rack.server.command("status")
    three.cluster.kubectl("delete", "node", "n3")
    three.nodes = [n1, n2, n4]


def test_join_cut(three):
    """The power goes when its etcd member was added and has not started."""
    n1, n2, _ = three.nodes
    before = all_members(three, n1)
    three.cluster.control_plane = n1
    began = time.monotonic()
    come_back_empty(three, n2)
    look(lambda: before["n2"] not in (three.members(n1) or before).values(), 240, "n2's old member to be removed")
    three.cluster.wait_missed("n2")
    three.told("n2 was missed", time.monotonic() - began)
    look(lambda: len(three.members(n1) or ()) == 3, 120, "n2's new member to be added")
    n2.power_off()
    cut = three.members(n1)
    n2.power_on()
    three.healthy(n2, "healthy after its join was cut", timeout=400)
    after = all_members(three, n1)
    assert after["n2"] not in cut.values(), "the cut join's member was to be removed"
    assert sorted(after) == sorted(before)
