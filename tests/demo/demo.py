#!/usr/bin/python3
"""The demo: a virtual rack of three machines, from power-on to healthy.

BIOS, UEFI x86_64 and UEFI ARM64 machines on a bridge in a namespace of their own, real firmware, the
real boot server, the Debian image.  Nothing of it touches the host's network; Ctrl-C leaves nothing."""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from rack import ROOT, PHASES, Rack, RackError, image_folder, pss_kib    # noqa: E402

FOLDER = os.path.join(ROOT, "build", "demo")
GIB = 1 << 30
MEMORY_GIB, DISK_GIB = 6, 8
PATIENCE_S = 900
MACHINES = (("n1", "bios", "BIOS x86_64"), ("n2", "uefi", "UEFI x86_64"), ("n3", "arm64", "UEFI ARM64"))


class Refused(Exception):
    """The demo cannot run here; the sentence says why and what to do."""


def check_host(folder):
    if os.geteuid() != 0:
        raise Refused("The demo makes network namespaces and so needs root: run it as root, or with sudo.")
    with open("/proc/meminfo", encoding="ascii") as file:
        free = next(int(line.split()[1]) for line in file if line.startswith("MemAvailable:")) / (1 << 20)
    if free < MEMORY_GIB:
        raise Refused(f"{free:.1f} GiB of memory are free, the three machines need {MEMORY_GIB}: "
                      "close something, or take a bigger machine.")
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    room = shutil.disk_usage(os.path.dirname(folder)).free / GIB
    if room < DISK_GIB:
        raise Refused(f"{room:.1f} GiB of disk are free in {os.path.dirname(folder)}, the demo needs {DISK_GIB}: "
                      "make room there.")
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        raise Refused("/dev/net/tun is missing: `modprobe tun`, or allow it in this container.")


def say(text=""):
    print(text, flush=True)


class Watch:
    """Tells how the boots go until all machines are healthy, and samples the server's memory."""

    def __init__(self, rack, began):
        self.rack, self.began = rack, began
        self.told, self.pss, self.sampled = 0, {}, 0.0
        self.healthy = set()

    def step(self):
        """Takes the events that are new; true when all machines are healthy."""
        events = self.rack.stream.events
        while self.told < len(events):
            event = events[self.told]
            self.told += 1
            if event["phase"] == "healthy" and event["state"] == "done":
                self.healthy.add(event["machine"])
            if not sys.stdout.isatty() and event["state"] != "progress":
                say(f"{time.time() - self.began:6.1f} s  {event['machine']:4} {event['phase']:8} "
                    f"{event['state']:6} {event.get('text') or ''}".rstrip())
        self.sample()
        return len(self.healthy) == len(MACHINES)

    def sample(self):
        if time.monotonic() - self.sampled < 1:
            return
        self.sampled = time.monotonic()
        sizes = pss_kib(self.rack.server.process.pid)
        if sum(sizes.values()) > sum(self.pss.values()):
            self.pss = sizes


def status_screen(rack):
    """`bootserver status -w` on the person's terminal, or nothing when there is none."""
    if not sys.stdout.isatty():
        return None
    return subprocess.Popen([os.path.join(ROOT, "build/bootserver"), "-C", rack.server.site_folder,
                             "status", "-w"], stdin=subprocess.DEVNULL)


def boot(rack, stagger):
    """Powers the machines on and waits until all are healthy; returns (seconds, the watch)."""
    began = time.time()
    watch = Watch(rack, began)
    screen = status_screen(rack)
    try:
        for machine in rack.machines:
            machine.power_on()
            if stagger:
                rack.wait(machine, stagger, "begin", timeout=PATIENCE_S)
        rack.wait_for(watch.step, PATIENCE_S, "all machines to become healthy", rack.machines[0])
    finally:
        if screen:
            screen.terminate()
            screen.wait()
    return time.time() - began, watch


def report(rack, seconds, watch):
    """What there is to tell at the end: timelines, times by phase, memory; also as report.json."""
    for name, _, kind in MACHINES:
        say(f"\n{kind}:")
        say(rack.server.command("show", name).rstrip())
    times = {machine.name: rack.phase_seconds(machine) for machine in rack.machines}
    say("\nseconds from each machine's power-on:")
    say("           " + " ".join(f"{phase:>8}" for phase in PHASES))
    for name, _, kind in MACHINES:
        say(f"{kind:11}" + " ".join(f"{times[name].get(phase, '-'):>8}" for phase in PHASES))
    total = sum(watch.pss.values())
    say("\nmemory of the server (most, PSS): " +
        ", ".join(f"{name} {size / 1024:.1f}" for name, size in sorted(watch.pss.items())) +
        f"; together {total / 1024:.1f} MiB")
    say(f"three machines healthy in {seconds:.0f} s")
    told = {"seconds": round(seconds, 1), "pss_kib": total, "pss_by_process": watch.pss,
            "machines": {name: {"firmware": firmware, "phases": times[name]}
                         for name, firmware, _ in MACHINES}}
    with open(os.path.join(rack.folder, "report.json"), "w", encoding="utf-8") as file:
        json.dump(told, file, indent=1)


def run(folder, stagger):
    check_host(folder)
    say("images (the first time this takes a while, then they come from the cache)")
    for image in ("base",):
        image_folder(image)
    site = {"name": "demo", "state-size": "3GiB"}
    with Rack(folder, **site) as rack:
        say("boot server")
        for name, firmware, _ in MACHINES:
            rack.machine(name, firmware, memory=2048, cpus=1, disks=[5 * GIB])
        rack.start("base")
        say("power on: n1 (BIOS), n2 (UEFI x86_64), n3 (UEFI ARM64)")
        seconds, watch = boot(rack, stagger)
        report(rack, seconds, watch)
        say("stopping")
    for machine in rack.machines:
        for disk in machine.disks:
            os.unlink(disk.path)
    shutil.rmtree(os.path.join(folder, "site", "store"))
    say(f"the demo is over; logs and report.json are in {os.path.relpath(folder)}")


def interrupt(*_):
    raise KeyboardInterrupt


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--stagger", metavar="PHASE", default="",
                        help="power a machine on when the one before it begins this phase")
    parser.add_argument("--folder", default=FOLDER, help="where logs and report.json go (build/demo)")
    given = parser.parse_args()
    folder = os.path.abspath(given.folder)
    # set even if it was started with them ignored, as a shell does with what it puts into the background
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    try:
        run(folder, given.stagger)
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 1
    except RackError as error:
        print(f"The demo failed: {error}\nIts logs are in {folder}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted: all processes and networks of the demo are gone", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
