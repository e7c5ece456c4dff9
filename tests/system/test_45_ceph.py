"""Three machines with a data disk each and nothing said of them but `storage:` become a Ceph cluster with an
object store.  What a client outside puts there outlives the reimage of one machine and the loss of another."""

import functools
import os
import time

import pytest

from rack import look
from steps import wipe

pytestmark = pytest.mark.soak   # ten minutes and more of three machines' work

BUCKET, OBJECT = "/bucket", "/bucket/object"


@functools.cache
def body():
    return os.urandom(200 * 1000 * 1000)


def read(storage, seconds):
    """The object as it is read now is what was put; how long that took."""
    found, took = storage.s3.wait(lambda s3: s3.get(OBJECT, seconds=30), seconds)
    assert found == body()
    return took


def uuids(osds):
    return {number: (osd["uuid"], osd["host"]) for number, osd in osds.items()}


def back(storage, machine, before):
    """The machine is healthy, its OSD in, Ceph well, and nothing has become another."""
    since = next(osd["up_from"] for osd in before.values() if osd["host"] == machine.name)
    storage.told(f"{machine.name} healthy", machine.seconds(storage.rack.wait(machine, "healthy", timeout=300)))
    storage.ceph.wait_osd(machine.name, since, 300)
    storage.told(f"{machine.name}: OSD in", machine.seconds({"heard": time.time()}))
    storage.ceph.wait_ok(600)
    storage.told(f"{machine.name}: HEALTH_OK", machine.seconds({"heard": time.time()}))
    after = storage.ceph.osds()
    assert uuids(after) == uuids(before)
    assert all(osd["up"] and osd["in"] for osd in after.values()), after
    disk = storage.disk(machine)
    assert disk["use"] == "ours", disk


def test_object_store(storage):
    storage.s3.wait(lambda s3: s3.put(BUCKET), 120)
    body()
    began = time.monotonic()
    storage.s3.put(OBJECT, body())
    storage.told("S3: 200 MB put", time.monotonic() - began)
    storage.told("S3: 200 MB got", read(storage, 60))
    storage.ceph.wait_ok(300)
    osds = storage.ceph.osds()
    assert sorted(osd["host"] for osd in osds.values()) == [machine.name for machine in storage.machines]
    for machine in storage.machines:
        number = next(number for number, osd in osds.items() if osd["host"] == machine.name)
        look(lambda m=machine, n=number: any(e.get("text") == f"OSD {n} is up" for e in storage.rack.events(m)),
             60, f"{machine.name}'s timeline to tell of its OSD {number}")
        shown = storage.rack.server.api("GET", f"/v1/machines/{machine.name}")["storage"]
        assert shown == {"osds": 1, "up": 1, "disks": 1}, shown


def test_reimage(storage):
    machine, before = storage.victim(), storage.ceph.osds()
    machine.expect_reboot()
    storage.rack.server.command("reimage", machine.name)
    back(storage, machine, before)
    read(storage, 60)


def test_power_cut(storage):
    machine, before = storage.victim(), storage.ceph.osds()
    machine.power_off()
    storage.told("power cut: read again", read(storage, 300))
    machine.power_on()
    back(storage, machine, before)
    read(storage, 60)


def test_away_for_long(storage):
    """A machine that was ordered to leave and is long in coming back: Ceph is kept from giving up on its OSD."""
    machine, before = storage.victim(), storage.ceph.osds()
    server = storage.rack.server

    def noout():
        return "noout" in (storage.ceph.ask("osd", "dump") or {}).get("crush_node_flags", {}).get(machine.name, [])
    server.command("plan", machine.name, "wait")
    machine.expect_reboot()
    server.api("POST", f"/v1/machines/{machine.name}/reboot")
    look(noout, 300, f"noout for {machine.name}", 2)
    storage.told(f"{machine.name}: noout", machine.seconds({"heard": time.time()}))
    assert storage.cluster.get("node", machine.name)["spec"]["unschedulable"]
    server.command("plan", machine.name, "image")
    back(storage, machine, before)
    look(lambda: not noout(), 120, "no noout any more", 2)
    assert "unschedulable" not in storage.cluster.get("node", machine.name)["spec"]
    read(storage, 60)


def test_bad_disk(storage):
    """A new disk on which Rook's preparation fails to write: `status` goes on saying that a disk has no OSD, which
    Rook says once; all else goes on.  When it writes again and has been wiped, it gets its OSD."""
    machine, before = storage.victim(), storage.ceph.osds()
    earlier = prepared(storage, machine)
    machine.power_off()
    mend, disk = machine.plug_bad(6 << 30, holds=512 << 10), machine.disks[-1]
    machine.power_on()
    back(storage, machine, before)
    look(lambda: prepared(storage, machine) - earlier, 600, f"the preparation of {machine.name}'s disks to end", 5)

    def shown():
        return storage.rack.server.api("GET", f"/v1/machines/{machine.name}")["storage"]
    look(lambda: shown() == {"osds": 1, "up": 1, "disks": 2}, 300, "one OSD on two disks", 5)
    assert "1 of 1 OSDs up on 2 disks" in storage.rack.server.command("show", machine.name)
    assert uuids(storage.ceph.osds()) == uuids(before)
    read(storage, 60)

    mend()
    assert "is blank now" in wipe(storage.rack, machine, disk)
    began = time.time()
    look(lambda: shown() == {"osds": 2, "up": 2, "disks": 2}, 300, "an OSD on the disk that was wiped", 5)
    storage.told("OSD on the wiped disk", time.time() - began)
    assert uuids(before).items() < uuids(storage.ceph.osds()).items()
    storage.ceph.wait_ok(300)


def prepared(storage, machine):
    """Pods that have gone through the machine's disks, by their uid."""
    pods = storage.cluster.get("pods", "-n", "rook-ceph", "-l", "app=rook-ceph-osd-prepare",
                               f"--field-selector=spec.nodeName={machine.name},status.phase=Succeeded")["items"]
    return {pod["metadata"]["uid"] for pod in pods}


def test_control_plane_is_made_anew(storage):
    """The one control plane has a new system disk: the cluster is made anew and the others join it, each without a
    hand but for the word that the new key is ours.  Ceph is the old one, with all that it holds."""
    n1, before = storage.machines[0], uuids(storage.ceph.osds())
    fsid, began = storage.ceph.ask("fsid")["fsid"], time.time()
    n1.power_off()
    n1.blank(disks=1)
    n1.power_on()
    storage.rack.wait(n1, "enrol", "stall", timeout=180)
    for machine in storage.machines:
        machine.mark = len(storage.rack.stream.events)
    storage.rack.server.command("approve", n1.name)
    for machine in storage.machines:
        storage.rack.wait(machine, "healthy", timeout=600)
        storage.told(f"{machine.name} healthy in the cluster made anew", time.time() - began)
    storage.cluster.wait_ready(*(machine.name for machine in storage.machines))

    def up():
        osds = storage.ceph.osds()
        return uuids(osds) == before and all(osd["up"] for osd in osds.values())
    look(up, 600, "the OSDs to be up, the same", 5)
    storage.told("all OSDs up again", time.time() - began)
    assert storage.ceph.ask("fsid")["fsid"] == fsid
    storage.become_user()
    read(storage, 300)
    storage.told("read again", time.time() - began)
    storage.ceph.wait_ok(900)
    storage.told("HEALTH_OK", time.time() - began)
