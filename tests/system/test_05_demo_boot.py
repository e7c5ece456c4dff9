"""`make demo-boot` itself: BIOS, UEFI x86_64 and UEFI ARM64 reach healthy with the Debian root and state
disks; Ctrl-C leaves nothing behind."""

import json
import os
import signal
import subprocess
import time

import rack as racks

FOLDER = os.path.join(racks.ROOT, "build/test/05_demo_boot")
DEMO = ["/usr/bin/python3", "-B", os.path.join(racks.ROOT, "tests/demo/boot.py"), "--folder", FOLDER]


def start(mark=""):
    """With its output in a pipe, and a mark in its environment that all its children carry."""
    return subprocess.Popen(DEMO, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, start_new_session=True,
                            env={**os.environ, "DEMO_MARK": mark})


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
    demo = start()
    try:
        output, _ = demo.communicate(timeout=900)
    except BaseException:
        demo.send_signal(signal.SIGINT)
        demo.wait(30)
        raise
    assert demo.returncode == 0, output
    with open(os.path.join(FOLDER, "report.json"), encoding="utf-8") as file:
        report = json.load(file)
    machines = report["machines"]
    assert {m["firmware"] for m in machines.values()} == {"bios", "uefi", "arm64"}
    assert all("healthy" in m["phases"] for m in machines.values())
    assert report["pss_kib"] < 64 * 1024, report


def test_demo_interrupted():
    mark = f"demo-{time.monotonic_ns()}"
    demo = start(mark)
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
