"""A client of the cluster's own doors (API server, etcd), with a certificate, inside the rack's network."""

import contextlib
import datetime
import http.client
import json
import os
import socket
import ssl
import subprocess


def openssl(*words, text=None):
    """What openssl printed."""
    return subprocess.run(["openssl", *words], check=True, input=text, capture_output=True, text=True).stdout


class Https:
    """`ca`, `ca_key`: files of the site's pki/kubernetes, by which it makes itself a certificate for a day."""

    def __init__(self, rack, name, ca, subject):
        self.rack = rack
        pki = os.path.join(rack.server.site_folder, "pki/kubernetes", ca)
        key, cert = (os.path.join(rack.folder, f"{name}.{end}") for end in ("key", "crt"))
        extensions = os.path.join(rack.folder, f"{name}.ext")
        with open(extensions, "w", encoding="ascii") as file:
            file.write("extendedKeyUsage=clientAuth\n")
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key)
        request = openssl("req", "-new", "-key", key, "-subj", subject)
        openssl("x509", "-req", "-CA", f"{pki}.crt", "-CAkey", f"{pki}.key", "-days", "1", "-extfile", extensions,
                "-out", cert, text=request)
        self._tls = ssl.create_default_context(cafile=f"{pki}.crt")
        self._tls.load_cert_chain(cert, key)

    @contextlib.contextmanager
    def _open(self, to, name, seconds):
        with self.rack.net.network():
            sock = socket.create_connection(to, timeout=seconds)
        with sock, self._tls.wrap_socket(sock, server_hostname=name) as tls:
            yield tls

    def ask(self, method, to, path, body=None, name=None, seconds=5.0):
        """(status, decoded answer) of `to` (address, port), whose certificate has that name; None: no answer."""
        try:
            with self._open(to, name or to[0], seconds) as tls:
                connection = http.client.HTTPConnection(*to)
                connection.sock = tls
                kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
                connection.request(method, path, None if body is None else json.dumps(body),
                                   {"Content-Type": kind, "Connection": "close"})
                answer = connection.getresponse()
                return answer.status, json.loads(answer.read() or "null")
        except (OSError, ValueError, http.client.HTTPException):
            return None

    def days_left(self, to, name=None):
        """Of the certificate that is shown there."""
        with self._open(to, name or to[0], 5.0) as tls:
            end = ssl.cert_time_to_seconds(tls.getpeercert()["notAfter"])
        return (end - datetime.datetime.now().timestamp()) / 86400
