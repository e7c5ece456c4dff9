"""The long counts: run by `make soak`."""

import os
import shutil
import subprocess

import pytest

import rack as racks
from steps import EDGE_HEALTHY, healthy, one_lease

pytestmark = pytest.mark.soak


def built_anew(name, cache):
    """The manifest of an image whose every step was done again, in a cache of its own."""
    env = {**os.environ, "CACHE": cache, "XDG_CACHE_HOME": cache}
    done = subprocess.run([os.path.join(racks.ROOT, "images/build"), name], check=True, env=env,
                          stdout=subprocess.PIPE, text=True)
    folder = done.stdout.strip().split("\n")[-1]
    assert folder.startswith(cache)
    with open(os.path.join(folder, "manifest.json"), encoding="utf-8") as file:
        return file.read()


@pytest.mark.parametrize("name", ["tiny", "base"])
def test_image_built_twice(name):
    """The same inputs give the same digests."""
    cache = os.path.join(racks.ROOT, "build/test/soak-cache")
    shutil.rmtree(cache, ignore_errors=True)
    try:
        assert built_anew(name, cache) == built_anew(name, os.path.join(cache, "second"))
    finally:
        shutil.rmtree(cache, ignore_errors=True)


def test_twenty_boots(rack):
    """Twenty lives of one machine, every second one ended by a power cut: same key, one lease, healthy."""
    rack.site["state-size"] = "3GiB"
    n1 = rack.machine("n1", "uefi", memory=2048, cpus=2, disks=[5 << 30])
    rack.start("base")
    for life in range(20):
        if life % 2 == 0:
            n1.power_off()
            n1.power_on()
        else:
            n1.expect_reboot()
            rack.server.api("POST", "/v1/machines/n1/reboot")
        healthy(rack, n1, EDGE_HEALTHY)
        one_lease(rack, n1)
        if life:
            assert rack.wait(n1, "storage", timeout=1)["text"].startswith("state kept")
