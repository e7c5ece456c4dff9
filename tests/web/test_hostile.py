"""What the web process does with hostile clients, and at the end of its life."""

import fcntl
import os
import random
import re
import resource
import signal
import socket
import subprocess
import threading
import time

import pytest

import rig
from rig import SHORT, read_all, until

GET = b"GET /boot.ipxe HTTP/1.1\r\nHost: x\r\n"


def drip(web, first, piece, pause=0.05, tls=False):
    """Sends a piece at a time until the server closes; the seconds it took."""
    sock = socket.create_connection(("127.0.0.1", web.tls_port if tls else web.port), timeout=20)
    sock.sendall(first)
    begin = time.monotonic()
    try:
        while time.monotonic() - begin < 10:
            sock.sendall(piece)
            time.sleep(pause)
    except (BrokenPipeError, ConnectionResetError):
        pass
    sock.close()
    return time.monotonic() - begin


@pytest.mark.parametrize("first, piece, tls", [
    (b"", b"G", False), (GET, b"X: y\r\n", False),
    (b"POST /v1/report HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n", b"x", False),
    (b"\x16\x03\x01\x40\x00", b"\x00", True)], ids=["line", "headers", "body", "TLS"])
def test_slow_clients_are_closed_at_the_deadline(web, first, piece, tls):
    assert 0.4 < drip(web, first, piece, tls=tls) < 3


def test_blank_lines_are_no_request(web):
    assert drip(web, b"", b"\r\n") < 3


def test_a_half_open_handshake_costs_no_time(start):
    """libmicrohttpd 0.9.75 says that it has work as long as a TLS handshake is under way."""
    web = start(limits={"headers-ms": 10000})
    sock = socket.create_connection(("127.0.0.1", web.tls_port), timeout=20)
    sock.sendall(b"\x16\x03\x01\x40\x00" + b"\x00" * 100)
    time.sleep(0.2)
    used = lambda: sum(map(int, proc(web, "stat").rsplit(")", 1)[1].split()[11:13])) / os.sysconf("SC_CLK_TCK")
    before = used()
    time.sleep(1)
    assert used() - before < 0.3
    assert web.get("/boot.ipxe", tls=True)[0] == 200
    sock.close()


def test_silent_and_idle_clients_are_closed(web):
    for data in (b"", GET + b"\r\n"):
        sock = web.raw(data)
        begin = time.monotonic()
        read_all(sock)
        assert 0.4 < time.monotonic() - begin < 3


