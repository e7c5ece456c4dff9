#!/usr/bin/python3
"""What plays a native node inside the rack: its power, firmware, iPXE and stage 1, then the image's init.

Each boot is a process with namespaces of its own for everything (network, mounts, pid, uts, ipc, cgroup),
in which the image's root is mounted as stage 1 does it and its own systemd becomes the first process.
A reboot of the node ends that process by SIGHUP (reboot(2), «in a PID namespace») and begins the next boot.

The host's disks do not exist in there: /dev and /sys/block are made here, with the node's own disks alone."""

import contextlib
import ctypes
import fcntl
import hashlib
import http.client
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.parse
import uuid

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from rack.dhcp import FIRMWARE, IPXE, lease     # noqa: E402
from rack.groups import empty, enter            # noqa: E402

NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWPID, NEWNET = (
    0x80, 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x20000000, 0x40000000)
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND, MS_MOVE, MS_REC, MS_PRIVATE = (
    1, 2, 4, 8, 32, 4096, 8192, 16384, 1 << 18)
MNT_DETACH, PR_SET_PDEATHSIG, PR_CAPBSET_READ, PR_CAPBSET_DROP = 2, 1, 23, 24
SYS_PIVOT_ROOT = 155 if os.uname().machine == "x86_64" else 41
CAP_SYS_MODULE, CAP_SYS_RAWIO, CAP_SYS_RESOURCE, CAP_SYS_TIME = 16, 17, 24, 25
LIBC = ctypes.CDLL(None, use_errno=True)

CARD, KERNELS_CARD = "ens1", "eth0"     # as udev names it in the root, and the kernel in stage 1
BASE = "/mnt"       # in the node's own mount namespace; gone with the old root
ROOT, RUN = f"{BASE}/root", f"{BASE}/run"
DEVICES = (("null", 1, 3, 0o666), ("zero", 1, 5, 0o666), ("full", 1, 7, 0o666), ("random", 1, 8, 0o666),
           ("urandom", 1, 9, 0o666), ("kmsg", 1, 11, 0o400), ("tty", 5, 0, 0o666), ("fuse", 10, 229, 0o666),
           ("net/tun", 10, 200, 0o666), ("loop-control", 10, 237, 0o600))
LOOPS_MOST = 256    # nodes for what the image's further parts are mounted through; the numbers are the host's
LOOP_CTL_ADD = 0x4C80
# What kubelet and agent set for a whole machine: here it is a file of the node's, already with that value.
TUNABLES = {"vm/overcommit_memory": "1", "vm/panic_on_oom": "0", "kernel/panic": "10", "kernel/panic_on_oops": "1",
            "kernel/keys/root_maxkeys": "1000000", "kernel/keys/root_maxbytes": "25000000",
            "fs/inotify/max_user_instances": "8192", "fs/inotify/max_user_watches": "524288",
            "fs/aio-max-nr": "1048576"}
# How an answer may fail to come; the pause before the next try; when a fetch is given up; a claim is told once.
BROKEN = (OSError, http.client.HTTPException)
RETRY_S, FETCH_S, CLAIM_S = 1, 300, 2


def call(name, *arguments):
    if getattr(LIBC, name)(*arguments) < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}{arguments}: {os.strerror(number)}")


def mount(what, where, kind=None, flags=0, options=None):
    encoded = [text if text is None else text.encode() for text in (what, where, kind, options)]
    call("mount", encoded[0], encoded[1], encoded[2], flags, encoded[3])


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)


def run(*argv):
    return subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True).stdout


def say(text):
    print(text, flush=True)


