"""The store: a generation that a machine needs is not removed, what nobody needs goes with its parts, and an image
that there is no room for is refused with the reason.  A machine's boot notices nothing of it."""

import os

import pytest

from rack import RackError
from steps import healthy, other_generation, small_image

MIB = 1 << 20


def refused(rack, *words, site=None):
    """What `bootserver` says as it refuses."""
    with pytest.raises(RackError) as fault:
        rack.server.command(*(("-C", site) if site else ()), *words)
    return str(fault.value)


def parts(rack):
    return {name for name in os.listdir(os.path.join(rack.server.site_folder, "store/sha256")) if len(name) == 64}


def listed(rack):
    return {line.split()[0] for line in rack.server.command("image", "ls").splitlines()[1:]}


def test_remove(rack):
    n1, server = rack.native("n1"), rack.server
    rack.start("base")
    n1.power_on()
    healthy(rack, n1)
    assert "base@1 is needed: n1 " in refused(rack, "image", "rm", "base@1")

    server.command("image", "add", other_generation(rack, "base", "second"))
    assert "base@2 is needed: n1 boots it next" in refused(rack, "image", "rm", "base@2")
    assert "base@1 is needed: n1 runs it" in refused(rack, "image", "rm", "base@1")
    n1.expect_reboot()
    server.command("reimage", "n1")
    assert "base@2" in rack.wait(n1, "script")["text"]
    assert "n1 would fall back to it" in refused(rack, "image", "rm", "base@1"), "until the new one is healthy"
    healthy(rack, n1)
    before = parts(rack)
    assert "base@1 removed, 0 MiB freed" in server.command("image", "rm", "base@1")
    assert listed(rack) == {"base@2"} and parts(rack) == before, "both have the same parts"

    # The same is known of a server that does not run.
    server.stop()
    assert "base@2 is needed: n1 " in refused(rack, "image", "rm", "base@2")
    server.start()
    server.command("image", "verify")
    n1.expect_reboot()
    server.api("POST", "/v1/machines/n1/reboot")
    healthy(rack, n1)


def test_room(rack):
    server = rack.server
    rack.site.update({"image": "edge", "server": {**rack.site["server"], "store-limit": "20MiB"}})
    server.write_site(rack.site)
    server.command("init")
    first, second = (small_image(os.path.join(rack.folder, name), size)
                     for name, size in (("first", 4 * MIB), ("second", 8 * MIB)))
    server.command("image", "add", first)
    server.start()
    before = parts(rack)
    said = refused(rack, "image", "add", second)
    assert "server.store-limit is 20 MiB" in said and "the store holds 8 MiB" in said, said
    assert parts(rack) == before and listed(rack) == {"edge@1"}

    # Room is made by what nobody needs, and by what a crash left.
    for name in ("0" * 64, ".incoming"):
        with open(os.path.join(server.site_folder, "store/sha256", name), "wb") as file:
            file.write(bytes(MIB))
    assert server.command("image", "gc") == "2 MiB freed\n"
    assert parts(rack) == before
    assert "edge@1 removed, 8 MiB freed" in server.command("image", "rm", "edge@1")
    assert parts(rack) == set()
    server.command("image", "add", second)
    assert [image["generation"] for image in server.api("GET", "/v1/images")] == [2]


def test_full_disk(rack):
    """256 MiB of the disk stay free for the database."""
    site, folder = os.path.join(rack.folder, "full"), small_image(os.path.join(rack.folder, "image"), 8 * MIB)
    os.mkdir(site)
    rack.net.run("mount", "-t", "tmpfs", "-o", f"size={264 * MIB}", "full", site)
    rack.server.command("-C", site, "init")
    said = refused(rack, "image", "add", folder, site=site)
    assert "of which 256 are kept for the database: make room" in said, said
    rack.net.run("mount", "-o", f"remount,size={300 * MIB}", site)
    assert rack.server.command("-C", site, "image", "add", folder) == "edge@1\n"