def test_stalled_reader_is_closed(web):
    name = web.blob(os.urandom(1 << 20) * 64)
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.connect(("127.0.0.1", web.port))
    sock.sendall(f"GET /blob/{name} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    broken = web.wait(lambda m: m.get("state") == "broken")
    assert broken["done"] < broken["total"] and broken["ms"] >= SHORT["stall-ms"]
    sock.close()


def test_a_slow_reader_that_goes_on_is_served(web):
    data = os.urandom(1 << 20) * 12
    name = web.blob(data)
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    sock.connect(("127.0.0.1", web.port))
    sock.sendall(f"GET /blob/{name} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    got, begin = b"", time.monotonic()
    while piece := sock.recv(200000):
        got += piece
        if time.monotonic() - begin < 3 * SHORT["stall-ms"] / 1000:
            time.sleep(0.05)
    assert time.monotonic() - begin > 2 * SHORT["stall-ms"] / 1000
    assert got.endswith(data[-1000:]) and len(got) > len(data)


def status_of(sock):
    data = read_all(sock)
    return int(data.split()[1]) if data.startswith(b"HTTP/1.") else None


BAD = {
    "header over the limit": (GET + b"X: " + b"y" * 9000 + b"\r\n\r\n", (431,)),
    "huge header": (GET + b"X: " + b"y" * 40000 + b"\r\n\r\n", (431, 413, None)),
    "many headers": (GET + b"X: y\r\n" * 20000 + b"\r\n", (431, 413, None)),
    "long path": (b"GET /" + b"a" * 40000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", (414, None)),
    "long query": (b"GET /boot.ipxe?" + b"a=1&" * 3000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", (431, 413, 414, None)),
    "no host": (b"GET /boot.ipxe HTTP/1.1\r\n\r\n", (400,)),
    "nonsense": (b"nonsense\r\n\r\n", (400, None)),
    "NULs": (b"\0" * 100 + b"\r\n\r\n", (400, None)),
    "version": (b"GET /boot.ipxe HTTP/9.9\r\nHost: x\r\n\r\n", (400, 505, None)),
    "negative length": (b"POST /v1/report HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", (400,)),
    "length beyond numbers": (b"POST /v1/report HTTP/1.1\r\nHost: x\r\nContent-Length: " + b"9" * 30 + b"\r\n\r\n",
                              (413, 400)),
    "bad chunk": (b"POST /v1/report HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", (400,)),
    "another coding": (b"POST /v1/report HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\nabc", (400,)),
    "another coding, no body": (GET + b"Transfer-Encoding: identity\r\n\r\n", (400,)),
    "asks first": (b"POST /v1/report HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\nExpect: 100-continue\r\n\r\n",
                   (413,)),
    "asks first, nowhere": (b"POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n",
                            (404,)),
}


@pytest.mark.parametrize("data, statuses", BAD.values(), ids=BAD.keys())
def test_bad_requests(web, data, statuses):
    assert status_of(web.raw(data)) in statuses
    assert web.get("/boot.ipxe")[0] == 200


@pytest.mark.parametrize("head", [b"Host: y\r\n", b"Content-Length: 5\r\nContent-Length: 6\r\n",
                                  b"Content-Length: 5\r\ncontent-length: 5\r\n",
                                  b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
                                  b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n",
                                  b"Transfer-Encoding: x\r\n"])
def test_what_reads_two_ways_is_the_last_request(web, head):
    web.answers["health"] = lambda m: {"status": 200, "body": "ok"}
    sent = b"POST /v1/report HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n0\r\n\r\n" + GET.replace(b"boot.ipxe", b"healthz")
    data = read_all(web.raw(sent + b"\r\n"))
    assert data.startswith(b"HTTP/1.1 400 ") and b"HTTP/1.1 200" not in data, data


def test_a_body_without_end_is_cut(web):
    sock = web.raw(b"POST /v1/report HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999999\r\n\r\n")
    sent = 0
    with pytest.raises((BrokenPipeError, ConnectionResetError)):
        while sent < 1 << 30:
            sent += sock.send(b"x" * 65536)
    assert sent < 64 << 20
    assert web.get("/boot.ipxe")[0] == 200


def test_noise(web):
    chance = random.Random(7)
    words = [b"GET ", b"POST ", b"/blob/", b"/v1/boot?mac=", b"%", b"%00", b" HTTP/1.1\r\n", b"\r\n", b"Range: bytes=",
             b"Transfer-Encoding: chunked\r\n", b"Content-Length: ", b"5", b"\0", b"\xff", b"-", b"Host: x\r\n"]
    for _ in range(300):
        sock = web.raw(b"".join(chance.choice(words) for _ in range(chance.randrange(40))))
        sock.close()
    assert web.get("/boot.ipxe")[0] == 200


# --- the engine has the word, and the client goes away -----------------------------------------

def test_client_gone_while_the_engine_thinks(start):
    web = start(limits={"engine-ms": 20000, "poll-ms": 20000})
    socks = [web.raw(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n") for _ in range(20)]
    until(lambda: len(web.messages) == 20)
    for sock in socks:
        sock.close()
    until(lambda: web.log().count("went away while the engine was asked") == 20)
    for message in list(web.messages):
        web.engine.send({"type": "answer", "id": message["id"], "status": 200, "body": "late"})
    assert web.get("/boot.ipxe")[0] == 200
    web.answers["metrics"] = lambda m: {"status": 200, "body": ""}
    assert b"bootserver_http_connections 1\n" in web.get("/metrics")[2]


def test_an_engine_that_reads_nothing_does_not_stop_web(start):
    web = start(limits={"engine-ms": 3000, "headers-ms": 30000})
    name = web.blob(b"x" * 1000)
    stop = threading.Event()
    web.answers["health"] = lambda m: stop.wait(60) and None
    thinking = web.raw(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    until(lambda: web.messages)
    count = 10000           # more reports than the channel and the queue behind it hold
    report = b"GET /v1/report?nonce=0123456789abcdef&phase=root&state=wait&text=" + b"x" * 200
    sock = socket.create_connection(("127.0.0.1", web.port), timeout=30)
    sender = threading.Thread(target=sock.sendall, args=((report + b" HTTP/1.1\r\nHost: x\r\n\r\n") * count,))
    sender.start()
    got = b""
    while got.count(b"HTTP/1.1 200") < count:
        got += sock.recv(1 << 20)
    sender.join()
    assert web.get("/blob/" + name)[0] == 200
    assert web.get("/site.json?nonce=0123456789abcdef")[0] == 503
    assert web.log().count("the engine takes no messages") == 1
    stop.set()
    until(lambda: sum(m["type"] == "report" for m in web.messages) > 8000)
    web.answers["health"] = lambda m: {"status": 200, "body": "ok"}
    until(lambda: web.get("/healthz")[0] == 200)
    thinking.close()


# --- many at once -----------------------------------------------------------------------------

def test_five_hundred_at_once(start):
    web = start(limits={"headers-ms": 20000, "engine-ms": 20000})
    web.answers["health"] = lambda m: {"status": 200, "body": "ok"}
    web.answers["boot"] = lambda m: {"script": "image", "vars": {"image": m["claims"]["serial"]}}
    data = os.urandom(50000)
    name = web.blob(data)
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    socks = [web.raw(b"GET ") for _ in range(500)]
    for i, sock in enumerate(socks):
        path = (f"/blob/{name}", "/healthz", f"/v1/boot?mac=52:54:00:00:00:01&serial=s{i}")[i % 3]
        sock.sendall(f"{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    for i, sock in enumerate(socks):
        answer = read_all(sock)
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert (answer.endswith(data), answer.endswith(b"\r\n\r\nok"), b"set image s%d\n" % i in answer)[i % 3]
        sock.close()


def test_connections_per_ip_are_limited(start):
    web = start(limits={"connections-per-ip": 10, "headers-ms": 20000})
    socks = [web.raw(b"") for _ in range(30)]
    time.sleep(0.3)
    closed = 0
    for sock in socks:
        sock.setblocking(False)
        try:
            closed += sock.recv(1) == b""
        except BlockingIOError:
            pass
        except ConnectionResetError:
            closed += 1
    assert closed == 20
    for sock in socks:
        sock.close()
    until(lambda: "HTTP/1.1 200" in read_all(web.raw(GET + b"Connection: close\r\n\r\n")).decode())


def test_connections_are_limited(start):
    web = start(limits={"connections": 20, "headers-ms": 1500})
    socks = [web.raw(b"") for _ in range(40)]
    begin = time.monotonic()
    assert web.get("/boot.ipxe")[0] == 200      # waits in the backlog until the silent ones are closed
    assert time.monotonic() - begin > 0.5
    for sock in socks:
        sock.close()


# --- the process ------------------------------------------------------------------------------

def proc(web, name):
    with open(f"/proc/{web.process.pid}/{name}") as file:
        return file.read()


def test_jail(web):
    status = dict(re.findall(r"^(\w+):[ \t]*(.*)$", proc(web, "status"), re.M))
    assert status["Uid"].split() == ["65534"] * 4 and status["Gid"].split() == ["65534"] * 4
    assert int(status["CapEff"], 16) == 0 and status["NoNewPrivs"] == "1" and status["Seccomp"] == "2"
    assert status.get("Groups", "").strip() == ""


def test_root_must_have_a_user_to_become(programs, tmp_path):
    with pytest.raises(AssertionError) as caught:
        rig.Web(programs["process"], tmp_path, env={"BOOTSERVER_UID": "0", "ASAN_OPTIONS": "detect_leaks=0"})
    assert "BOOTSERVER_UID must name a user other than root" in str(caught.value)


def test_end_with_the_keeper(start):
    web = start()
    sock = web.raw(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    begin = time.monotonic()
    assert web.stop() == 0 and time.monotonic() - begin < 3
    sock.close()


def test_the_sockets_outlive_the_process(start):
    """The keeper gives the same listening sockets to the next web process."""
    web = start()
    sockets = [web.http.dup(), web.https.dup()]
    assert web.stop() == 0
    for sock in sockets:
        client = socket.create_connection(sock.getsockname(), timeout=5)
        sock.setblocking(True)
        sock.accept()[0].close()
        client.close()
        sock.close()


def test_end_with_the_engine(start):
    web = start()
    web.engine.ours.shutdown(socket.SHUT_RDWR)
    assert web.process.wait(5) == 0


def test_end_by_sigterm_but_not_by_sigint(start):
    web = start()
    web.process.send_signal(signal.SIGINT)
    web.process.send_signal(signal.SIGHUP)
    assert web.get("/boot.ipxe")[0] == 200
    web.process.send_signal(signal.SIGTERM)
    assert web.process.wait(5) == 0


@pytest.mark.parametrize("message", [b"", b"x", b'{"type":"reload"}', b'{"type":"start"}', b'{"type":"start","listen":[]}'])
def test_a_start_that_is_no_start(programs, message):
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    high = fcntl.fcntl(theirs.fileno(), fcntl.F_DUPFD, 100)
    process = subprocess.Popen(programs["process"], preexec_fn=lambda: [os.dup2(high, 3), os.dup2(high, 4)],
                               pass_fds=(3, 4), stderr=subprocess.PIPE, env={"ASAN_OPTIONS": "detect_leaks=0"})
    os.close(high)
    theirs.close()
    if message:
        ours.send(message)
    else:
        ours.close()
    _, said = process.communicate(timeout=10)
    assert process.returncode == (1 if message else 0) and b"Sanitizer" not in said
    assert not message or b"error web: " in said


def test_nothing_leaks(start):
    """Every kind of request and of its end, then the leak check at exit (conftest.py asserts it)."""
    web = start(name="unjailed", limits={"engine-ms": 300})
    data = os.urandom(1 << 20) * 8
    name = web.blob(data)
    web.answers["boot"] = lambda m: {"script": "image", "vars": {"image": "a"}}
    web.answers["agent"] = lambda m: {"status": 200, "der": "AAAA"}
    for tls in (False, True):
        for path in ("/blob/" + name, "/blob/" + "0" * 64, "/boot.ipxe", "/v1/boot?mac=52:54:00:00:00:01", "/v1/boot",
                     "/healthz", "/metrics", "/nowhere", "/site.json?nonce=0123456789abcdef", "/ipxe/x"):
            web.get(path, tls=tls)
            web.get(path, {"Range": "bytes=5-9"}, tls=tls)
        web.ask("POST", "/v1/enrol", body=b"x" * 100000, tls=tls)
        web.ask("POST", "/v1/report", body=b"x" * 100000, tls=tls)
    for part in (b"GET", GET, GET + b"\r\n", b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
                 f"GET /blob/{name} HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
                 b"POST /v1/report HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nxx"):
        web.raw(part).close()
    web.keeper.send({"type": "reload", **web.settings, "cert": web.cert + "\n"})
    until(lambda: "reloaded" in web.log())
    held = [web.raw(part) for part in (b"GET", GET + b"\r\n", b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
                                       f"GET /blob/{name} HTTP/1.1\r\nHost: x\r\n\r\n".encode())]
    time.sleep(0.1)
    assert web.stop() == 0, web.log()
    for sock in held:
        sock.close()
