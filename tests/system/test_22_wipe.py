"""A data disk is erased by two words of the operator, by its serial number alone, and not while it is in use."""

import os

from rack import look
from steps import healthy, wipe

PLACES = 0, 3 << 30
PRECIOUS = b"precious"


def write(disk):
    with open(disk.path, "r+b") as file:
        for place in PLACES:
            file.seek(place)
            file.write(PRECIOUS)


def read(disk):
    """What is at these places."""
    with open(disk.path, "rb") as file:
        return [os.pread(file.fileno(), len(PRECIOUS), place) for place in PLACES]


def use(rack, disk):
    facts = rack.server.api("GET", "/v1/machines/n1")["facts"]
    return next(one["use"] for one in facts["disks"] if one["serial"] == disk.serial)


def test_wipe(rack):
    n1 = rack.native("n1", disks=(8 << 30, 6 << 30, 6 << 30))
    _, disk, other = n1.disks
    write(disk)
    write(other)
    rack.start("base")
    n1.power_on()
    healthy(rack, n1)
    assert use(rack, disk) == "unknown"

    n1.run("systemd-run", "--unit=holder", "sh", "-c", "exec sleep 900 </dev/vdb")
    assert "failed: nothing was written: disk vdb is in use by " in wipe(rack, n1, disk)
    assert read(disk) == [PRECIOUS, PRECIOUS]
    n1.run("systemctl", "stop", "holder")
    assert f"done: disk vdb (serial number {disk.serial}, 6144 MiB) is blank now" in wipe(rack, n1, disk)
    assert read(disk) == [bytes(len(PRECIOUS))] * 2
    assert os.stat(disk.path).st_size == 6 << 30
    look(lambda: use(rack, disk) == "blank", 30, "the new facts")
    assert read(other) == [PRECIOUS, PRECIOUS] and use(rack, other) == "unknown"
