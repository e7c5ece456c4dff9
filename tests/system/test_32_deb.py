"""The Debian package in a fresh trixie root: it installs, idles and says what is missing, runs a site,
and leaves nothing but the site when it goes."""

import os
import re
import signal
import socket
import subprocess

import pytest

from rack.rack import ROOT

# What dpkg, systemd and the accounts' tools write about anything.
NOT_OURS = re.compile(r"/(etc/(passwd|group|shadow|gshadow|\.pwd\.lock|subuid|subgid)-?|proc|sys|dev|tmp|run|"
                      r"var/(lib/dpkg|log|cache)|var/lib/systemd/deb-systemd-helper-\w+|"
                      r"root/package\.deb)(/|$)")


def output(*argv, timeout=600):
    return subprocess.run(argv, cwd=ROOT, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          text=True, timeout=timeout).stdout.strip()


@pytest.fixture(scope="module")
def package():
    return output("make", "-s", "deb", "SUITE=trixie").split("\n")[-1]


class Root:
    """A root that is thrown away: what is written to it lies in memory, in the rack's mount namespace."""

    def __init__(self, rack, lower, package):
        self.rack, self.path = rack, os.path.join(rack.folder, "root")
        over = os.path.join(rack.folder, "over")
        os.makedirs(self.path)
        os.makedirs(over)
        rack.net.run("sh", "-ec", f"""
            mount -t tmpfs none {over}
            mkdir {over}/upper {over}/work
            mount -t overlay none -o lowerdir={lower},upperdir={over}/upper,workdir={over}/work {self.path}
            mount --rbind /dev {self.path}/dev
            mount -t proc none {self.path}/proc
            mount -t tmpfs none {self.path}/tmp
            cp {package} {self.path}/root/package.deb
            """)

    def argv(self, *argv):
        """Not chroot(1): a program in it cannot find itself again in a further mount namespace."""
        enter = f'cd {self.path} && pivot_root . . && umount -l . && exec "$@"'
        return ["unshare", "--mount", "--propagation", "private", "--", "sh", "-ec", enter, "sh",
                "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", *argv]

    def run(self, *argv, **options):
        return self.rack.net.run(*self.argv(*argv), **options)

    def files(self):
        found = self.run("find", "/", "-xdev").split("\n")
        return {path for path in found if path and not NOT_OURS.match(path)}


class Service:
    """`bootserver run --idle` as the unit starts it; notify() is its next word to systemd."""

    def __init__(self, root):
        self.root, self.log = root, os.path.join(root.rack.folder, "service.log")
        # of the abstract namespace, which belongs to the network namespace
        with root.rack.net.network():
            self.notified = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notified.bind("\0deb-test")
        self.notified.settimeout(30 * root.rack.patience)
        start = re.search(r"^ExecStart=(.*)$", root.run("cat", "/usr/lib/systemd/system/bootserver.service"),
                          re.M).group(1)
        self.process = root.rack.net.start("service", root.argv("NOTIFY_SOCKET=@deb-test", *start.split()),
                                           self.log)

    def wait_for(self, words):
        while True:
            try:
                text = self.notified.recv(4096).decode()
            except TimeoutError:
                with open(self.log, encoding="utf-8") as file:
                    pytest.fail(f"no word of {words}:\n{file.read()}")
            if words in text:
                return

    def end(self):
        self.notified.close()
        return self.process.end(signal.SIGTERM, 10)


@pytest.fixture
def root(rack, package):
    return Root(rack, output(os.path.join(ROOT, "tests/deb/root"), package), package)


def test_installs_idles_serves_goes(rack, root, package):
    before = root.files()
    listed = output("dpkg-deb", "-c", package)      # the root leaves manual pages out
    assert "./usr/share/man/man1/bootserver.1.gz" in listed and "bootserver-site.5.gz" in listed
    assert "warning" not in root.run("dpkg", "-i", "/root/package.deb")
    assert re.search(r"^bootserver-web:.*\nbootserver-engine:", root.run("cat", "/etc/passwd"), re.M)
    assert root.run("bootserver", "version").startswith("bootserver 0~")
    assert root.run("systemctl", "is-enabled", "bootserver").strip() == "enabled"
    root.run("systemd-analyze", "verify", "--man=no", "/usr/lib/systemd/system/bootserver.service")
    assert root.run("stat", "-c", "%a %U", "/var/lib/bootserver").strip() == "755 root"

    service = Service(root)
    service.wait_for("STATUS=idle in /var/lib/bootserver: there is no site.yaml")
    site = ["bootserver", "-C", "/var/lib/bootserver"]
    root.run(*site, "init", "--name", "lab", "--interface", "br0", "--address", "10.9.0.1/24")
    service.process.send(signal.SIGHUP)
    service.wait_for("READY=1")
    assert rack.net.run("curl", "-s", "-m", "5", "http://10.9.0.1/healthz") == "ok\n"
    assert root.run(*site, "status") is not None
    assert service.end() == 0

    root.run("dpkg", "-r", "bootserver")
    left = root.files() - before
    assert {path for path in left if not path.startswith("/var/lib/bootserver")} <= {
        "/etc/systemd/system/multi-user.target.wants/bootserver.service"}
    assert "/var/lib/bootserver/pki/ca.key" in left
    # the site of one who installs it again is still there
    root.run("dpkg", "-i", "/root/package.deb")
    root.run(*site, "check")
    root.run("dpkg", "--purge", "bootserver")
    assert {path for path in root.files() - before if not path.startswith("/var/lib/bootserver")} == set()
    assert "/var/lib/bootserver/pki/ca.key" in root.files()


def test_without_a_site_nothing_stays(root):
    before = root.files()
    root.run("dpkg", "-i", "/root/package.deb")
    assert "/usr/sbin/bootserver" in root.files()
    root.run("dpkg", "--purge", "bootserver")
    assert root.files() == before
