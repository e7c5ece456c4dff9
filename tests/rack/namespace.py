"""A network, PID and mount namespace that ends with us: nothing has a name on the host, nothing stays.

Processes are started as our own children (their ids are the host's), but live inside: when the first
process of the PID namespace dies, and it dies with us, the kernel ends them all."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
CLONE_NEWPID, CLONE_NEWNET = 0x20000000, 0x40000000
# What reading of a process in /proc may meet: it ended meanwhile, or is just ending (no access to ns/).
GONE = (FileNotFoundError, ProcessLookupError, PermissionError)
LIBC = ctypes.CDLL(None, use_errno=True)


class RackError(Exception):
    """What went wrong, as a sentence a person can act on."""


def _call(name, *arguments):
    if getattr(LIBC, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise RackError(f"{name}: {os.strerror(number)} (the rack needs root)")


class Process:
    """A program inside a namespace, its output in a file; `ended` is told when it is over."""

    def __init__(self, popen, name, ended=None):
        self.name, self.popen, self.pid = name, popen, popen.pid
        self.stopping = False
        self._ended = ended
        self._waiter = threading.Thread(target=self._wait, daemon=True)
        self._waiter.start()

    def _wait(self):
        self.popen.wait()
        if self._ended:
            self._ended()

    @property
    def status(self):
        """None while it runs, else its exit status (negative: the signal)."""
        return self.popen.poll()

    def send(self, number):
        if self.status is None:
            self.popen.send_signal(number)

    def end(self, number=signal.SIGTERM, seconds=5):
        """Ends it, at last by SIGKILL; returns its exit status."""
        self.stopping = True
        self.send(number)
        self._waiter.join(seconds)
        if self._waiter.is_alive():
            self.send(signal.SIGKILL)
            self._waiter.join()
        return self.status


class Namespace:
    def __init__(self):
        self._own = {kind: os.open(f"/proc/self/ns/{kind}", os.O_RDONLY) for kind in ("pid", "net")}
        self._fds = {}
        _call("unshare", CLONE_NEWPID)
        try:
            self._init = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "--", "unshare", "--net", "--mount", "--mount-proc",
                 "--propagation", "private", "--", sys.executable, os.path.join(HERE, "init.py")],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True)
        finally:
            _call("setns", self._own["pid"], CLONE_NEWPID)
        with self._init.stdout as pipe:
            if pipe.readline() != b"ready\n":
                self.close()
                raise RackError("cannot make a namespace: the rack needs root, unshare and ip")
        for kind in ("net", "mnt", "pid"):
            self._fds[kind] = os.open(f"/proc/{self._init.pid}/ns/{kind}", os.O_RDONLY)

    @property
    def root(self):
        """Its files as we can open them."""
        return f"/proc/{self._init.pid}/root"

    def close(self):
        """Ends every process inside, and with the last of them the namespace."""
        self._init.kill()
        self._init.wait()
        for fd in list(self._fds.values()) + list(self._own.values()):
            os.close(fd)
        self._fds, self._own = {}, {}

    @contextlib.contextmanager
    def _children(self):
        _call("setns", self._fds["pid"], CLONE_NEWPID)
        try:
            yield
        finally:
            _call("setns", self._own["pid"], CLONE_NEWPID)

    def new_network(self):
        """A further network, empty; it lasts as long as the descriptor that is returned."""
        _call("unshare", CLONE_NEWNET)
        try:
            return os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        finally:
            _call("setns", self._own["net"], CLONE_NEWNET)

    @contextlib.contextmanager
    def network(self, network=None):
        """Sockets (and taps) that this thread opens meanwhile belong to the namespace, or to a further network."""
        _call("setns", self._fds["net"] if network is None else network, CLONE_NEWNET)
        try:
            yield
        finally:
            _call("setns", self._own["net"], CLONE_NEWNET)

    def _inside(self, argv, network, fds):
        """What Popen() is told so that a program runs inside, on a further network if one is given."""
        net = self._fds["net"] if network is None else network
        return {"args": ["nsenter", f"--net=/proc/self/fd/{net}", f"--mount=/proc/self/fd/{self._fds['mnt']}",
                         "--", *argv],
                "stdin": subprocess.DEVNULL, "cwd": "/", "start_new_session": True,
                "pass_fds": [*fds, net, self._fds["mnt"]]}

    def start(self, name, argv, log, ended=None, pass_fds=(), env=None, network=None):
        """Starts a program inside, output appended to the file `log` (a path or a descriptor); the caller ends it."""
        with open(log, "ab", closefd=isinstance(log, str)) as output, self._children():
            popen = subprocess.Popen(**self._inside(argv, network, pass_fds), stdout=output, stderr=output, env=env)
        return Process(popen, name, ended)

    def run(self, *argv, timeout=60, check=True, network=None, fds=()):
        """Runs a short program inside; returns what it printed on stdout."""
        with self._children():
            popen = subprocess.Popen(**self._inside(argv, network, fds), stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE, text=True)
        try:
            output, errors = popen.communicate(timeout=timeout)
        except BaseException:
            popen.kill()
            popen.wait()
            raise
        if check and popen.returncode:
            raise RackError(f"`{' '.join(argv)}` failed ({popen.returncode}): {errors or output}")
        return output

    def processes(self):
        """{host pid: command line} of everything inside, nested namespaces too, but the first process."""
        return {pid: command for pid, command in processes().items()
                if pid != self._init.pid and self._is_inside(pid)}

    def _is_inside(self, pid):
        home = os.fstat(self._fds["pid"]).st_ino
        while pid > 1:
            try:
                if os.stat(f"/proc/{pid}/ns/pid").st_ino == home:
                    return True
                pid = parent(pid)
            except GONE:
                return False
        return False


def parent(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
        return int(file.read().rpartition(")")[2].split()[1])


def processes():
    """{pid: command line} of all processes that are not zombies about to be reaped."""
    found = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(*GONE):
            with open(f"/proc/{name}/cmdline", encoding="utf-8", errors="replace") as file:
                command = file.read().replace("\0", " ").strip()
            if command:
                found[int(name)] = command
    return found


def descendants(pid):
    """The pids of a process and all that came from it."""
    children = {}
    for other in processes():
        with contextlib.suppress(*GONE):
            children.setdefault(parent(other), []).append(other)
    found, queue = [], [pid]
    while queue:
        found.append(queue.pop())
        queue += children.get(found[-1], [])
    return found


def cpu_seconds(pids):
    """Processor time of processes, and of children of theirs that have ended."""
    ticks = 0
    for pid in pids:
        with contextlib.suppress(*GONE):
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
                ticks += sum(map(int, file.read().rpartition(")")[2].split()[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def pss_kib(pid, alone=False):
    """Proportional memory of a process and, unless `alone`, all that came from it, in KiB, by command."""
    sizes = {}
    for each in [pid] if alone else descendants(pid):
        with contextlib.suppress(*GONE):
            with open(f"/proc/{each}/smaps_rollup", encoding="ascii") as file:
                size = sum(int(line.split()[1]) for line in file if line.startswith("Pss:"))
            with open(f"/proc/{each}/cmdline", encoding="utf-8", errors="replace") as file:
                words = file.read().split("\0")
            name = os.path.basename(words[0])
            if name == "bootserver":
                name += " " + next((w for w in words[1:] if w in ("keeper", "engine", "web", "namespace-init")), "")
            sizes[name.strip()] = sizes.get(name.strip(), 0) + size
    return sizes
