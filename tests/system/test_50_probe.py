"""`bootserver probe`: against our own server and against foreign ones it boots, or names what is wrong."""

import glob
import json
import os
import shutil

import pytest
import steps
from rack import foreign, until
from rack.server import BINARY

MAC = "52:54:00:00:00:01"
BOOTED = ["dhcp", "tftp", "ipxe", "script", "kernel", "initrd", "boot"]
SHIPPED = os.path.join(os.path.dirname(BINARY), "share", "bootserver", "ipxe")


def probe(rack, *words, card="card", site=None):
    """(exit status, what it found) of one probe."""
    argv = [BINARY, "-C", site or rack.server.site_folder, "probe", "--interface", card, "--json", *words]
    output = rack.net.run("sh", "-c", '"$@"; echo " $?"', "sh", *argv, check=False, timeout=100)
    found, _, status = output.rstrip().rpartition(" ")
    return int(status), json.loads(found)


def good(rack, *words, phases=BOOTED, **options):
    status, found = probe(rack, *words, **options)
    assert status == 0 and found["good"] and "fault" not in found, found
    assert [row["phase"] for row in found["phases"] if row["done"]] == phases, found
    return found


def bad(rack, sentence, *words, **options):
    """A fault is named, in one sentence that holds this one."""
    status, found = probe(rack, *words, **options)
    assert status == 1 and not found["good"], found
    assert sentence in found["fault"], found
    return found


def ours(rack):
    """The boot server with one machine and an image of two small files."""
    rack.card()
    rack.site["machines"] = [{"name": "n1", "mac": MAC}]
    steps.start_small(rack)


def script(folder, *lines, name="autoexec.ipxe"):
    with open(os.path.join(folder, name), "w", encoding="ascii") as file:
        file.write("\n".join(["#!ipxe", *lines, ""]))


def test_our_own_server(rack):
    ours(rack)
    for kind, first in (("uefi-x86_64", "tftp"), ("uefi-http-x86_64", "http"), ("bios", "tftp")):
        found = good(rack, "--mac", MAC, "--firmware", kind, phases=["dhcp", first, *BOOTED[2:]])
        texts = {row["phase"]: row["text"] for row in found["phases"]}
        assert "digest right" in texts["kernel"] and "digest right" in texts["initrd"]
        assert texts["ipxe"] == "greeted by " + ("http" if kind == "bios" else "https") + "://10.9.0.1"
        assert texts["boot"].startswith("image edge@1")
    # what the server does not know is told to wait, and the wire is good
    for kind, first in (("uefi-arm64", "tftp"), ("uefi-http-arm64", "http")):
        found = good(rack, "--firmware", kind, phases=["dhcp", first, "ipxe", "script"])
        assert "bootserver approve" in found["phases"][3]["text"]
    # it gave its addresses back, and the timeline knows of it as of any machine
    assert until(lambda: rack.leases() == [])
    assert rack.server.api("GET", "/v1/machines/n1")["phase"] == "initrd"


def test_what_is_wrong_with_our_own(rack):
    rack.card()
    rack.server.write_site(rack.site)
    bad(rack, "no DHCP server answered 4 requests")
    rack.net.run("ip", "link", "del", "card")
    ours(rack)
    # another site's CA
    other = os.path.join(rack.folder, "other")
    os.makedirs(other)
    rack.net.run(BINARY, "-C", other, "init", "--interface", "br0", "--address", "10.9.0.1/24")
    bad(rack, "was stamped for another site", "--ca", os.path.join(other, "pki", "ca.crt"))
    # a kernel of other bytes, in the same place
    kernel = next(part for part in rack.manifest("edge")["parts"] if part["part"] == "kernel")
    path = os.path.join(rack.server.site_folder, "store", "sha256", kernel["sha256"])
    os.chmod(path, 0o644)
    with open(path, "r+b") as file:
        file.write(b"K")
    for kind in ("uefi-x86_64", "bios"):
        bad(rack, "kernel is not what was promised", "--mac", MAC, "--firmware", kind)
    # TFTP has lost its file
    os.unlink(os.path.join(rack.server.site_folder, "run", "tftp", "snponly.efi"))
    bad(rack, "the TFTP server 10.9.0.1 does not give snponly.efi")
    bad(rack, "answers 404 for /ipxe/snponly.efi", "--firmware", "uefi-http-x86_64")


