"""Too little memory for the root: stage 1 stops before it fetches and says how much there is and must be."""

import re


def test_little_memory(rack):
    n1 = rack.machine("n1", "uefi", memory=640)
    rack.start("base")
    n1.power_on()
    stalled = rack.wait(n1, "stage1", "stall")
    told = re.search(r"memory (\d+) MiB, needs (\d+) MiB", stalled["text"])
    assert told, stalled
    root = next(part for part in rack.manifest("base")["parts"]
                if part["part"] == "root" and part["arch"] == "amd64")
    assert int(told.group(2)) == -(-root["size"] // 1048576) + 600
    assert 400 < int(told.group(1)) < 640
    n1.wait_console("needs", timeout=5)
    assert not rack.events(n1, "root")
