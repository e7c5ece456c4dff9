"""`make demo-boot` itself: BIOS, UEFI x86_64 and UEFI ARM64 reach healthy with the Debian root and state
disks; Ctrl-C leaves nothing behind."""

import os
import signal
import time

from steps import demo_report, start_demo

FOLDER = "05_demo_boot"


def left_behind(mark):
    """Processes that carry the mark."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                if mark.encode() in file.read():
                    found.append(int(pid))
        except OSError:     # it ended, or is another's
            pass
    return found


def test_demo():
    report = demo_report("boot", FOLDER, 900)
    machines = report["machines"]
    assert {m["firmware"] for m in machines.values()} == {"bios", "uefi", "arm64"}
    assert all("healthy" in m["phases"] for m in machines.values())
    assert report["pss_kib"] < 64 * 1024, report


def test_demo_interrupted():
    mark = f"demo-{time.monotonic_ns()}"
    demo = start_demo("boot", FOLDER, DEMO_MARK=mark)   # which all its children carry
    lines = []
    for line in demo.stdout:
        lines.append(line)
        if "dhcp" in line:
            break
    assert any("dhcp" in line for line in lines), "".join(lines)
    assert len(left_behind(mark)) > 5
    demo.send_signal(signal.SIGINT)
    demo.communicate(timeout=30)
    assert demo.returncode == 130
    assert left_behind(mark) == []
