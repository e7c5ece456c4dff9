"""A namespace ends with its owner, however that ends; what is inside is found, and only that."""

import os
import select
import signal
import subprocess
import sys

import pytest

TESTS = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, TESTS)

from rack import Namespace, RackError, descendants    # noqa: E402

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="namespaces need root")

OWNER = """
import sys
sys.path.insert(0, {tests!r})
from rack import Namespace
inside = Namespace()
child = inside.start("sleeper", ["sh", "-c", "sleep 1000 & sleep 1000"], "/dev/null")
inside.run("sh", "-c", "setsid sleep 1000 >/dev/null 2>&1 & true")
while len(inside.processes()) < 4:
    pass
print(*[pid for pid in inside.processes()], flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_ends_with_its_owner(number):
    owner = subprocess.Popen([sys.executable, "-c", OWNER.format(tests=TESTS)], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    pids = [int(word) for word in owner.stdout.readline().split()]
    watched = [os.pidfd_open(pid) for pid in pids]
    assert len(pids) == 4
    owner.send_signal(number)
    for fd in watched:
        assert select.select([fd], [], [], 10)[0], "a process outlived the namespace's owner"
        os.close(fd)
    owner.communicate()


def test_runs_and_finds():
    inside = Namespace()
    try:
        assert inside.run("ip", "-br", "link").split()[0] == "lo"
        assert inside.processes() == {}
        sleeper = inside.start("sleeper", ["sh", "-c", "sleep 1000; true"], "/dev/null")
        assert len(sleeper_family(sleeper.pid)) == 2
        assert set(inside.processes()) == set(descendants(sleeper.pid))
        assert sleeper.end() == -signal.SIGTERM
        with pytest.raises(RackError, match="said so"):
            inside.run("sh", "-c", "echo said so >&2; exit 3")
        with inside.network():
            mine = os.stat("/proc/thread-self/ns/net").st_ino
        assert mine != os.stat("/proc/self/ns/net").st_ino
    finally:
        inside.close()


def sleeper_family(pid):
    """The shell and its sleep, once the shell has started it."""
    while len(descendants(pid)) < 2:
        os.sched_yield()
    return descendants(pid)
