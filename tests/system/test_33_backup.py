"""A backup of a running site makes another server that takes over: the same CA, machines, leases and
images, and a machine boots from it."""

import os
import time

import pytest

from rack import openssl
from rack.server import Server
from steps import EDGE_HEALTHY, healthy, one_lease, start_small


def read(server, path):
    with open(os.path.join(server.site_folder, path), "rb") as file:
        return file.read()


def to_passphrase(rack):
    """What `backup` and `restore` are told."""
    secret = os.path.join(rack.folder, "secret")
    with open(secret, "w", encoding="ascii") as file:
        file.write("correct horse\n")
    return [("--passphrase-file", secret)] * 2


def to_certificate(rack):
    """`backup` needs the certificate alone; the key lies elsewhere."""
    cert, both = os.path.join(rack.folder, "cert.pem"), os.path.join(rack.folder, "both.pem")
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=keeper", "-keyout", both, "-out", cert)
    with open(cert, encoding="ascii") as source, open(both, "a", encoding="ascii") as file:
        file.write(source.read())
    return ("--to", cert), ("--key", both)


def back_up(rack, to=to_passphrase):
    """A backup of the running server, which then ends; the server restored from it, not yet started."""
    first, (seals, opens) = rack.server, to(rack)
    backup, began = os.path.join(rack.folder, "site.backup"), time.monotonic()
    first.command("backup", *seals, backup)
    print(f"\n  backup: {os.path.getsize(backup) / 1e6:.1f} MB in {time.monotonic() - began:.1f} s", end="")
    with open(backup, "rb") as file:    # nothing of a key can be seen in it
        assert b"PRIVATE KEY" not in file.read()
    status, _ = first.stop()
    assert status == 0
    second = rack.server = Server(rack, os.path.join(rack.folder, "other"))
    os.makedirs(second.site_folder)
    second.command("restore", *opens, backup)
    second.command("image", "verify")
    for path in ("pki/ca.key", "pki/ca.crt", "pki/engine.key", "site.yaml", "machines.d/n2.yaml"):
        assert read(second, path) == read(first, path), path
    return second


@pytest.mark.parametrize("to", [to_passphrase, to_certificate], ids=["passphrase", "certificate"])
def test_what_the_engine_knows(rack, to):
    """Without a machine: what was approved, ordered and written a moment before is there afterwards."""
    rack.site["machines"] = [{"name": "n1", "mac": "52:54:00:00:00:01"}]
    start_small(rack)
    first = rack.server
    first.api("POST", "/v1/machines", {"name": "n2", "mac": "52:54:00:00:00:22"})
    rack.net.run("curl", "-s", "-m", "5",
                 "http://10.9.0.1/v1/boot?mac=52:54:00:00:00:33&arch=x86_64&platform=efi")
    first.api("POST", "/v1/machines/52:54:00:00:00:33/approve", {"name": "n3"})
    first.api("PUT", "/v1/machines/n1/plan", {"kind": "rescue", "once": True})
    before = {machine["name"]: machine for machine in first.api("GET", "/v1/machines")}
    second = back_up(rack, to)
    second.start()
    after = {machine["name"]: machine for machine in second.api("GET", "/v1/machines")}
    assert sorted(after) == ["n1", "n2", "n3"]
    for name, key in (("n1", "plan"), ("n1", "once"), ("n2", "file"), ("n3", "approved"), ("n3", "macs"),
                      ("n3", "code")):
        assert after[name][key] == before[name][key], (name, key)
    assert second.api("GET", "/v1/machines/n3")["boots"][0]["events"]


def test_another_server_takes_over(rack):
    """The machine's disk keeps its key (tiny cannot partition one): the second server knows it."""
    n1 = rack.machine("n1", "uefi", memory=2048, disks=[5 << 30])
    rack.site.update({"state-size": "3GiB"})
    rack.start("base")
    first = rack.server
    first.api("POST", "/v1/machines", {"name": "n2", "mac": "52:54:00:00:00:22"})
    n1.power_on()
    healthy(rack, n1, EDGE_HEALTHY)
    one_lease(rack, n1)
    before = first.api("GET", "/v1/machines/n1")

    second = back_up(rack)
    second.start()
    after = second.api("GET", "/v1/machines/n1")
    for key in ("key", "ip", "image", "last_good", "macs", "state"):
        assert after[key] == before[key], key
    assert [boot["outcome"] for boot in after["boots"]] == [boot["outcome"] for boot in before["boots"]]
    assert second.api("GET", "/v1/machines/n2")["known"]

    n1.power_off()
    n1.power_on()
    healthy(rack, n1, EDGE_HEALTHY)
    one_lease(rack, n1)
    again = second.api("GET", "/v1/machines/n1")
    assert (again["ip"], again["key"]) == (before["ip"], before["key"])
    assert len(again["boots"]) == len(before["boots"]) + 1
