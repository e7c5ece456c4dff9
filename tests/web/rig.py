"""The web process alone: a fake keeper and a fake engine on its channels, listening sockets on loopback."""

import array
import atexit
import fcntl
import functools
import hashlib
import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time

SHORT = {"headers-ms": 600, "idle-ms": 600, "body-ms": 600, "stall-ms": 1000, "quiet-ms": 20000, "engine-ms": 500,
         "poll-ms": 1500, "tick-ms": 50, "connections-per-ip": 4096}
SCRIPTS = {"boot": "#!ipxe\necho greeting ${url}\n", "failure": "#!ipxe\necho failed: ${reason}\n",
           "image": "#!ipxe\necho image ${image}\n", "wait": "#!ipxe\necho code ${code}\n"}


def listening(port=0):
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", port))
    sock.listen(1024)
    sock.setblocking(False)
    return sock


@functools.cache
def certificates(number):
    """A CA and a server certificate for 127.0.0.1, made once a number: (key, chain, path of ca.crt)."""
    folder = tempfile.mkdtemp(prefix="web-pki-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    run = lambda *args: subprocess.run(("openssl",) + args, cwd=folder, check=True, capture_output=True)
    for name in ("ca", "server"):
        run("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", name + ".key")
    run("req", "-x509", "-new", "-key", "ca.key", "-subj", f"/CN=site CA {number}", "-days", "30",
        "-addext", "keyUsage=critical,keyCertSign", "-out", "ca.crt")
    run("req", "-new", "-key", "server.key", "-subj", "/CN=boot server", "-out", "server.csr")
    with open(os.path.join(folder, "san"), "w") as file:
        file.write("subjectAltName=IP:127.0.0.1\n")
    run("x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-days", "30",
        "-CAcreateserial", "-extfile", "san", "-out", "server.crt")
    read = lambda name: open(os.path.join(folder, name)).read()
    return read("server.key"), read("server.crt") + read("ca.crt"), os.path.join(folder, "ca.crt")


class Channel:
    """One end of a SOCK_SEQPACKET pair with JSON objects, as lib/msg.h has them."""

    def __init__(self):
        self.ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

    def send(self, body, fds=()):
        data = json.dumps(body).encode()
        if len(data) > 65536:
            memory = os.memfd_create("message", os.MFD_ALLOW_SEALING)
            os.write(memory, data)
            fcntl.fcntl(memory, 1033, 0xF)      # F_ADD_SEALS, all of them
            data, fds = b"F", list(fds) + [memory]
        self.raw(data, fds)

    def raw(self, data, fds=()):
        self.ours.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else [])

    def receive(self):
        """The next object, or None at the end."""
        try:
            data, fds, _, _ = socket.recv_fds(self.ours, 1 << 20, 65)
        except OSError:
            return None
        if data == b"F":
            with os.fdopen(fds[0], "rb") as file:
                file.seek(0)
                data = file.read()
        return json.loads(data) if data else None


class Web:
    """The process; `answers` maps a message's type to a function message -> answer's members, or
    None for silence."""

    def __init__(self, program, folder, limits=None, env=None, transfers=0):
        self.folder = str(folder)
        self.store, self.tftp = os.path.join(self.folder, "sha256"), os.path.join(self.folder, "tftp")
        os.mkdir(self.store)
        os.mkdir(self.tftp)
        self.key, self.cert, self.ca = certificates(1)
        self.keeper, self.engine = Channel(), Channel()
        self.messages, self.answers, self.news = [], {}, threading.Condition()
        self.log_path = os.path.join(self.folder, "log")
        self.process = self._start(program, env or {})
        self.http, self.https = listening(), listening()
        self.port, self.tls_port = self.http.getsockname()[1], self.https.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._send_start({**SHORT, **(limits or {})}, transfers)
        threading.Thread(target=self._serve, daemon=True).start()

    def _start(self, program, env):
        ends = (self.keeper.theirs.fileno(), self.engine.theirs.fileno())

        def descriptors():
            high = [fcntl.fcntl(end, fcntl.F_DUPFD, 100) for end in ends]
            for place, end in enumerate(high, 3):
                os.dup2(end, place)

        process = subprocess.Popen(
            program, preexec_fn=descriptors, pass_fds=(3, 4), stderr=open(self.log_path, "w"),
            env={"PATH": os.environ["PATH"], "BOOTSERVER_UID": "65534", "BOOTSERVER_GID": "65534",
                 "BOOTSERVER_DEBUG": "1", **env})
        self.keeper.theirs.close()
        self.engine.theirs.close()
        return process

    def _send_start(self, limits, transfers):
        self.settings = {"transfers": transfers, "key": self.key, "cert": self.cert, "scripts": SCRIPTS, "url": self.url}
        folders = [os.open(path, os.O_PATH | os.O_DIRECTORY) for path in (self.store, self.tftp)]
        listen = [{"name": "http", "port": self.port}, {"name": "https", "port": self.tls_port}]
        self.keeper.send({"type": "start", "listen": listen, "limits": limits, **self.settings},
                         [self.http.fileno(), self.https.fileno()] + folders)
        for folder in folders:
            os.close(folder)
        self.keeper.ours.settimeout(20)
        assert self.keeper.receive() == {"type": "ready"}, self.log()

    def _serve(self):
        while (message := self.engine.receive()) is not None:
            with self.news:
                self.messages.append(message)
                self.news.notify_all()
            answer = self.answers.get(message["type"])
            answer = answer(message) if answer else None
            if isinstance(answer, bytes):
                self.engine.raw(answer)
            elif answer is not None:
                self.engine.send({"type": "answer", "id": message["id"], **answer})

    def wait(self, test, timeout=10):
        """The first message that passes the test; waits for it."""
        with self.news:
            assert self.news.wait_for(lambda: any(map(test, self.messages)), timeout), self.messages
            return next(filter(test, self.messages))

    def blob(self, data):
        name = hashlib.sha256(data).hexdigest()
        with open(os.path.join(self.store, name), "wb") as file:
            file.write(data)
        return name

    def ask(self, method, path, headers=None, body=None, tls=False):
        """(status, headers, body) of one request on a connection of its own."""
        connection = self.connection(tls)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def get(self, path, headers=None, tls=False):
        return self.ask("GET", path, headers, tls=tls)

    def connection(self, tls=False):
        if tls:
            context = ssl.create_default_context(cafile=self.ca)
            return http.client.HTTPSConnection("127.0.0.1", self.tls_port, timeout=20, context=context)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def raw(self, data):
        sock = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        sock.sendall(data)
        return sock

    def stop(self):
        """Closes the keeper's channel as a keeper that ends does; the exit status."""
        self.keeper.ours.close()
        try:
            return self.process.wait(15)
        finally:
            if self.process.poll() is None:
                self.process.kill()
            self.engine.ours.close()
            self.http.close()
            self.https.close()

    def log(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()


def read_all(sock):
    """What comes until the end of the connection, and whether it was reset."""
    data = b""
    try:
        while piece := sock.recv(65536):
            data += piece
    except ConnectionResetError:
        pass
    return data


def until(test, timeout=10):
    end = time.monotonic() + timeout
    while not test():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.02)
