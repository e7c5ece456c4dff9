#!/usr/bin/python3
"""The short demo: a virtual rack of three machines, from power-on to healthy.

BIOS, UEFI x86_64 and UEFI ARM64 machines on a bridge in a namespace of their own, real firmware, the
real boot server, the Debian image.  Nothing of it touches the host's network; Ctrl-C leaves nothing."""

import os
import sys

from show import GIB, begin, ended, memory, parser, say, stage, timelines, write_report

PATIENCE_S = 900
IMAGE = "base"
MACHINES = {"n1": "bios", "n2": "uefi", "n3": "arm64"}      # their firmware
KINDS = {"n1": "BIOS x86_64", "n2": "UEFI x86_64", "n3": "UEFI ARM64"}


def boot(rack, stagger):
    """Powers the machines on and waits until all are healthy; returns the watch."""
    watch = begin(rack, IMAGE, KINDS)
    for machine in rack.machines:
        machine.power_on()
        if stagger:
            rack.wait(machine, stagger, "begin", timeout=PATIENCE_S)
    watch.wait_healthy(list(MACHINES), PATIENCE_S)
    return watch


def report(rack, seconds, watch):
    """What there is to tell at the end: timelines, times by phase, memory; also as report.json."""
    times = timelines(rack, KINDS)
    total = memory(watch)
    say(f"three machines healthy in {seconds:.0f} s")
    write_report(rack, seconds=round(seconds, 1), pss_kib=total, pss_by_process=watch.pss,
                 machines={name: {"firmware": firmware, "phases": times[name]} for name, firmware in MACHINES.items()})


def run(folder, stagger):
    with stage(folder, "demo-boot", IMAGE, **{"state-size": "3GiB"}) as rack:
        for name, firmware in MACHINES.items():
            rack.machine(name, firmware, memory=2048, cpus=1, disks=[5 * GIB])
        watch = boot(rack, stagger)
        report(rack, watch.seconds(), watch)


def main():
    options = parser(__doc__, "demo-boot")
    options.add_argument("--stagger", metavar="PHASE", default="",
                         help="power a machine on when the one before it begins this phase")
    given = options.parse_args()
    return ended(run, os.path.abspath(given.folder), given.stagger)


if __name__ == "__main__":
    sys.exit(main())
