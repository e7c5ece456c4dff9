"""Who a herd boots from: the boot server, or dnsmasq and nginx as one sets them up by hand."""

import os
import shutil

from rack import foreign
from rack.rack import ROOT

SHIPPED = os.path.join(ROOT, "build", "share", "bootserver", "ipxe")
FIRST = "start.ipxe"
# whom plain dnsmasq gives what: its tag, the architectures (option 93), the file
KINDS = (("bios", (0,), "undionly.kpxe"), ("efi", (7, 9), "snponly.efi"), ("arm", (11,), "ipxe-arm64.efi"))


def widen(rack):
    """The rack's network has room for thousands: 10.9.0.0/16."""
    rack.net.run("ip", "addr", "add", "10.9.0.1/16", "dev", "br0")
    rack.net.run("ip", "addr", "del", "10.9.0.1/24", "dev", "br0")
    rack.site["server"]["address"] = "10.9.0.1/16"


def ours(rack, scenario, **more):
    """The boot server with all machines of the scenario and an image of its sizes; `more` keys of the site."""
    rack.site.update(dhcp={"range": "10.9.0.20-10.9.0.250"}, machines=scenario.listed(), image="edge")
    rack.site.update(more)
    rack.server.write_site(rack.site)
    rack.server.command("init")
    rack.server.command("image", "add", scenario.image(os.path.join(rack.folder, "image")))
    rack.server.start()


def by_hand(rack, scenario, pool="10.9.0.20,10.9.0.250,255.255.255.0"):
    """dnsmasq and nginx, with an image of the scenario's sizes; `pool`: what dnsmasq leases."""
    root = foreign.dnsmasq(rack, "enable-tftp", f"tftp-root={rack.folder}/tftp", "dhcp-ignore-clid",
                           "dhcp-userclass=set:ipxe,iPXE", "dhcp-match=set:ipxe,175",
                           f"dhcp-boot=tag:ipxe,http://10.9.0.1/{FIRST}", *_kinds(), pool=pool)
    for _, _, binary in KINDS:
        shutil.copy(os.path.join(SHIPPED, binary), root)
    image = scenario.image(os.path.join(rack.folder, "image"))
    kernel, initrd = (name for name in sorted(os.listdir(image), key=lambda name: os.path.getsize(f"{image}/{name}"))
                      if len(name) == 64)
    for name in (kernel, initrd):
        os.rename(os.path.join(image, name), os.path.join(root, name))
    with open(os.path.join(root, FIRST), "w", encoding="ascii") as file:
        file.write(f"#!ipxe\nkernel {kernel} quiet\ninitrd {initrd}\nboot\n")
    foreign.nginx(rack, root)
    rack.server.write_site(rack.site)
    rack.server.command("init")     # the herd is told of a CA


def _kinds():
    for tag, numbers, binary in KINDS:
        for number in numbers:
            yield f"dhcp-match=set:{tag},option:client-arch,{number}"
        yield f"dhcp-boot=tag:{tag},tag:!ipxe,{binary}"
    # UEFI HTTP Boot wants an address of a file and its own class said back
    yield "dhcp-match=set:http,option:client-arch,16"
    yield "dhcp-boot=tag:http,tag:!ipxe,http://10.9.0.1/snponly.efi"
    yield "dhcp-option-force=tag:http,60,HTTPClient"
