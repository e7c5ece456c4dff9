"""Many machines at once: large files in slots, the others told when to come again, none lost, racks alike; who stands
still is named; a real iPXE does as it is told."""

import hashlib
import http.client
import os
import re
import socket
import threading
import time

from rack import metrics
from rack.outside import look
from steps import EDGE_HEALTHY, healthy, start_small

MIB = 1 << 20
SIZE = 8 * MIB


def mac_of(number):
    return f"52:54:00:00:01:{number:02x}"


def take(sock, count):
    """So many bytes, whatever the connection's end."""
    data = bytearray()
    while len(data) < count:
        piece = sock.recv(count - len(data))
        assert piece, f"the connection ended after {len(data)} bytes"
        data += piece
    return bytes(data)


class Client:
    """What plays a machine's downloads, on a host of the rack."""

    def __init__(self, rack, host, number, agent="curl/8"):
        self.rack, self.host, self.name, self.agent = rack, host, f"m{number}", agent
        self.mac = mac_of(number)
        self.refused, self.ended, self.digest = 0, None, None

    def _connect(self):
        connection = http.client.HTTPConnection("10.9.0.1", timeout=120)
        with self.rack.net.network(self.host._net):
            connection.connect()
        return connection

    def get(self, path):
        connection = self._connect()
        connection.request("GET", path, headers={"User-Agent": self.agent, "Connection": "close"})
        return connection.getresponse()

    def kernel(self):
        """Asks for its script; the path of its kernel."""
        script = self.get(f"/v1/boot?mac={self.mac}&platform=efi&arch=x86_64").read().decode()
        found = dict(re.findall(r"^set (\w+) (.*)$", script, re.M))
        return f"/blob/{found['kernel']}?nonce={found['nonce']}"

    def download(self, path):
        """As iPXE and curl --retry do: comes again when it is told to."""
        while True:
            answer = self.get(path)
            if answer.status == 200:
                break
            assert answer.status == 503, answer.status
            self.refused += 1
            time.sleep(int(answer.headers["Retry-After"]))
        self.digest = hashlib.sha256(answer.read()).hexdigest()
        self.ended = time.monotonic()

    def open(self, path):
        """A download of which the answer's head and no more is taken: the socket."""
        with self.rack.net.network(self.host._net):
            sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        sock.settimeout(120)
        sock.connect(("10.9.0.1", 80))
        sock.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nUser-Agent: {self.agent}\r\n\r\n".encode())
        assert take(sock, 12) == b"HTTP/1.1 200"
        return sock


def site(rack, transfers, racks):
    """Machines m1 … by their rack; a host beside each rack's switch, 60 Mbit/s to each."""
    rack.site["server"]["transfers"] = transfers
    rack.site["racks"] = [{"name": name} for name in sorted(set(racks))]
    rack.site["machines"] = rack.site.get("machines", []) + [
        {"name": f"m{n}", "mac": mac_of(n), "rack": name} for n, name in enumerate(racks, 1)]
    hosts = {}
    for n, name in enumerate(sorted(set(racks)), 51):
        hosts[name] = rack.host(name, ("br0", f"10.9.0.{n}/24"))
        rack.net.run("tc", "qdisc", "add", "dev", f"{name}.eth0", "root", "tbf", "rate", "60mbit",
                     "burst", "64kb", "latency", "200ms")
    return hosts


def value(rack, name):
    text = rack.net.run("curl", "-s", "-m", "20", "http://10.9.0.1/metrics")
    assert metrics.faults(text, "bootserver_") == []
    return next((float(found) for found in re.findall(rf"^{re.escape(name)} (\S+)$", text, re.M)), None)


def test_none_is_lost(rack):
    racks = ["r1"] * 8 + ["r2"] * 2
    hosts = site(rack, 2, racks)
    start_small(rack, SIZE)
    clients = [Client(rack, hosts[name], n) for n, name in enumerate(racks, 1)]
    paths = [client.kernel() for client in clients]
    threads = [threading.Thread(target=client.download, args=(path,))
               for client, path in zip(clients, paths)]
    for thread in threads[:8]:
        thread.start()
    look(lambda: value(rack, "bootserver_transfer_slots_used") == 2, 30, "two transfers")
    for thread in threads[8:]:      # rack r1 was there first, whole
        thread.start()
    for thread in threads:
        thread.join(120 * rack.patience)
    expected = rack.manifest("edge")["parts"][0]["sha256"]
    assert [client.digest for client in clients] == [expected] * len(clients)
    assert sum(client.refused for client in clients) >= 2
    in_order = [client.name for client in sorted(clients, key=lambda client: client.ended)]
    assert max(in_order.index("m9"), in_order.index("m10")) < 8, in_order
    assert value(rack, "bootserver_transfers_sent_away_total") >= 2
    assert value(rack, 'bootserver_transfers_waiting{where="away"}') == 0
    waited = [event for event in rack.stream.events if event["phase"] == "kernel" and event["state"] == "wait"]
    assert any(event["text"].startswith("waits for its turn: place ") for event in waited), waited


def test_who_stands_still_is_named(rack):
    hosts = site(rack, 1, ["r1", "r2"])
    start_small(rack, SIZE)
    still, other = Client(rack, hosts["r1"], 1, "iPXE/2.0.0"), Client(rack, hosts["r2"], 2)
    sock = still.open(still.kernel())
    take(sock, 3 * MIB)
    still.host.run("ip", "link", "set", "eth0", "down")
    other.download(other.kernel())
    events = [event for event in list(rack.stream.events) if event["machine"] == "m1" and event["state"] == "wait"]
    found = re.fullmatch(r"iPXE stopped acknowledging at (\d+) %", events[-1]["text"])
    assert found and 35 <= int(found.group(1)) <= 60, events
    assert value(rack, "bootserver_transfers_standing_still") == 1
    assert value(rack, 'bootserver_transfer_size_bytes{machine="m1",part="kernel"}') == SIZE
    assert "iPXE stopped acknowledging" in rack.server.command("status")
    # its wire is plugged in again: it goes on where it was
    still.host.run("ip", "link", "set", "eth0", "up")
    take(sock, SIZE - 3 * MIB)
    sock.close()


def test_ipxe_comes_again(rack):
    n1 = rack.machine("n1", "uefi")
    hosts = site(rack, 1, ["r1"])
    rack.start("tiny", archs=[n1.arch])
    first = Client(rack, hosts["r1"], 1)
    sock = first.open(first.kernel())
    over = threading.Event()

    def take_slowly():
        while not over.wait(0.1) and sock.recv(4096):
            pass

    thread = threading.Thread(target=take_slowly)
    thread.start()
    try:
        n1.power_on()
        waits = rack.wait(n1, "kernel", "wait", timeout=240)
        assert waits["text"] == "waits for its turn: place 1 of 1"
        look(lambda: value(rack, "bootserver_transfers_sent_away_total") >= 1, 120,
             "the server to send iPXE away")
        assert rack.events(n1, "kernel", "done") == []
    finally:
        over.set()
        thread.join()
        sock.close()
    healthy(rack, n1, EDGE_HEALTHY)     # time is not the point
    assert not rack.events(n1, state="fail"), rack.events(n1, state="fail")
