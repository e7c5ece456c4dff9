"""A native node: a machine of the rack that no QEMU plays.  The image's root and its own systemd run in
namespaces on this host's kernel, behind a card and disks of their own; native_boot.py is its firmware,
iPXE and stage 1.  It takes seconds where an emulated machine takes minutes, and runs the same agent."""

import contextlib
import json
import os
import pty
import select
import signal
import subprocess
import sys
import threading
import time

from .base import Base, Disk
from .groups import Groups
from .namespace import GONE, RackError, descendants, parent

BOOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "native_boot.py")
ALIGN = 1 << 20
# What all nodes together need more of than a host gives its users; raised, never lowered.
LIMITS = {"fs/inotify/max_user_instances": 8192, "fs/inotify/max_user_watches": 524288, "fs/aio-max-nr": 1048576}


class Native(Base):
    """Its first disk has a state partition: a kernel's own partitions of a loop device have other names."""

    arch = "amd64" if os.uname().machine == "x86_64" else "arm64"

    def __init__(self, rack, name, disks=(8 << 30,)):
        super().__init__(rack, name, disks=disks)
        self._groups = self._reader = None
        self._parts = [_make_state(disk) if number == 0 else [] for number, disk in enumerate(self.disks)]

    def power_on(self):
        if self.running:
            raise RackError(f"{self.name} is on already")
        self.mark = len(self.rack.stream.events)
        _raise_limits()
        self._groups = Groups(self.name)
        master, slave = pty.openpty()
        spec = {"name": self.name, "number": self.number, "mac": self.macs[0], "bridge": "br0",
                "uuid": f"00000000-0000-4000-8000-{self.number:012x}", "serial": f"RACK-{self.number}",
                "disks": [{"path": disk.path, "size": disk.size, "serial": disk.serial, "parts": parts}
                          for disk, parts in zip(self.disks, self._parts)],
                "groups": self._groups.mounts}
        self.powered_at = time.time()
        self._process = self.rack.net.start(
            self.name, [sys.executable, "-B", BOOT, json.dumps(spec)], slave, self.rack.notify,
            pass_fds=[fd for _, _, fd in self._groups.mounts])
        os.close(slave)
        self._reader = threading.Thread(target=self._read_tty, args=(master,), daemon=True)
        self._reader.start()

    def _read_tty(self, master):
        self._read_console(lambda: os.read(master, 65536))
        os.close(master)

    def run(self, *argv, timeout=60, check=True):
        """Runs a program of the image in the node, as root's shell there would; returns what it printed."""
        done = subprocess.run(["nsenter", "--all", f"--target={self._init()}", "--", *argv], check=False,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout)
        if check and done.returncode:
            raise RackError(f"`{' '.join(argv)}` in {self.name} failed ({done.returncode}): "
                            f"{done.stderr or done.stdout}")
        return done.stdout

    @contextlib.contextmanager
    def network(self):
        """The descriptor of the node's network, for what is done in there by others."""
        fd = os.open(f"/proc/{self._init()}/ns/net", os.O_RDONLY)
        try:
            yield fd
        finally:
            os.close(fd)

    def run_beside(self, *argv, **options):
        """Runs a program of this host's in the node's network; returns what it printed."""
        with self.network() as network:
            return self.rack.net.run(*argv, network=network, **options)

    def start_beside(self, *argv):
        """Starts one, its output in NAME/beside.log; the caller ends it."""
        with self.network() as network:
            return self.rack.net.start(argv[0], argv, os.path.join(self.folder, "beside.log"), network=network)

    def _init(self):
        """The host's pid of the node's first process: a child of the boot, which is a child of the power."""
        for pid in descendants(self._process.pid):
            with contextlib.suppress(*GONE):    # others come and go meanwhile
                if parent(parent(pid)) == self._process.pid:
                    return pid
        raise RackError(f"{self.name} has not started its root")

    def power_off(self):
        """Cuts the power: what holds the node's namespaces is killed, the kernel kills the rest; but first the
        cable is out, or its connections would be ended as if it had taken its leave."""
        if not self._process:
            return
        self.rack.net.run("ip", "link", "delete", f"nat{self.number}", check=False)
        family = [os.pidfd_open(pid) for pid in descendants(self._process.pid)]
        self._process.end(signal.SIGKILL)
        for fd in family:
            select.select([fd], [], [])     # init's ends when all in its namespace are gone
            os.close(fd)
        self._reader.join(5)
        self._groups.remove()
        self._process = self._groups = None

    def plug_bad(self, size, holds):
        """While it is off: another disk, on which writes fail once it holds so many bytes: its file lies on a file
        system that is full then.  Returns what makes it a good one."""
        folder = os.path.join(self.folder, "bad")
        disk = Disk(os.path.join(folder, "disk.img"), size, f"{self.name}-BAD")
        self.rack.net.run("mount", "-t", "tmpfs", "-o", f"size={holds}", "bad", folder)
        self.rack.net.run("truncate", f"--size={size}", disk.path)
        self.disks.append(disk)
        self._parts.append([])
        return lambda: self.rack.net.run("mount", "-o", f"remount,size={2 * size}", folder)

    def blank(self, disks=None):
        """While it is off: what was on its disks, or on the first so many of them, is gone."""
        for number, disk in enumerate(self.disks[:disks]):
            with open(disk.path, "wb") as file:
                file.truncate(disk.size)
            if number == 0:
                _make_state(disk)

    def remove(self):
        self.power_off()


def _make_state(disk):
    """Partitions a blank disk as the agent does, with the state partition alone; [(start, bytes)]."""
    size = disk.size - 2 * ALIGN
    table = f"label: gpt\nstart={ALIGN // 512}, size={size // 512}, type=linux, name=bootserver-state\n"
    subprocess.run(["sfdisk", "--quiet", disk.path], input=table, text=True, check=True)
    subprocess.run(["mkfs.ext4", "-q", "-E", f"offset={ALIGN},lazy_itable_init=1", disk.path, f"{size // 1024}k"],
                   check=True, stdin=subprocess.DEVNULL)
    return [(ALIGN, size)]


def _raise_limits():
    for name, wanted in LIMITS.items():
        with open(f"/proc/sys/{name}", "r+", encoding="ascii") as file:
            if int(file.read()) < wanted:
                file.seek(0)
                file.write(str(wanted))
