"""What the demos ask of a host before anything is built: each refusal is one clear sentence."""

import os
import subprocess

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
HOST = os.path.join(ROOT, "tests/demo/host")

if os.geteuid() != 0:
    pytest.skip("plays hosts in mount namespaces", allow_module_level=True)


def ask(folder, memory=16, disk=8, cache=30, then=""):
    """(exit status, sentence) on a host with so many GiB free, in the folder and in that of the cache."""
    meminfo = folder / "meminfo"
    meminfo.write_text(f"MemAvailable: {memory << 20} kB\n")
    script = (f"mount --bind {meminfo} /proc/meminfo\nmount -t tmpfs -o size={disk}g none {folder}\n"
              f"unset CACHE; export XDG_CACHE_HOME={folder}/cache; mkdir -p $XDG_CACHE_HOME\n"
              f"mount -t tmpfs -o size={cache}g none $XDG_CACHE_HOME\n"
              "[ -e /dev/net/tun ] || { mkdir -p /dev/net; mknod /dev/net/tun c 10 200; }\n"
              f"{then}\nexec $AS {HOST} demo {folder}/deep/folder")
    done = subprocess.run(["unshare", "-m", "bash", "-ec", script], check=False, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def test_a_large_host_hears_nothing(tmp_path):
    assert ask(tmp_path) == (0, "")


def test_little_memory(tmp_path):
    status, said = ask(tmp_path, memory=8)
    assert status == 1 and "8 GiB of memory are free, the machines need 9" in said


def test_little_room(tmp_path):
    status, said = ask(tmp_path, disk=2)
    assert status == 1 and f"2 GiB of disk are free in {tmp_path}/deep/folder, the demo needs 4" in said


def test_little_room_for_what_is_built(tmp_path):
    status, said = ask(tmp_path, cache=25)
    assert status == 1 and f"25 GiB of disk are free in {tmp_path}/cache/bootserver, what is built needs 26" in said


def test_what_is_built_already_needs_no_room(tmp_path):
    assert ask(tmp_path, cache=26, then="fallocate -l 2G $XDG_CACHE_HOME/kept; mkdir -p $XDG_CACHE_HOME/bootserver; "
               "mv $XDG_CACHE_HOME/kept $XDG_CACHE_HOME/bootserver/") == (0, "")


def test_no_root(tmp_path):
    status, said = ask(tmp_path, then='AS="setpriv --reuid=65534 --clear-groups"')
    assert status == 1 and "needs root: run it as root, or with sudo" in said


def test_no_tun(tmp_path):
    status, said = ask(tmp_path, then="mount -t tmpfs none /dev/net")
    assert status == 1 and "/dev/net/tun is missing" in said