class Server:
    """The boot server as iPXE and stage 1 meet it: what is fetched is asked for again, what is told may be lost."""

    def __init__(self, url):
        self.url = url
        self.host = urllib.parse.urlsplit(url).netloc

    def _ask(self, target, method="GET", seconds=60):
        connection = http.client.HTTPConnection(self.host, timeout=seconds)
        connection.request(method, target)
        answer = connection.getresponse()
        if answer.status != 200:
            raise OSError(f"{answer.status} {answer.reason}")
        return answer

    def _fetch(self, target, take):
        """What take() makes of the answer; the server may be away, or end in the midst of it."""
        deadline = time.monotonic() + FETCH_S
        while True:
            try:
                return take(self._ask(target))
            except BROKEN as error:
                say(f"{target.partition('?')[0]}: {error or type(error).__name__}; again in {RETRY_S} s")
                if time.monotonic() > deadline:
                    raise
            time.sleep(RETRY_S)

    def text(self, target):
        return self._fetch(target, lambda answer: answer.read().decode())

    def claim(self, boot, phase, state, text=""):
        """As images/stage1/claim.c: nothing here may hold a boot up."""
        query = urllib.parse.urlencode({"nonce": boot["nonce"], "phase": phase, "state": state, "text": text})
        try:
            self._ask(f"/v1/report?{query}", "POST", CLAIM_S).read()
        except BROKEN as error:
            say(f"{phase} {state}: not told ({error or type(error).__name__})")

    def blob(self, sha256, nonce, path):
        """Into a file; the digest is checked on the way."""
        def take(answer):
            found = hashlib.sha256()
            with open(path, "wb") as file:
                while piece := answer.read(1 << 20):
                    found.update(piece)
                    file.write(piece)
            if found.hexdigest() != sha256:
                raise OSError(f"its digest is {found.hexdigest()}")
        self._fetch(f"/blob/{sha256}?nonce={nonce}", take)


def ipxe(spec, given):
    """The greeting and the script, as boot.ipxe asks for it; waits as the scripts do when there is no image."""
    variables = head(Server(f"http://{given.server}").text("/boot.ipxe"))
    server = Server(variables["url"])
    query = urllib.parse.urlencode({
        "mac": spec["mac"], "uuid": spec["uuid"], "serial": spec["serial"], "asset": "", "manufacturer": "QEMU",
        "product": "rack", "arch": "i386", "platform": "pcbios", "cpu64": "1", "version": "native"})
    while True:
        variables = head(server.text(f"/v1/boot?{query}"))
        if "kernel" in variables:
            say(f"{variables['machine']}: image {variables['image']}")
            return server, variables
        say(f"iPXE: no image: {variables.get('reason') or variables.get('code') or variables}")
        time.sleep(float(variables.get("retry", 5)))


def head(script):
    """The `set name value` lines that the server puts before a script."""
    variables = {}
    for line in script.split("\n")[1:]:
        if not (found := re.match(r"set ([a-z0-9-]+)(?: (.*))?$", line)):
            break
        variables[found[1]] = found[2] or ""
    return variables


def network(spec):
    """The card of this life: one end in the node, the other in the rack's bridge; then two leases, of which
    the second is kept."""
    switch = f"nat{spec['number']}"
    call("unshare", NEWNET)
    outside = ["nsenter", f"--net=/proc/{os.getppid()}/ns/net", "ip"]
    run(*outside, "link", "add", switch, "type", "veth", "peer", "name", CARD, "address", spec["mac"],
        "netns", str(os.getpid()))
    run(*outside, "link", "set", switch, "master", spec["bridge"], "up")
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "set", CARD, "up")
    lease(CARD, spec["mac"], uuid.UUID(spec["uuid"]), FIRMWARE)
    given = lease(CARD, spec["mac"], uuid.UUID(spec["uuid"]), IPXE)
    run("ip", "addr", "add", f"{given.ip}/{given.prefix}", "brd", "+", "dev", CARD)
    if given.router:
        run("ip", "route", "add", "default", "via", given.router)
    return given


def command_line(spec, variables, given):
    """The kernel's, as image.ipxe makes it, and stage 1's words of it."""
    text = (f"{variables['args']} BOOTIF=01-{spec['mac'].replace(':', '-')} "
            f"ip={given.ip}:{given.server}:{given.router}:{given.mask}::::{given.dns}")
    words = dict(word.partition("=")[::2] for word in text.split())
    return text, {key.removeprefix("bootserver."): words[key] for key in words if key.startswith("bootserver.")}


