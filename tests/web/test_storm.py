"""Large blobs when many ask at once: slots, the queue, who stands still, how fast iPXE is sent to."""

import re
import socket
import subprocess
import threading

import pytest

from rig import read_all, until

LARGE = bytes(1 << 20) * 8


class Slow:
    """A client that takes the answer's head and then only what it is told to take."""

    def __init__(self, web, path, agent="test", keep=1 << 12):
        self.sock = socket.socket()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, keep)
        self.sock.settimeout(20)
        self.sock.connect(("127.0.0.1", web.port))
        self.sock.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nUser-Agent: {agent}\r\nConnection: close\r\n\r\n".encode())

    def head(self):
        head = b""
        while b"\r\n\r\n" not in head:
            piece = self.sock.recv(1)
            assert piece, head
            head += piece
        return head.decode()

    def finish(self):
        """The rest, fast."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        return read_all(self.sock)

    def close(self):
        self.sock.close()


def figures(web):
    text = web.get("/metrics")[2].decode()
    return {name: int(value) for name, value in re.findall(r'^(bootserver_transfer\S+) (\d+)$', text, re.M)}


def waiting(web):
    found = figures(web)
    return tuple(found[f'bootserver_transfers_waiting{{where="{where}"}}'] for where in ("held", "away"))


@pytest.fixture
def storm(start):
    """Two slots; nobody is cut off while a test looks."""
    web = start(transfers=2, limits={"quiet-ms": 20000, "stall-ms": 40000, "hold-ms": 20000})
    web.answers.update(metrics=lambda _: {"status": 200, "body": ""})
    return web


def test_the_queue(storm):
    path = "/blob/" + storm.blob(LARGE)
    first = [Slow(storm, f"{path}?nonce={n:032x}") for n in range(2)]
    assert all(" 200 " in slow.head() for slow in first)
    held = [Slow(storm, f"{path}?nonce={n:032x}") for n in range(2, 4)]
    until(lambda: waiting(storm) == (2, 0))
    status, head, body = storm.get(f"{path}?nonce={4:032x}")
    assert status == 503 and int(head["Retry-After"]) >= 1 and head["Queue-Place"] == "3/3"
    assert head["Cache-Control"] == "no-store" and body.startswith(b"Place 3 of 3 in the queue")
    place = storm.wait(lambda m: m.get("state") == "queued" and m["place"] == 3)
    assert place["nonce"] == f"{4:032x}" and place["waiting"] == 3 and place["total"] == len(LARGE)
    # what is small, and what is no blob, does not wait
    assert storm.get(path, {"Range": "bytes=0-99"})[0] == 206
    assert storm.get("/boot.ipxe")[0] == storm.ask("HEAD", path)[0] == 200
    # a slot becomes free: the one who waited longest has it
    assert len(first[0].finish()) == len(LARGE)
    assert " 200 " in held[0].head()
    # one who hangs up while held leaves nothing behind, nor does one who hangs up while it is sent to
    held[1].close()
    until(lambda: waiting(storm)[0] == 0)
    first[1].close()
    held[0].close()
    until(lambda: figures(storm)["bootserver_transfer_slots_used"] == 0)
    assert storm.get(f"{path}?nonce={4:032x}")[0] == 200
    assert waiting(storm) == (0, 0)
    assert figures(storm)["bootserver_transfers_sent_away_total"] == 1


def test_held_for_long_enough(start):
    web = start(transfers=1, limits={"hold-ms": 300, "quiet-ms": 20000, "stall-ms": 40000})
    path = "/blob/" + web.blob(LARGE)
    first = Slow(web, path + "?nonce=" + "1" * 32)
    first.head()
    status, head, _ = web.get(path + "?nonce=" + "2" * 32)
    assert (status, head["Queue-Place"]) == (503, "1/1")
    first.close()
    assert web.get(path + "?nonce=" + "2" * 32)[0] == 200


def test_all_are_served(storm):
    """Twenty at once, each coming again when it is told to."""
    path = "/blob/" + storm.blob(LARGE)
    bodies = []

    def client(number):
        while True:
            status, head, body = storm.get(f"{path}?nonce={number:032x}")
            if status == 200:
                bodies.append(body)
                return
            assert status == 503
            threading.Event().wait(int(head["Retry-After"]) / 10)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert bodies == [LARGE] * 20
    until(lambda: waiting(storm) == (0, 0))


def test_racks(storm):
    """Machines are of the rack that the engine says with their script; the second rack's goes first."""
    def decide(message):
        number = int(message["claims"]["mac"][-2:], 16)
        return {"script": "wait", "rack": "one" if number < 8 else "two",
                "vars": {"machine": f"n{number}", "nonce": f"{number:032x}", "code": "X"}}

    storm.answers["boot"] = decide
    path = "/blob/" + storm.blob(LARGE)
    ask = lambda n: Slow(storm, f"{path}?nonce={n:032x}")
    for number in (1, 2, 3, 8):
        assert storm.get(f"/v1/boot?mac=52:54:00:00:00:{number:02x}")[0] == 200
    first = [ask(1), ask(2)]
    assert all(" 200 " in slow.head() for slow in first)
    third = ask(3)
    until(lambda: waiting(storm) == (1, 0))
    other = ask(8)
    until(lambda: waiting(storm) == (2, 0))
    first[0].close()
    assert " 200 " in other.head()
    assert waiting(storm) == (1, 0)
    first[1].close()
    assert " 200 " in third.head()


