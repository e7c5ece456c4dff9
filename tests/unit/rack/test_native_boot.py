"""A native node's stage 1 bears what the real one bears: a server that goes in the midst of an answer."""

import hashlib
import os
import socket
import sys
import threading

import pytest

TESTS = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, TESTS)

from rack import native_boot    # noqa: E402

BODY = b"a root image" * 1000
SHA256 = hashlib.sha256(BODY).hexdigest()
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY
BAD = {"nothing": b"", "half a head": b"HTTP/1.1 200", "half a body": GOOD[:-100],
       "another body": GOOD[:-1] + b"X", "busy": b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"}


@pytest.fixture
def serve(monkeypatch):
    """A server of these answers, one a connection; then it is gone."""
    monkeypatch.setattr(native_boot, "RETRY_S", 0.01)
    asked, threads = [], []

    def answer(listener, answers):
        with listener:
            for each in answers:
                connection, _ = listener.accept()
                with connection:
                    asked.append(connection.recv(65536).split(b"\r\n")[0].decode())
                    connection.sendall(each)

    def start(*answers):
        listener = socket.create_server(("127.0.0.1", 0))
        threads.append(threading.Thread(target=answer, args=(listener, answers)))
        threads[-1].start()
        return native_boot.Server(f"http://127.0.0.1:{listener.getsockname()[1]}"), asked

    yield start
    for thread in threads:
        thread.join(10)


@pytest.mark.parametrize("kind", BAD)
def test_fetches_again(serve, tmp_path, kind):
    server, asked = serve(BAD[kind], GOOD)
    server.blob(SHA256, "n", tmp_path / "root")
    assert (tmp_path / "root").read_bytes() == BODY
    assert asked == [f"GET /blob/{SHA256}?nonce=n HTTP/1.1"] * 2


def test_text_again(serve):
    server, asked = serve(BAD["nothing"], GOOD)
    assert server.text("/site.json?nonce=n") == BODY.decode()
    assert len(asked) == 2


def test_gives_up_in_the_end(serve, monkeypatch):
    monkeypatch.setattr(native_boot, "FETCH_S", 0)
    server, _ = serve(BAD["nothing"])
    with pytest.raises(OSError):
        server.text("/boot.ipxe")


@pytest.mark.parametrize("kind", ["nothing", "half a head", "busy"])
def test_a_claim_is_lost(serve, kind):
    server, asked = serve(BAD[kind])
    server.claim({"nonce": "n"}, "root", "done", "fetched")
    assert len(asked) == 1 and asked[0].startswith("POST /v1/report?nonce=n&phase=root")