def stage1(spec, server, variables, given):
    """Everything that stage 1 does: address, root, the files in /run/bootserver.  Returns the command line."""
    text, boot = command_line(spec, variables, given)
    server.claim(boot, "stage1", "begin", KERNELS_CARD)
    site = server.text(f"/site.json?nonce={boot['nonce']}")
    memory = int(re.search(r"MemTotal:\s+(\d+)", open("/proc/meminfo", encoding="ascii").read())[1]) << 10
    told = {"schema": 1, "url": boot["url"], "machine": boot["machine"], "nonce": boot["nonce"], "root": boot["root"],
            "size": int(boot["size"]), "source": "network", "nic": KERNELS_CARD, "mac": spec["mac"], "ip": given.ip,
            "prefix": given.prefix, "memory": memory, "ready_ms": time.monotonic_ns() // 1000000}
    if given.router:
        told["gateway"] = given.router
    servers = dict.fromkeys([given.dns, *json.loads(site).get("dns", [])])
    write(f"{RUN}/bootserver/boot.json", json.dumps(told))
    write(f"{RUN}/bootserver/site.json", site)
    write(f"{RUN}/bootserver/resolv.conf", "".join(f"nameserver {name}\n" for name in servers if name))
    server.claim(boot, "stage1", "done", KERNELS_CARD)
    for part in ("kernel", "initrd"):       # which this host's own kernel replaces
        server.blob(variables[part], boot["nonce"], os.devnull)
    server.claim(boot, "root", "begin")
    server.blob(boot["root"], boot["nonce"], f"{RUN}/bootserver/root.erofs")
    mount_root()
    for path, content in json.loads(site).get("files", {}).items():
        write(RUN + path.removeprefix("/run") if path.startswith("/run/") else ROOT + path, content)
    server.claim(boot, "root", "done", "fetched")
    return text


def mount_root():
    for name in ("lower", "upper", "root"):
        os.mkdir(f"{BASE}/{name}")
    run("mount", "-t", "erofs", "-o", "loop,ro", f"{RUN}/bootserver/root.erofs", f"{BASE}/lower")
    mount("tmpfs", f"{BASE}/upper", "tmpfs", 0, "mode=0755")
    for name in ("upper", "work"):
        os.mkdir(f"{BASE}/upper/{name}")
    mount("overlay", ROOT, "overlay", 0,
          f"lowerdir={BASE}/lower,upperdir={BASE}/upper/upper,workdir={BASE}/upper/work")


def make_dev():
    """A /dev with what programs need, and the node's own disks."""
    dev = f"{ROOT}/dev"
    mount("tmpfs", dev, "tmpfs", MS_NOSUID, "mode=0755")
    for folder in ("net", "pts", "shm", "mqueue", "disk/by-id"):
        os.makedirs(f"{dev}/{folder}")
    for name, major, minor, mode in DEVICES:
        node(f"{dev}/{name}", stat.S_IFCHR | mode, major, minor)
    for number in range(LOOPS_MOST):
        node(f"{dev}/loop{number}", stat.S_IFBLK | 0o600, 7, number)
    mount("devpts", f"{dev}/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid=5")
    mount("tmpfs", f"{dev}/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777")
    for name, target in (("ptmx", "pts/ptmx"), ("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"),
                         ("stderr", "fd/2"), ("core", "/proc/kcore")):
        os.symlink(target, f"{dev}/{name}")
    write(f"{dev}/console", "")
    mount(os.ttyname(1), f"{dev}/console", None, MS_BIND)


def node(path, mode, major, minor):
    os.mknod(path, mode, os.makedev(major, minor))
    os.chmod(path, stat.S_IMODE(mode))


def make_sys(spec):
    """/sys of the node's network, to be read alone; of block devices it shows the node's disks and no others.

    Whoever lists disks (the agent, kubelet, ceph-volume) begins at one of these three folders."""
    mount("sysfs", f"{ROOT}/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    for folder in ("block", "class/block", "dev/block"):
        mount("tmpfs", f"{ROOT}/sys/{folder}", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0755")
    for number, disk in enumerate(spec["disks"]):
        make_disk(f"vd{chr(ord('a') + number)}", disk)
    for folder in ("block", "class/block", "dev/block"):
        mount(None, f"{ROOT}/sys/{folder}", None, MS_REMOUNT | MS_RDONLY)
    mount("tmpfs", f"{ROOT}/sys/fs/cgroup", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0755")
    mount_groups(spec)
    mount(None, f"{ROOT}/sys", None, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)


def make_disk(name, disk):
    """Nodes in /dev, a name by id, facts in /sys/block, and udev's word that it has seen it."""
    for part, loop in [(name, disk["loop"]), *((f"{name}{n}", loop) for n, loop in enumerate(disk["loops"], 1))]:
        number = os.stat(f"/proc/self/fd/{loop}").st_rdev
        major, minor = os.major(number), os.minor(number)
        node(f"{ROOT}/dev/{part}", stat.S_IFBLK | 0o660, major, minor)
        suffix = part.removeprefix(name)
        by_id = f"disk/by-id/virtio-{disk['serial']}" + (f"-part{suffix}" if suffix else "")
        write(f"{RUN}/udev/data/b{major}:{minor}", f"S:{by_id}\nI:1\nV:1\n")
        os.symlink(f"../../{part}", f"{ROOT}/dev/{by_id}")
        # what has a /sys of its own (Rook's jobs) knows it by the kernel's name
        node(f"{ROOT}/dev/loop{minor}", stat.S_IFBLK | 0o660, major, minor)
        if part == name:
            facts = {"size": disk["size"] // 512, "ro": 0, "removable": 0, "hidden": 0, "serial": disk["serial"],
                     "queue/rotational": 0, "dev": f"{major}:{minor}"}
            for key, value in facts.items():
                write(f"{ROOT}/sys/block/{name}/{key}", f"{value}\n", 0o444)


def attach_disks(spec):
    """Each disk a loop device, each partition one of its own (the kernel would name it after its disk's).

    This process has them open as long as the node lives, so that no number of one is ever another's disk;
    the last one who has it open gone, the kernel detaches it."""
    for disk in spec["disks"]:
        disk["loop"] = attach(disk["path"], 0, disk["size"])
        disk["loops"] = [attach(disk["path"], start, size) for start, size in disk["parts"]]


def attach(path, start, size):
    """The first loop device that is free, of those that no node has a name for: or a node would find the disks
    of the others by their numbers, as ceph-volume does."""
    for number in range(LOOPS_MOST, 2 * LOOPS_MOST):
        device = f"/dev/loop{number}"
        make_loop(number)
        done = subprocess.run(["losetup", f"--offset={start}", f"--sizelimit={size}", device, path], check=False,
                              stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if done.returncode == 0:
            fd = os.open(device, os.O_RDONLY | os.O_CLOEXEC)
            run("losetup", "--detach", device)
            return fd
    raise OSError(f"no loop device takes {path}")


def make_loop(number):
    with open("/dev/loop-control", "rb+", buffering=0) as control, contextlib.suppress(FileExistsError):
        fcntl.ioctl(control, LOOP_CTL_ADD, number)
    with contextlib.suppress(FileExistsError):
        os.mknod(f"/dev/loop{number}", stat.S_IFBLK | 0o660, os.makedev(7, number))


def mount_groups(spec):
    """The hierarchies as this host has them, each from the node's own folder down (it is in its cgroup namespace)."""
    for kind, options, _ in spec["groups"]:
        if kind == "cgroup2":
            place = "unified" if len(spec["groups"]) > 1 else "."
        else:
            place = options.removeprefix("none,name=")
        folder = os.path.normpath(f"{ROOT}/sys/fs/cgroup/{place}")
        os.makedirs(folder, exist_ok=True)
        mount(kind, folder, kind, MS_NOSUID | MS_NODEV | MS_NOEXEC, options or None)


def make_proc(text):
    """/proc of the node's processes.  What holds for the whole host can be read alone, but for kubelet's wishes."""
    mount("proc", f"{ROOT}/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    write(f"{RUN}/native/cmdline", text + "\n", 0o444)
    mount(f"{RUN}/native/cmdline", f"{ROOT}/proc/cmdline", None, MS_BIND)
    if os.path.exists(f"{ROOT}/proc/sysrq-trigger"):
        mount("/dev/null", f"{ROOT}/proc/sysrq-trigger", None, MS_BIND)
    for place in ("proc/sys", "proc/sys/net"):
        mount(f"{ROOT}/{place}", f"{ROOT}/{place}", None, MS_BIND)
    mount(None, f"{ROOT}/proc/sys", None, MS_REMOUNT | MS_BIND | MS_RDONLY)
    for name, value in TUNABLES.items():
        if not os.path.exists(f"{ROOT}/proc/sys/{name}"):
            continue
        write(f"{RUN}/native/{name}", value + "\n")
        mount(f"{RUN}/native/{name}", f"{ROOT}/proc/sys/{name}", None, MS_BIND)


def dress():
    """What differs from a machine: no modules are loaded; where this host's root may not guard a process from
    being killed for memory (CAP_SYS_RESOURCE), containers cannot be guarded either."""
    mount("/bin/true", f"{ROOT}/usr/bin/kmod", None, MS_BIND)
    config, table = f"{ROOT}/etc/containerd/config.toml", '[plugins."io.containerd.grpc.v1.cri"]\n'
    if LIBC.prctl(PR_CAPBSET_READ, CAP_SYS_RESOURCE, 0, 0, 0) == 0 and os.path.exists(config):
        with open(config, encoding="utf-8") as file:
            text = file.read()
        write(config, text.replace(table, f"{table}\trestrict_oom_score_adj = true\n", 1))


def mask_units(text):
    """systemd.mask= of the kernel's command line, as systemd-debug-generator obeys it; a container has none."""
    for word in text.split():
        key, _, unit = word.partition("=")
        if key == "systemd.mask":
            os.makedirs(f"{RUN}/systemd/system", exist_ok=True)
            os.symlink("/dev/null", f"{RUN}/systemd/system/{unit}")


def become_init():
    """The image's root becomes the root, its init this process."""
    mount(RUN, f"{ROOT}/run", None, MS_MOVE)
    os.chdir(ROOT)
    call("syscall", SYS_PIVOT_ROOT, b".", b".")
    call("umount2", b".", MNT_DETACH)
    os.chdir("/")
    for capability in (CAP_SYS_MODULE, CAP_SYS_RAWIO, CAP_SYS_TIME):
        call("prctl", PR_CAPBSET_DROP, capability, 0, 0, 0)
    os.execve("/sbin/init", ["/sbin/init"], {
        "container": "bootserver-rack", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "TERM": "dumb",
        "SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE": "1",
        "SYSTEMD_PROC_CMDLINE": "systemd.unified_cgroup_hierarchy=0 systemd.legacy_systemd_cgroup_controller=0 "
                                "SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1"})


def first_process(spec, server, variables, given):
    mount("none", "/", None, MS_REC | MS_PRIVATE)
    mount("proc", "/proc", "proc")
    mount("tmpfs", BASE, "tmpfs", 0, "mode=0755")
    os.mkdir(RUN)
    mount("tmpfs", RUN, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755")
    text = stage1(spec, server, variables, given)
    make_dev()
    make_sys(spec)
    make_proc(text)
    dress()
    mask_units(text)
    become_init()


def boot(spec):
    """One life, in a process of its own; returns how its init ended: the number of a signal."""
    for _, _, fd in spec["groups"]:
        enter(fd)
    attach_disks(spec)
    given = network(spec)
    server, variables = ipxe(spec, given)
    call("unshare", NEWNS | NEWCGROUP | NEWUTS | NEWIPC | NEWPID)
    start_clock()
    child = os.fork()
    if child == 0:
        call("prctl", PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        os.setsid()
        first_process(spec, server, variables, given)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def start_clock():
    """What the node calls the time since its kernel started begins here, where a kernel can do that."""
    if os.path.exists("/proc/self/timens_offsets"):
        call("unshare", NEWTIME)
        now = int(time.monotonic())
        with open("/proc/self/timens_offsets", "w", encoding="ascii") as file:
            file.write(f"monotonic -{now} 0\nboottime -{now} 0\n")


def power(spec):
    """Boots again and again until the node is powered off."""
    while True:
        child = os.fork()
        if child == 0:
            call("prctl", PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            try:
                status = boot(spec)
            except (OSError, subprocess.CalledProcessError, KeyError) as error:
                say(f"native: {error!r}")
                status = 1
            os._exit({-signal.SIGHUP: 0, -signal.SIGINT: 3}.get(status, 1))
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        for _, _, fd in spec["groups"]:
            empty(f"/proc/self/fd/{fd}")
        if status:
            return 0 if status == 3 else status
        say("native: reboot")


if __name__ == "__main__":
    sys.exit(power(json.loads(sys.argv[1])))
