"""What our pace costs a real iPXE: the same file from the boot server and from nginx, one after the other."""

import os
import re
import shutil
import statistics

import pytest

from fleet.servers import SHIPPED
from rack import foreign
from steps import start_small

MIB = 1 << 20
PAIRS, SIZE = 9, 24 * MIB
SIDES = {"ours": 80, "nginx": 8080}


def script(path):
    """Pairs in alternation: who is first changes; the console's lines have their times."""
    lines = ["#!ipxe", "dhcp"]
    for n in range(PAIRS):
        for side in sorted(SIDES, reverse=n % 2 == 0):
            lines += [f"echo pace begin {side}", f"imgfetch --name file http://10.9.0.1:{SIDES[side]}/{path}",
                      f"echo pace end {side}", "imgfree file"]
    return "\n".join([*lines, "echo pace over", "sleep 3600", ""])


def seconds(log):
    """{side: seconds of each transfer} by the stamps of serial.log."""
    found, begun = {side: [] for side in SIDES}, 0.0
    for stamp, what, side in re.findall(r"^\[\s*([\d.]+)\] .*?pace (begin|end) (\w+)", log, re.M):
        if what == "begin":
            begun = float(stamp)
        else:
            found[side].append(float(stamp) - begun)
    return found


def serve(rack, machine):
    """The same file from both; its path, with the nonce of a boot of the machine's: by it the pace is remembered."""
    start_small(rack, SIZE)
    root = os.path.join(rack.folder, "static")
    os.makedirs(root)
    os.symlink(os.path.join(rack.server.site_folder, "store/sha256"), os.path.join(root, "blob"))
    foreign.nginx(rack, root, port=SIDES["nginx"])
    given = rack.net.run("curl", "-sf", "-m", "60", f"http://10.9.0.1/v1/boot?mac={machine.macs[0]}&platform=efi&arch=x86_64")
    digest, nonce = (re.search(rf"^set {name} (\S+)$", given, re.M).group(1) for name in ("kernel", "nonce"))
    return f"blob/{digest}?nonce={nonce}"


def somebodys_dhcp(rack, path):
    """Leases, our iPXE by TFTP, and the script to it."""
    other = rack.host("dhcp", ("br0", "10.9.0.2/24"))
    tftp = foreign.dnsmasq(rack, "enable-tftp", f"tftp-root={rack.folder}/tftp", "dhcp-match=set:ipxe,175",
                           "dhcp-match=set:efi,option:client-arch,7", "dhcp-boot=tag:efi,tag:!ipxe,snponly.efi",
                           "dhcp-boot=tag:!efi,tag:!ipxe,undionly.kpxe", "dhcp-boot=tag:ipxe,autoexec.ipxe",
                           network=other.network)
    for binary in ("snponly.efi", "undionly.kpxe"):
        shutil.copy(os.path.join(SHIPPED, binary), tftp)
    with open(os.path.join(tftp, "autoexec.ipxe"), "w", encoding="ascii") as file:
        file.write(script(path))


@pytest.mark.soak   # a median of 5 % wants many pairs
@pytest.mark.parametrize("firmware", ["uefi", "bios"])
def test_a_real_ipxe_loses_little(rack, firmware):
    n1 = rack.machine("n1", firmware)
    rack.site["dhcp"] = {"mode": "none"}
    somebodys_dhcp(rack, serve(rack, n1))
    n1.power_on()
    n1.wait_console(r"pace over", timeout=600)
    with open(n1.log, encoding="utf-8") as file:
        found = seconds(file.read())
    assert [len(values) for values in found.values()] == [PAIRS, PAIRS], found
    speed = statistics.median(theirs / ours for ours, theirs in zip(found["ours"], found["nginx"]))
    print(f"\n  {firmware}: {SIZE / MIB / statistics.median(found['ours']):.1f} MiB/s, {speed:.2f} of nginx's speed without a pace; "
          f"seconds: {found}")
    assert speed > 0.95, found
