"""The boot server under test: build/bootserver on a site directory, inside the rack's network."""

import json
import os
import select
import signal
import socket
import tempfile
import time

from .events import api
from .namespace import RackError, descendants

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.path.join(ROOT, "build", "bootserver")


def site_text(site):
    """A site file; JSON is YAML."""
    return "".join(f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in site.items())


class Server:
    def __init__(self, rack, folder):
        self.rack, self.site_folder = rack, folder
        self.log = os.path.join(rack.folder, "server.log")
        self.socket = os.path.join(folder, "run", "api.sock")
        self.process = None

    def write_site(self, site):
        os.makedirs(self.site_folder, exist_ok=True)
        with open(os.path.join(self.site_folder, "site.yaml"), "w", encoding="utf-8") as file:
            file.write(site_text(site))

    def command(self, *arguments, check=True):
        """`bootserver -C SITE ARGUMENTS…`; returns what it printed."""
        return self.rack.net.run(BINARY, "-C", self.site_folder, *arguments, timeout=300, check=check)

    def api(self, method, target, body=None):
        return api(self.socket, method, target, body)

    def start(self, seconds=30):
        """Starts it and waits until it says READY=1."""
        with tempfile.TemporaryDirectory(prefix="rack-") as folder, \
                socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            path = os.path.join(folder, "notify")
            notify.bind(path)
            self.process = self.rack.net.start(
                "bootserver", [BINARY, "-C", self.site_folder, "run"], self.log, self.rack.notify,
                env={**os.environ, "NOTIFY_SOCKET": path})
            self._wait_ready(notify, time.monotonic() + seconds * self.rack.patience)
        self.rack.stream.connect(self.socket)

    def reload(self, site):
        """A changed site file, taken as `systemctl reload` has it taken."""
        self.write_site(site)
        self.process.send(signal.SIGHUP)

    def _wait_ready(self, notify, deadline):
        pidfd = os.pidfd_open(self.process.pid)
        try:
            while True:
                ready, _, _ = select.select([notify, pidfd], [], [], max(0, deadline - time.monotonic()))
                if notify in ready and b"READY=1" in notify.recv(4096):
                    return
                if pidfd in ready:
                    raise RackError(f"the server ended while it started:\n{self.last_words()}")
                if not ready:
                    raise RackError(f"the server is not ready in time:\n{self.last_words()}")
        finally:
            os.close(pidfd)

    def last_words(self, lines=15):
        if not os.path.exists(self.log):
            return "it was not started"
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return "".join(file.readlines()[-lines:])

    @property
    def ended_badly(self):
        return self.process.status if self.process and not self.process.stopping else None

    def stop(self, seconds=5):
        """SIGTERM; returns (exit status, seconds it took).  What it leaves behind is killed by nobody here."""
        return self._end(signal.SIGTERM, seconds)

    def kill(self):
        """SIGKILL to the keeper alone; returns when all that came from it is gone too."""
        family = [os.pidfd_open(pid) for pid in descendants(self.process.pid)]
        self._end(signal.SIGKILL, 5)
        deadline = time.monotonic() + 5 * self.rack.patience
        try:
            for fd in family:
                if not select.select([fd], [], [], max(0, deadline - time.monotonic()))[0]:
                    raise RackError("a process of the server lives on 5 s after the keeper was killed: "
                                    f"{self.rack.net.processes()}")
        finally:
            for fd in family:
                os.close(fd)

    def _end(self, number, seconds):
        if not self.process:
            return None, 0.0
        began = time.monotonic()
        status = self.process.end(number, seconds * self.rack.patience)
        self.rack.stream.close()
        self.process = None
        return status, time.monotonic() - began
