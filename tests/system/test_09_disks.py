"""Which disks are written: none that holds anything; and what a machine does that has no disk to use."""

import hashlib
import os
import signal

from steps import healthy

MIB = 1 << 20


def digest(disk):
    """Of its contents, and how much of it was ever written: a zero written into a hole counts too."""
    summary = hashlib.sha256()
    with open(disk.path, "rb") as file:
        os.fsync(file.fileno())     # only then the file's map is what it stays
        end, at = os.fstat(file.fileno()).st_size, 0
        while at < end:
            try:
                at = os.lseek(file.fileno(), at, os.SEEK_DATA) // MIB * MIB
            except OSError:     # ENXIO: a hole up to the end
                break
            data = os.pread(file.fileno(), MIB, at)
            if data.strip(b"\0"):
                summary.update(f"{at}:".encode() + data)
            at += MIB
        return summary.hexdigest(), os.fstat(file.fileno()).st_blocks


def test_no_usable_disk(rack):
    """Storage stalls with the disk and the reason, no byte is written; `diskless: true` allows memory."""
    n1 = rack.machine("n1", "uefi", disks=[6144 * MIB])
    disk = n1.disks[0]
    rack.net.run("mkfs.ext4", "-q", "-L", "somebodys", disk.path)
    before = digest(disk)
    rack.start("tiny")
    n1.power_on()
    stalled = rack.wait(n1, "storage", "stall")
    assert "vda" in stalled["text"] and "ext4" in stalled["text"], stalled
    found = rack.server.api("GET", "/v1/machines/n1")
    assert found["state"] == "stalled" and found["phase"] == "storage", found
    assert not rack.events(n1, "healthy", "done")
    assert digest(disk) == before

    rack.site["machines"][0]["diskless"] = True
    rack.server.write_site(rack.site)
    rack.server.process.send(signal.SIGHUP)
    n1.reset()
    healthy(rack, n1)
    assert digest(disk) == before


def test_diskless(rack):
    """A machine without disks runs from memory and says so."""
    n1 = rack.machine("n1", "bios")
    rack.start("tiny")
    n1.power_on()
    healthy(rack, n1)
    told = rack.wait(n1, "storage", timeout=1)["text"]
    assert told.startswith("state ram") and "no disk" in told
    assert rack.server.api("GET", "/v1/machines/n1")["facts"]["disks"] == []
