"""The operator's API over its Unix socket: single requests, and the event stream that tests wait on."""

import http.client
import json
import os
import socket
import threading
import time


class ApiError(Exception):
    def __init__(self, status, sentence):
        super().__init__(f"{status}: {sentence}")
        self.status, self.sentence = status, sentence


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket; a path too long for an address is reached through its folder."""

    def __init__(self, path, timeout=30):
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self):
        folder = os.open(os.path.dirname(self._path), os.O_PATH | os.O_DIRECTORY)
        try:
            self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.sock.settimeout(self.timeout)
            self.sock.connect(f"/proc/self/fd/{folder}/{os.path.basename(self._path)}")
        finally:
            os.close(folder)


def api(path, method, target, body=None):
    """One request; returns the decoded answer, raises ApiError with the server's sentence."""
    connection = UnixConnection(path)
    try:
        data = None if body is None else json.dumps(body)
        headers = {"Content-Type": "application/json"} if data else {}
        connection.request(method, target, data, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        found = json.loads(text) if text.strip() else None
        if answer.status >= 400:
            raise ApiError(answer.status, found["error"] if isinstance(found, dict) else text)
        return found
    finally:
        connection.close()


class EventStream:
    """All events since the server's first, in order of arrival; `changed` is notified of each."""

    def __init__(self, changed):
        self.events = []
        self._changed = changed
        self._last = 0
        self._connection = self._socket = self._thread = None

    def connect(self, path):
        """Follows the server behind the socket, from where the former one was left."""
        self.close()
        connection = UnixConnection(path)
        connection.request("GET", f"/v1/events?since={self._last}&follow=1")
        self._socket = connection.sock      # http.client forgets it when the answer ends with it
        answer = connection.getresponse()
        if answer.status != 200:
            raise ApiError(answer.status, answer.read().decode())
        self._socket.settimeout(None)
        self._connection = connection
        self._thread = threading.Thread(target=self._read, args=(answer,), daemon=True)
        self._thread.start()

    def _read(self, answer):
        try:
            for line in answer:
                if line.strip():
                    self._take(json.loads(line))
        except (OSError, ValueError, http.client.HTTPException, AttributeError):
            pass    # the server is gone: its process tells so

    def _take(self, event):
        with self._changed:
            if event["id"] and event["id"] <= self._last:
                return
            self._last = max(self._last, event["id"])
            event["heard"] = time.time()
            self.events.append(event)
            self._changed.notify_all()

    def close(self):
        if not self._connection:
            return
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._thread.join(5)
        self._connection.close()
        self._connection = None