def test_beside_somebody_elses_dhcp(rack):
    """He leases, we name the file: to UEFI by our offer, to BIOS by port 4011."""
    rack.site["dhcp"] = {"mode": "proxy"}
    ours(rack)
    other = rack.host("dhcp", ("br0", "10.9.0.2/24"))
    foreign.dnsmasq(rack, network=other.network)
    for kind in ("uefi-x86_64", "bios"):
        found = good(rack, "--mac", MAC, "--firmware", kind)
        assert "from 10.9.0.2; boot file " in found["phases"][0]["text"], found


def test_plain_dnsmasq(rack):
    rack.card()
    folder = foreign.dnsmasq(rack, "enable-tftp", f"tftp-root={rack.folder}/tftp", "dhcp-match=set:efi,option:client-arch,7",
                     "dhcp-boot=tag:efi,snponly.efi", "dhcp-boot=tag:!efi,missing.kpxe")
    shutil.copy(os.path.join(SHIPPED, "snponly.efi"), folder)
    nowhere = {"site": rack.folder}
    bad(rack, "does not give missing.kpxe", "--firmware", "bios", **nowhere)
    bad(rack, "nobody names a boot file for UEFI x86_64 HTTP Boot", "--firmware", "uefi-http-x86_64", **nowhere)
    # nobody told iPXE from firmware
    bad(rack, "or it loads itself for ever", **nowhere)
    for name in ("vmlinuz", "initrd.img"):
        with open(os.path.join(folder, name), "wb") as file:
            file.write(os.urandom(100000))
    script(folder, "dhcp", "kernel vmlinuz quiet", "initrd initrd.img", "boot")
    found = good(rack, phases=["dhcp", "tftp", "ipxe", "kernel", "initrd", "boot"], **nowhere)
    assert "each machine takes several addresses" in found["note"]
    script(folder, "dhcp", "chain https://10.9.0.1/x")
    bad(rack, "no CA is trusted", **nowhere)


def test_dnsmasq_and_nginx(rack):
    rack.card()
    root = os.path.join(rack.folder, "tftp")
    rack.server.write_site(rack.site)
    rack.server.command("init")
    keys = os.path.join(rack.server.site_folder, "pki")
    foreign.dnsmasq(rack, "enable-tftp", f"tftp-root={root}", "dhcp-userclass=set:ipxe,iPXE",
            "dhcp-boot=tag:!ipxe,undionly.kpxe", "dhcp-boot=tag:ipxe,http://10.9.0.1/start.ipxe")
    shutil.copy(os.path.join(SHIPPED, "undionly.kpxe"), root)
    bad(rack, "10.9.0.1 refuses connections on port 80", "--firmware", "bios")
    with open(os.path.join(root, "chain.crt"), "wb") as file:
        for name in ("server.crt", "ca.crt"):
            with open(os.path.join(keys, name), "rb") as part:
                file.write(part.read())
    shutil.copy(os.path.join(keys, "server.key"), root)
    foreign.nginx(rack, root, keys=root)
    bad(rack, "answers 404 for /start.ipxe", "--firmware", "bios")
    for name in ("vmlinuz", "initrd.img"):
        with open(os.path.join(root, name), "wb") as file:
            file.write(os.urandom(3000000))
    script(root, "kernel vmlinuz quiet", "initrd https://10.9.0.1/initrd.img", "boot", name="start.ipxe")
    good(rack, "--firmware", "bios", phases=["dhcp", "tftp", "ipxe", "kernel", "initrd", "boot"])
    other = os.path.join(rack.folder, "other")
    os.makedirs(other)
    rack.net.run(BINARY, "-C", other, "init", "--interface", "br0", "--address", "10.9.0.1/24")
    bad(rack, "the certificate of 10.9.0.1 is not signed by the CA that is trusted", "--firmware", "bios",
        "--ca", glob.glob(os.path.join(other, "pki", "ca.crt"))[0])
