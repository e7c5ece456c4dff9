"""The program that dnsmasq executes at each lease: what it says to the socket beside it, and that it costs little."""

import json
import os
import re
import shutil
import socket
import subprocess

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
PROGRAM = os.path.join(ROOT, "build", "lease-event")

if not os.path.exists(PROGRAM):
    pytest.skip("build/ is not whole: `make`", allow_module_level=True)


@pytest.fixture
def beside(tmp_path):
    """(run, receive): executes the program as dnsmasq does, its name alone in argv[0]; the datagrams that came."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sock:
        sock.bind(str(tmp_path / "lease.sock"))
        program = shutil.copy(PROGRAM, tmp_path)

        def run(*words):
            return subprocess.run(["lease-event", *words], executable=program, cwd="/", env={}, check=False).returncode

        yield run, lambda: json.loads(sock.recv(4096))


def test_a_lease_is_told_to_the_socket_beside_it(beside):
    run, receive = beside
    assert run("add", "52:54:00:AB:00:01", "10.9.0.100", "n1") == 0
    assert receive() == {"type": "lease", "action": "add", "mac": "52:54:00:ab:00:01", "ip": "10.9.0.100", "hostname": "n1"}


def test_what_is_nothing_for_us_says_nothing(beside):
    run, receive = beside
    assert run("init") == run("arp-add", "52:54:00:ab:00:01", "10.9.0.100") == run() == 0
    with pytest.raises(BlockingIOError):
        receive()


def test_a_keeper_that_is_gone_is_an_error(tmp_path):
    program = shutil.copy(PROGRAM, tmp_path)
    done = subprocess.run([program, "add", "52:54:00:ab:00:01", "10.9.0.100"], check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert "lease.sock" in done.stderr


def test_it_loads_two_libraries():
    """A storm executes it some thousand times, and loading libraries is what that costs."""
    table = subprocess.run(["readelf", "-d", PROGRAM], check=True, capture_output=True, text=True).stdout
    assert sorted(re.findall(r"NEEDED.*\[(\w+)\.so", table)) == ["libc", "libjansson"]
