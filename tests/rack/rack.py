"""A rack for a test: a bridge in a namespace of its own, the boot server on it, machines plugged in."""

import fcntl
import functools
import json
import os
import shutil
import subprocess
import threading
import time

from .events import EventStream
from .groups import remove_left
from .machine import ROOT, TOOLROOT, Machine
from .namespace import Namespace, RackError
from .native import Native
from .outside import PATIENCE, Host
from .router import Router
from .server import Server

PHASES = ("dhcp", "tftp", "ipxe", "script", "kernel", "initrd", "stage1", "root", "facts", "enrol",
          "storage", "join", "roles", "healthy")
ADDRESS = "10.9.0.1"


def site_of(name="test", **more):
    """A site file's contents, as the tests want it: small pool, small state."""
    return {"site": {"name": name, "domain": f"{name}.internal"},
            "server": {"interface": "br0", "address": f"{ADDRESS}/24"},
            "dhcp": {"range": "10.9.0.100-10.9.0.199"}, **more}


class Rack:
    """Everything lives in `folder`; leave the context and every process and network of it is gone."""

    def __init__(self, folder, **site):
        self.folder = os.path.abspath(folder)
        self._lock = self._lock_folder()
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        self.patience = PATIENCE
        self.changed = threading.Condition()
        self.stream = EventStream(self.changed)
        self.machines, self.hosts = [], []
        self.site = site_of(**site)
        self.server = Server(self, os.path.join(self.folder, "site"))
        self.net = self._capture = None

    def _lock_folder(self):
        """One rack a folder: a second one would take the first one's disks away."""
        os.makedirs(os.path.dirname(self.folder), exist_ok=True)
        lock = open(self.folder + ".lock", "w", encoding="ascii")    # closed with the process or the rack
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise RackError(f"{self.folder} is in use: another run of this test or demo goes on "
                            "in this tree") from None
        return lock

    def __enter__(self):
        remove_left()
        self.net = Namespace()
        try:
            for words in ("link add br0 type bridge", f"addr add {ADDRESS}/24 dev br0",
                          "link set br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0",
                          "link set br0 up"):
                self.net.run("ip", *words.split())
            self._start_capture()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Also after a failure at any point, and twice."""
        for machine in self.machines:
            machine.remove()
        if self.server.process:
            self.server.stop()
        if self._capture:
            self._capture.end()
        for host in self.hosts:
            host.close()
        if self.net:
            self.net.close()
        self.net = self._capture = None
        self._lock.close()

    def _start_capture(self):
        """capture.pcap: all but the bodies of files, and what Ceph's daemons tell each other."""
        self._capture = self.net.start(
            "tcpdump", ["tcpdump", "-Z", "root", "-i", "br0", "-U", "-w",
                        os.path.join(self.folder, "capture.pcap"),
                        "not (tcp port 80 or tcp port 8080 or tcp portrange 6800-7568) or less 300"],
            os.path.join(self.folder, "tcpdump.log"))

    def machine(self, name, firmware="uefi", listed=True, **options):
        """A machine of the rack; `listed` puts it into the site file (a dict: with more keys)."""
        return self._plug(Machine(self, name, firmware, **options), listed)

    def native(self, name, listed=True, **options):
        """A native node of the rack, listed likewise."""
        return self._plug(Native(self, name, **options), listed)

    def host(self, name, *cards, gateway=None):
        """A computer that is no machine: cards as (bridge, "ADDRESS/LENGTH"); the rack's bridge is br0."""
        self.hosts.append(Host(self, name, cards, gateway))
        return self.hosts[-1]

    def router(self, name, *cards, asn, nodes_asn):
        """A host that speaks BGP with the nodes and routes between its cards, the first of which is the rack's."""
        self.hosts.append(Router(self, name, cards, asn, nodes_asn))
        return self.hosts[-1]

    def _plug(self, machine, listed):
        self.machines.append(machine)
        if listed:
            more = listed if isinstance(listed, dict) else {}
            self.site.setdefault("machines", []).append(machine.listed(**more))
        return machine

    def card(self, name="card", bridge="br0"):
        """A network card of nobody's on a bridge, for packets that a test makes itself."""
        self.net.run("ip", "link", "add", name, "type", "veth", "peer", "name", f"{name}.plug")
        self.net.run("ip", "link", "set", f"{name}.plug", "master", bridge, "up")
        self.net.run("ip", "link", "set", name, "up")
        return name

    def start(self, *images, archs=()):
        """Site file, `init`, images (built if they are not, for all architectures or these), the server until
        it is ready."""
        self.site.setdefault("image", images[0] if images else "tiny")
        self.server.write_site(self.site)
        self.server.command("init")
        for image in images:
            self.add_image(image, *archs)
        self.server.start()

    def add_image(self, name, *archs):
        """Puts a built image into the store; a server that runs takes note of it."""
        self.server.command("image", "add", image_folder(name, *archs))
        if self.server.process:
            self.server.api("POST", "/v1/images/reload")

    def notify(self):
        with self.changed:
            self.changed.notify_all()

    def wait_for(self, predicate, timeout, what, machine=None):
        """Waits for predicate() to be true; it is asked again at each event, console line or process end."""
        deadline = time.monotonic() + timeout * self.patience
        with self.changed:
            while True:
                found = predicate()
                if found:
                    return found
                self._check_alive(machine, what)
                left = deadline - time.monotonic()
                if left <= 0:
                    raise RackError(f"waited {timeout * self.patience:.0f} s for {what}\n"
                                    f"{self.story(machine)}")
                self.changed.wait(left)

    def _check_alive(self, machine, what):
        if self.server.ended_badly is not None:
            raise RackError(f"the server ended ({self.server.ended_badly}) while the test waited for "
                            f"{what}\n{self.server.last_words()}")
        if machine and machine.ended_badly is not None:
            raise RackError(f"what plays {machine.name} ended ({machine.ended_badly}) while the test waited "
                            f"for {what}; see {machine.folder}")

    def wait(self, machine, phase, state="done", timeout=120):
        """The first event of that phase and state since the machine's last power-on or reset."""
        def find():
            for event in self.stream.events[machine.mark:]:
                if event["machine"] != machine.name:
                    continue
                if event["phase"] == phase and event["state"] == state:
                    return event
                if event["state"] == "stall" and state not in ("stall", "begin"):
                    raise RackError(f"{machine.name} stalls in {event['phase']} while the test waited for "
                                    f"{phase} {state}: {event.get('text')}\n{self.story(machine)}")
            return None
        return self.wait_for(find, timeout, f"{machine.name} {phase} {state}", machine)

    def events(self, machine, phase=None, state=None):
        """The events of a machine since its last power-on or reset, `progress` left out unless asked for."""
        return [event for event in list(self.stream.events[machine.mark:])
                if event["machine"] == machine.name and phase in (None, event["phase"])
                and (state == event["state"] or (state is None and event["state"] != "progress"))]

    def story(self, machine):
        """What is known of a machine that did not get there."""
        if not machine:
            return f"see {self.folder}"
        lines = [f"  {machine.seconds(event):7.1f} s  {event['phase']:8} {event['state']:6} "
                 f"{event.get('text') or ''}" for event in self.events(machine)]
        console = machine.console.rstrip().split("\n")[-12:]
        return "\n".join(["timeline:", *lines, "console:", *("  " + line for line in console),
                          "server:", self.server.last_words(8), f"see {self.folder}"])

    def phase_seconds(self, machine):
        """{phase: seconds since power-on at which it was done}, in the order of the phases."""
        ends = {}
        for event in self.events(machine, state="done"):
            ends.setdefault(event["phase"], round(machine.seconds(event), 1))
        return {phase: ends[phase] for phase in PHASES if phase in ends}

    def leases(self):
        """[(mac, ip, host name)] as dnsmasq wrote them."""
        path = os.path.join(self.server.site_folder, "run", "leases")
        with open(path, encoding="utf-8") as file:
            rows = [line.split() for line in file if line.strip()]
        return [(row[1], row[2], row[3]) for row in rows if len(row) >= 4]

    def manifest(self, name, generation=1):
        """An image's manifest as the store has it."""
        path = os.path.join(self.server.site_folder, "store/images", name, f"{generation}.json")
        with open(path, encoding="utf-8") as file:
            return json.load(file)

    def kvm(self, arch):
        return arch == "amd64" and kvm_works()


