"""What both demos share: whether they can run here, how a boot is shown, how they end."""

import argparse
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from rack import ROOT, PHASES, Rack, RackError, image_folder, pss_kib   # noqa: E402

GIB = 1 << 30


class Refused(Exception):
    """The demo cannot run here; the sentence says why and what to do."""


def check_host(folder, name):
    host = os.path.join(os.path.dirname(os.path.abspath(__file__)), "host")
    asked = subprocess.run([host, name, os.path.dirname(folder)], check=False, capture_output=True, text=True)
    if asked.returncode:
        raise Refused(asked.stderr.strip())


def say(text=""):
    print(text, flush=True)


@contextlib.contextmanager
def stage(folder, demo, image, **site):
    """The rack of a demo, by the name that `make` has for it, if it can run here and once its image is built.
    Afterwards the logs stay, and what is large goes."""
    check_host(folder, demo)
    say("images (the first time this takes a while, then they come from the cache)")
    image_folder(image)
    with Rack(folder, name="demo", **site) as rack:
        yield rack
        say("stopping")
    clear(rack)


class Watch:
    """Tells how the boots go, and samples the server's memory."""

    def __init__(self, rack):
        self.rack, self.began = rack, time.time()
        self.told, self.pss, self.sampled = 0, {}, 0.0
        self.healthy = set()

    def seconds(self):
        return time.time() - self.began

    def step(self, names):
        """Takes the events that are new; true when all of these machines are healthy."""
        events = self.rack.stream.events
        while self.told < len(events):
            event = events[self.told]
            self.told += 1
            self._take(event)
        self.sample()
        return self.healthy >= set(names)

    def _take(self, event):
        if event["phase"] == "healthy" and event["state"] == "done":
            self.healthy.add(event["machine"])
        if not sys.stdout.isatty() and event["state"] != "progress":
            say(f"{event['heard'] - self.began:6.1f} s  {event['machine']:4} {event['phase']:8} "
                f"{event['state']:6} {event.get('text') or ''}".rstrip())

    def sample(self):
        if time.monotonic() - self.sampled < 1:
            return
        self.sampled = time.monotonic()
        sizes = pss_kib(self.rack.server.process.pid)
        if sum(sizes.values()) > sum(self.pss.values()):
            self.pss = sizes

    def wait_healthy(self, names, seconds):
        """Shows how it goes until these machines are healthy."""
        with live_table(self.rack):
            self.rack.wait_for(lambda: self.step(names), seconds, f"{', '.join(names)} to become healthy",
                               self.rack.machines[0])

    def wait_reborn(self, machine, seconds):
        """The same until the machine has gone through a whole boot since its mark."""
        def reborn():
            self.step(())
            done = [event["phase"] for event in self.rack.events(machine, state="done")]
            return "root" in done and "healthy" in done[done.index("root"):]

        with live_table(self.rack):
            self.rack.wait_for(reborn, seconds, f"{machine.name} to come back", machine)


def begin(rack, image, kinds):
    """The boot server is ready, the machines are about to be powered on: the watch whose time begins now.

    `kinds`: {machine's name: what it is}, here and below."""
    say("boot server")
    rack.start(image)
    say("power on: " + ", ".join(f"{name} ({kind})" for name, kind in kinds.items()))
    return Watch(rack)


@contextlib.contextmanager
def live_table(rack):
    """`bootserver status -w` on the person's terminal meanwhile, or nothing when there is none."""
    if not sys.stdout.isatty():
        yield
        return
    screen = subprocess.Popen([os.path.join(ROOT, "build/bootserver"), "-C", rack.server.site_folder,
                               "status", "-w"], stdin=subprocess.DEVNULL)
    try:
        yield
    finally:
        screen.terminate()
        screen.wait()


def timelines(rack, kinds):
    """Each machine's timeline, then the times by phase."""
    for name, kind in kinds.items():
        say(f"\n{kind}:")
        say(rack.server.command("show", name).rstrip())
    times = {machine.name: rack.phase_seconds(machine) for machine in rack.machines}
    width = max(len(kind) for kind in kinds.values())
    say("\nseconds from each machine's power-on:")
    say(" " * width + "".join(f" {phase:>8}" for phase in PHASES))
    for name, kind in kinds.items():
        say(f"{kind:{width}}" + "".join(f" {times[name].get(phase, '-'):>8}" for phase in PHASES))
    return times


def memory(watch):
    """Says the server's; returns KiB."""
    total = sum(watch.pss.values())
    say("\nmemory of the server (most, PSS): " +
        ", ".join(f"{name} {size / 1024:.1f}" for name, size in sorted(watch.pss.items())) +
        f"; together {total / 1024:.1f} MiB")
    return total


def write_report(rack, **told):
    with open(os.path.join(rack.folder, "report.json"), "w", encoding="utf-8") as file:
        json.dump(told, file, indent=1)


def clear(rack):
    """The logs stay, what is large goes."""
    for machine in rack.machines:
        for disk in machine.disks:
            os.unlink(disk.path)
    shutil.rmtree(os.path.join(rack.server.site_folder, "store"))
    say(f"the demo is over; logs and report.json are in {os.path.relpath(rack.folder)}")


def parser(description, folder):
    found = argparse.ArgumentParser(description=description.split("\n", maxsplit=1)[0])
    found.add_argument("--folder", default=os.path.join(ROOT, "build", folder),
                       help=f"where logs and report.json go (build/{folder})")
    return found


def interrupt(*_):
    raise KeyboardInterrupt


def ended(run, folder, *arguments):
    """Runs a demo; its exit status.  Ctrl-C leaves nothing behind."""
    # set even if it was started with them ignored, as a shell does with what it puts into the background
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    try:
        run(folder, *arguments)
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