def test_who_stands_still(start):
    web = start(transfers=1, limits={"quiet-ms": 300, "stall-ms": 20000, "hold-ms": 20000})
    web.answers.update(metrics=lambda _: {"status": 200, "body": ""})
    path = "/blob/" + web.blob(LARGE)
    slow = Slow(web, path + "?nonce=" + "1" * 32, agent="iPXE/2.0.0")
    slow.head()
    other = Slow(web, path + "?nonce=" + "2" * 32)
    assert " 200 " in other.head()      # the slot is its own
    still = web.wait(lambda m: m.get("state") == "still")
    assert still["nonce"] == "1" * 32 and 0 < still["done"] < still["total"]
    assert figures(web)["bootserver_transfers_still_total"] >= 1
    other.close()
    # it goes on where it was, and ends whole
    assert len(slow.finish()) == len(LARGE)
    again = web.wait(lambda m: m.get("state") == "begin" and m["done"] > 0)
    assert again["nonce"] == "1" * 32
    web.wait(lambda m: m.get("state") == "done" and m["nonce"] == "1" * 32)
    until(lambda: figures(web)["bootserver_transfers_standing_still"] == 0)


def pace(web, slow):
    """The limit that the server's socket has towards this client, bits a second; None: none."""
    told = subprocess.run(["ss", "-tin", "sport", "=", f":{web.port}", "and", "dport", "=",
                           f":{slow.sock.getsockname()[1]}"], check=True, capture_output=True, text=True).stdout
    found = re.search(r"pacing_rate (\d+)bps(?:/(\d+)bps)?", told)
    assert found, told
    return int(found.group(2)) if found.group(2) else None


def test_pace_of_ipxe(start):
    """Sent to at 32 MiB/s until more is known of it; slower when it stood still, and that is remembered."""
    web = start(limits={"quiet-ms": 3000, "stall-ms": 40000})
    web.answers["boot"] = lambda message: {
        "script": "wait", "vars": {"machine": "n1", "nonce": message["claims"]["serial"] * 32, "code": "X"}}
    path, first = "/blob/" + web.blob(LARGE), 8 * (32 << 20)
    linux = Slow(web, path, "curl/8")
    linux.head()
    assert pace(web, linux) is None
    linux.close()
    web.get("/v1/boot?mac=52:54:00:00:00:01&serial=1")
    slow = Slow(web, path + "?nonce=" + "1" * 32, "iPXE/2.0.0")
    slow.head()
    assert pace(web, slow) <= first
    web.wait(lambda m: m.get("state") == "still" and m["nonce"] == "1" * 32)
    assert pace(web, slow) <= first // 2
    slow.close()
    web.wait(lambda m: m.get("state") == "broken" and m["nonce"] == "1" * 32)
    web.get("/v1/boot?mac=52:54:00:00:00:01&serial=2")
    again = Slow(web, path + "?nonce=" + "2" * 32, "iPXE/2.0.0")
    again.head()
    assert pace(web, again) <= first // 2
    again.close()


def test_the_number_of_slots(start):
    """Set by a reload; without a number it is found by trying."""
    web = start(transfers=3)
    web.answers.update(metrics=lambda _: {"status": 200, "body": ""})
    assert figures(web)["bootserver_transfer_slots"] == 3
    web.keeper.send({"type": "reload", **{**web.settings, "transfers": 5}})
    until(lambda: figures(web)["bootserver_transfer_slots"] == 5)
    web.keeper.send({"type": "reload", **{**web.settings, "transfers": 0}})
    until(lambda: figures(web)["bootserver_transfer_slots"] == 8)