_KVM = []


def kvm_works():
    """True if BOOTSERVER_KVM=1 asks for it and a tried guest shows signs of life within 5 s."""
    if not _KVM:
        _KVM.append(os.environ.get("BOOTSERVER_KVM") == "1" and _try_kvm())
    return _KVM[0]


def _try_kvm():
    argv = [TOOLROOT, "run", "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none",
            "-machine", "q35", "-accel", "kvm", "-cpu", "host", "-m", "64",
            "-chardev", "stdio,id=out", "-device", "isa-debugcon,iobase=0x402,chardev=out"]
    guest = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, start_new_session=True)
    timer = threading.Timer(5, guest.kill)
    timer.start()
    try:
        return any(b"No bootable device" in line for line in guest.stdout)
    finally:
        timer.cancel()
        guest.kill()
        guest.wait()


@functools.cache
def image_folder(name, *archs):
    """The folder of a built image; builds it (from the cache: at once), once a run of the tests."""
    words = [word for arch in archs for word in ("--arch", arch)]
    done = subprocess.run([os.path.join(ROOT, "images", "build"), name, *words], check=False,
                          stdout=subprocess.PIPE, text=True)
    folder = done.stdout.strip().split("\n")[-1]
    if done.returncode or not folder:
        raise RackError(f"`images/build {name}` failed")
    return folder
