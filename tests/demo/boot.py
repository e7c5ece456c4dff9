#!/usr/bin/python3
"""The short demo: a virtual rack of three machines, from power-on to healthy.

BIOS, UEFI x86_64 and UEFI ARM64 machines on a bridge in a namespace of their own, real firmware, the
real boot server, the Debian image.  Nothing of it touches the host's network; Ctrl-C leaves nothing."""

import os
import sys

from show import GIB, Watch, check_host, clear, ended, memory, parser, say, timelines, write_report
from rack import Rack, image_folder

PATIENCE_S = 900
IMAGE = "base"
MACHINES = (("n1", "bios", "BIOS x86_64"), ("n2", "uefi", "UEFI x86_64"), ("n3", "arm64", "UEFI ARM64"))


def boot(rack, stagger):
    """Powers the machines on and waits until all are healthy; returns the watch."""
    watch = Watch(rack)
    for machine in rack.machines:
        machine.power_on()
        if stagger:
            rack.wait(machine, stagger, "begin", timeout=PATIENCE_S)
    watch.wait_healthy([name for name, _, _ in MACHINES], PATIENCE_S)
    return watch


def report(rack, seconds, watch):
    """What there is to tell at the end: timelines, times by phase, memory; also as report.json."""
    times = timelines(rack, {name: kind for name, _, kind in MACHINES})
    total = memory(watch)
    say(f"three machines healthy in {seconds:.0f} s")
    write_report(rack, seconds=round(seconds, 1), pss_kib=total, pss_by_process=watch.pss,
                 machines={name: {"firmware": firmware, "phases": times[name]} for name, firmware, _ in MACHINES})


def run(folder, stagger):
    check_host(folder, "demo-boot")
    say("images (the first time this takes a while, then they come from the cache)")
    image_folder(IMAGE)
    with Rack(folder, name="demo", **{"state-size": "3GiB"}) as rack:
        say("boot server")
        for name, firmware, _ in MACHINES:
            rack.machine(name, firmware, memory=2048, cpus=1, disks=[5 * GIB])
        rack.start(IMAGE)
        say("power on: n1 (BIOS), n2 (UEFI x86_64), n3 (UEFI ARM64)")
        watch = boot(rack, stagger)
        report(rack, watch.seconds(), watch)
        say("stopping")
    clear(rack)


def main():
    options = parser(__doc__, "demo-boot")
    options.add_argument("--stagger", metavar="PHASE", default="",
                         help="power a machine on when the one before it begins this phase")
    given = options.parse_args()
    return ended(run, os.path.abspath(given.folder), given.stagger)


if __name__ == "__main__":
    sys.exit(main())
