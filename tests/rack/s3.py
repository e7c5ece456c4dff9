"""A client of an object store: S3's requests of a few lines, signed by AWS Signature Version 4
(«Authenticating Requests», Amazon S3 API Reference), over a host's network."""

import hashlib
import hmac
import http.client
import time

from .namespace import RackError
from .outside import look

REGION = "default"


def sign(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256)


class S3:
    """`url` of the store; its objects by path: "/bucket/key"."""

    def __init__(self, host, url, access, secret):
        self.host, self.url, self._access, self._secret = host, url, access, secret

    def put(self, path, body=b"", seconds=120):
        self._ask("PUT", path, body, seconds)

    def get(self, path, seconds=120):
        return self._ask("GET", path, b"", seconds)

    def wait(self, words, seconds):
        """A request, words(this client), gateways that are gone passed over: (the answer, seconds that it took)."""
        began = time.monotonic()

        def answered():
            try:
                return [words(self)]
            except RackError:
                return None
        found = look(answered, seconds, "the object store to answer")
        return found[0], time.monotonic() - began

    def _ask(self, method, path, body, seconds):
        patient = seconds * self.host.rack.patience
        try:
            connection = self.host.connect(self.url, patient)
            try:
                connection.request(method, path, body or None, self._headers(method, path, body, connection.host))
                answer = connection.getresponse()
                data = answer.read()
            finally:
                connection.close()
        except (OSError, http.client.HTTPException) as error:
            raise RackError(f"{method} {path}: {error!r}") from error
        if answer.status != 200:
            raise RackError(f"{method} {path}: {answer.status} {data[:300]!r}")
        return data

    def _headers(self, method, path, body, host):
        now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        headers = {"host": host, "x-amz-content-sha256": hashlib.sha256(body).hexdigest(), "x-amz-date": now}
        names, scope = ";".join(headers), f"{now[:8]}/{REGION}/s3/aws4_request"
        asked = "\n".join([method, path, "", *(f"{name}:{value}" for name, value in headers.items()), "", names,
                           headers["x-amz-content-sha256"]])
        text = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(asked.encode()).hexdigest()])
        key = f"AWS4{self._secret}".encode()
        for word in scope.split("/"):
            key = sign(key, word).digest()
        headers["authorization"] = (f"AWS4-HMAC-SHA256 Credential={self._access}/{scope},SignedHeaders={names},"
                                    f"Signature={sign(key, text).hexdigest()}")
        return headers
