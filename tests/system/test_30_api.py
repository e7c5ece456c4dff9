"""The operator's API is what docs/openapi.yaml says: schemathesis against a running server, and what
becomes of machines that are written through it."""

import os
import socket
import subprocess
import threading

import pytest

from rack.events import ApiError, UnixConnection
from rack.rack import ROOT
from steps import start_small

MACHINES = [{"name": "n1", "mac": "52:54:00:00:00:01"}, {"name": "n2", "mac": "52:54:00:00:00:02"}]


class Bridge:
    """A port of loopback that leads to the API's socket: requests cannot speak to a Unix socket."""

    def __init__(self, path):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.path = path
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            connection = UnixConnection(self.path)
            connection.connect()
            far = connection.sock
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    @staticmethod
    def _carry(one, other):
        try:
            while data := one.recv(65536):
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def close(self):
        self.listener.close()


@pytest.fixture
def server(rack):
    rack.site["machines"] = list(MACHINES)
    start_small(rack)
    return rack.server


def written(server):
    return sorted(os.listdir(os.path.join(server.site_folder, "machines.d")))


def refused(server, *request):
    with pytest.raises(ApiError) as fault:
        server.api(*request)
    return fault.value.status, fault.value.sentence


def test_machines_written(rack, server):
    made = server.api("POST", "/v1/machines", {"name": "n9", "mac": "52:54:00:00:00:09",
                                               "address": "10.9.0.9"})
    assert (made["file"], made["known"]) == ("machines.d/n9.yaml", True)
    assert written(server) == ["n9.yaml"]
    server.command("check")
    with open(os.path.join(server.site_folder, "run", "hosts"), encoding="ascii") as file:
        assert "10.9.0.9" in file.read()
    status, sentence = refused(server, "PUT", "/v1/machines/n1", {"mac": "52:54:00:00:00:01"})
    assert status == 409 and "site.yaml" in sentence
    status, sentence = refused(server, "PUT", "/v1/machines/n8", {"mac": "52:54:00:00:00:09"})
    assert status == 422 and "n9" in sentence and written(server) == ["n9.yaml"]
    # a new server reads what was written
    server.stop()
    server.start()
    assert server.api("GET", "/v1/machines/n9")["settings"]["address"] == "10.9.0.9"
    server.api("PUT", "/v1/machines/n9", {"mac": "52:54:00:00:00:99"})
    assert "52:54:00:00:00:99" in server.api("GET", "/v1/machines/n9")["macs"]
    # a person makes it his own
    path = os.path.join(server.site_folder, "machines.d", "n9.yaml")
    with open(path, "w", encoding="ascii") as file:
        file.write("machines: [{name: n9, serial: A}]\n")
    status, sentence = refused(server, "DELETE", "/v1/machines/n9")
    assert status == 409 and "not written by the API" in sentence and written(server) == ["n9.yaml"]


def test_as_openapi_says(rack, server):
    setup = subprocess.run([os.path.join(ROOT, "tests/api/setup")], check=True, stdout=subprocess.PIPE)
    python = os.path.join(setup.stdout.decode().strip(), "bin", "python")
    bridge = Bridge(server.socket)
    try:
        done = subprocess.run(
            [python, "-c", "from schemathesis.cli import schemathesis; schemathesis()",
             "--config-file", os.path.join(ROOT, "tests/api/schemathesis.toml"), "run",
             os.path.join(ROOT, "docs/openapi.yaml"), "--url", f"http://127.0.0.1:{bridge.port}",
             "--max-examples", "25", "--generation-deterministic"],
            cwd=rack.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=300, check=False)
    finally:
        bridge.close()
    output = done.stdout.decode(errors="replace")
    with open(os.path.join(rack.folder, "schemathesis.log"), "w", encoding="utf-8") as file:
        file.write(output)
    assert done.returncode == 0, output
    assert server.process.status is None
