"""A backup of a running site makes another server that takes over: the same CA, machines, leases and
images, and a machine boots from it."""

import os
import time

from rack.server import Server
from steps import healthy, one_lease


def read(server, path):
    with open(os.path.join(server.site_folder, path), "rb") as file:
        return file.read()


def test_another_server_takes_over(rack):
    n1 = rack.machine("n1", "uefi", disks=[5 << 30])
    rack.site.update({"state-size": "256MiB"})
    rack.start("tiny")
    first = rack.server
    first.api("POST", "/v1/machines", {"name": "n2", "mac": "52:54:00:00:00:22"})
    n1.power_on()
    healthy(rack, n1)
    one_lease(rack, n1)
    before = first.api("GET", "/v1/machines/n1")

    secret = os.path.join(rack.folder, "secret")
    with open(secret, "w", encoding="ascii") as file:
        file.write("correct horse\n")
    backup, began = os.path.join(rack.folder, "site.backup"), time.monotonic()
    first.command("backup", "--passphrase-file", secret, backup)
    print(f"\n  backup: {os.path.getsize(backup) >> 20} MiB in {time.monotonic() - began:.1f} s", end="")
    # nothing of a key can be seen in it
    assert b"PRIVATE KEY" not in open(backup, "rb").read()
    status, _ = first.stop()
    assert status == 0

    second = rack.server = Server(rack, os.path.join(rack.folder, "other"))
    os.makedirs(second.site_folder)
    second.command("restore", "--passphrase-file", secret, backup)
    second.command("image", "verify")
    for path in ("pki/ca.key", "pki/ca.crt", "pki/engine.key", "site.yaml", "machines.d/n2.yaml"):
        assert read(second, path) == read(first, path), path
    second.start()
    after = second.api("GET", "/v1/machines/n1")
    for key in ("key", "ip", "image", "last_good", "macs", "state"):
        assert after[key] == before[key], key
    assert [boot["outcome"] for boot in after["boots"]] == [boot["outcome"] for boot in before["boots"]]
    assert second.api("GET", "/v1/machines/n2")["known"]

    n1.power_off()
    n1.power_on()
    healthy(rack, n1)
    one_lease(rack, n1)
    again = second.api("GET", "/v1/machines/n1")
    assert (again["ip"], again["key"]) == (before["ip"], before["key"])
    assert len(again["boots"]) == len(before["boots"]) + 1
