"""Sentences that several tests assert."""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import types

import rack as racks
from rack import look

TINY_HEALTHY = 120      # seconds a tiny machine may take when time is not the point
EDGE_HEALTHY = 240


def healthy(rack, machine, timeout=TINY_HEALTHY):
    """Waits for the agent's signed word; returns the event."""
    event = rack.wait(machine, "healthy", timeout=timeout)
    assert event["from"] == "agent"
    found = rack.server.api("GET", f"/v1/machines/{machine.name}")
    assert found["state"] == "healthy", found
    return event


def one_lease(rack, machine):
    """Firmware, iPXE and Linux were given the same address: one lease for each card that booted."""
    mine = [lease for lease in rack.leases() if lease[0] in machine.macs]
    assert len(mine) == 1, mine
    found = rack.server.api("GET", f"/v1/machines/{machine.name}")
    assert found["ip"] == mine[0][1]


def in_order(rack, machine, *phases):
    """Each of the phases was done, none before the one it follows."""
    ends = rack.phase_seconds(machine)
    assert [phase for phase in phases if phase not in ends] == []
    times = [ends[phase] for phase in phases]
    assert times == sorted(times), ends


def orders(rack, machine):
    """[(kind, state)], the newest first."""
    found = rack.server.api("GET", f"/v1/machines/{machine.name}")["orders"]
    return [(order["kind"], order["state"]) for order in found]


def identify(rack, machine, seconds=1):
    """Orders a light; how that went, in the agent's words."""
    rack.server.command("identify", machine.name, "--seconds", str(seconds))
    look(lambda: orders(rack, machine)[0][1] in ("done", "failed"), 60 + seconds, "the order to end")
    return rack.server.api("GET", f"/v1/machines/{machine.name}")["orders"][0]["text"]


def other_generation(rack, image, version, more="", archs=()):
    """A copy of a built image that differs in its version and says so on its kernel's command line; `more`: words
    that stand there besides."""
    source, folder = racks.image_folder(image, *archs), os.path.join(rack.folder, f"{image}-{version}")
    shutil.copytree(source, folder, copy_function=os.link)
    manifest = os.path.join(folder, "manifest.json")
    with open(manifest, encoding="utf-8") as file:
        told = json.load(file)
    told["version"] = version
    told["args"] = {arch: f"{args} test.version={version} {more}".strip() for arch, args in told["args"].items()}
    for name in ("manifest.json", "manifest.json.cms"):
        if os.path.exists(os.path.join(folder, name)):
            os.unlink(os.path.join(folder, name))
    with open(manifest, "w", encoding="utf-8") as file:
        json.dump(told, file)
    return folder


def small_image(folder, size):
    """A folder with an image of two small files, of `size` bytes if not 0: nobody looks into them."""
    os.makedirs(folder)
    parts = []
    for part in ("kernel", "initrd"):
        data = part.encode().ljust(size, b".")
        name = hashlib.sha256(data).hexdigest()
        with open(os.path.join(folder, name), "wb") as file:
            file.write(data)
        parts.append({"part": part, "arch": "amd64", "sha256": name, "size": len(data)})
    with open(os.path.join(folder, "manifest.json"), "w", encoding="ascii") as file:
        json.dump({"schema": 1, "name": "edge", "version": "1", "parts": parts,
                   "args": {"amd64": "quiet"}}, file)
    return folder


def start_small(rack, size=0):
    """The server, for tests in which no machine runs its image: that is a small one."""
    rack.site["image"] = "edge"
    rack.server.write_site(rack.site)
    rack.server.command("init")
    rack.server.command("image", "add", small_image(os.path.join(rack.folder, "image"), size))
    rack.server.start()


def demo_folder(name):
    return os.path.join(racks.ROOT, "build", "test", name)


def start_demo(demo, folder, **env):
    """A demo of tests/demo/, its output in a pipe."""
    return subprocess.Popen(
        ["/usr/bin/python3", "-B", os.path.join(racks.ROOT, f"tests/demo/{demo}.py"), "--folder", demo_folder(folder)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        env={**os.environ, **env})


def demo_report(demo, folder, seconds):
    """Runs a demo to its end; what it reports."""
    running = start_demo(demo, folder)
    try:
        output, _ = running.communicate(timeout=seconds)
    except BaseException:
        running.send_signal(signal.SIGINT)
        running.wait(30)
        raise
    assert running.returncode == 0, output
    with open(os.path.join(demo_folder(folder), "report.json"), encoding="utf-8") as file:
        return json.load(file)


def login_key(rack):
    """A key pair of a person's, whose public half is among the site's `ssh-keys`: {path, public}."""
    path = os.path.join(rack.folder, "person")
    rack.net.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "person", "-f", path)
    with open(f"{path}.pub", encoding="ascii") as file:
        public = file.read().strip()
    rack.site["ssh-keys"] = [public]
    return types.SimpleNamespace(path=path, public=public)


def ssh(rack, machine, key, user, *command, check=True):
    """Runs a command on the machine, from the rack; returns what it printed.  Waits for its sshd."""
    ip = rack.server.api("GET", f"/v1/machines/{machine.name}")["ip"]
    return rack.net.run(
        "ssh", "-F", "none", "-i", key.path, "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes",
        "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
        "-o", "ConnectTimeout=20", "-o", "ConnectionAttempts=30", f"{user}@{ip}", *command,
        timeout=240 * rack.patience, check=check)


def wipe(rack, machine, disk):
    """Both words of the operator; returns how it went, as the timeline tells it."""
    mark = len(rack.stream.events)
    said = rack.server.command("wipe", machine.name, "--disk", disk.serial)
    code = re.search(r"--confirm (\S+)", said)[1]
    rack.server.command("wipe", machine.name, "--disk", disk.serial, "--confirm", code)

    def told():
        texts = [event.get("text") or "" for event in rack.stream.events[mark:]]
        return next((text for text in texts if re.match("order wipe: (done|failed)", text)), None)
    return rack.wait_for(told, 60, "the order to be over", machine)
