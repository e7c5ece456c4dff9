"""Ceph as Rook's operator sees it: the command `ceph`, run in the operator's pod."""

import base64
import json
import subprocess

from .namespace import RackError
from .outside import look
from .s3 import S3

SPACE = "rook-ceph"
PAUSE_S = 2         # a question costs the machines a second of processor
CONFIG = "/var/lib/rook/rook-ceph/rook-ceph.config"
USER = """
apiVersion: ceph.rook.io/v1
kind: CephObjectStoreUser
metadata: {name: NAME, namespace: rook-ceph}
spec: {store: objects, displayName: NAME}
"""


class Ceph:
    def __init__(self, cluster):
        self.cluster = cluster

    def command(self, *words, timeout=60):
        """What `ceph` printed."""
        return self.cluster.kubectl("exec", "-n", SPACE, "deployment/rook-ceph-operator", "--", "ceph",
                                    f"--conf={CONFIG}", "--connect-timeout=15", *words, timeout=timeout)

    def ask(self, *words):
        """The same as an object; None where nobody answers now."""
        try:
            return json.loads(self.command(*words, "--format=json"))
        except (RackError, ValueError, subprocess.TimeoutExpired):
            return None

    def operator(self):
        """The node that Rook's operator is on."""
        pods = self.cluster.get("pods", "-n", SPACE, "-l", "app=rook-ceph-operator")["items"]
        return next(pod["spec"]["nodeName"] for pod in pods if pod["status"]["phase"] == "Running")

    def health(self):
        """(HEALTH_OK, why not)."""
        found = (self.ask("health") or {"status": "nobody answers", "checks": {}})
        return found["status"], found["checks"]

    def wait_ok(self, seconds):
        try:
            self._look(lambda: self.health()[0] == "HEALTH_OK", seconds, "HEALTH_OK")
        except RackError as error:
            raise RackError(f"{error}: {self.health()}") from None

    def _look(self, found, seconds, what):
        return look(found, seconds, what, PAUSE_S)

    def osds(self):
        """{the OSD's number: its row of the map}, with the host that it is on; {} where nobody answers."""
        dump, tree = self.ask("osd", "dump"), self.ask("osd", "tree")
        if not dump or not tree:
            return {}
        hosts = {child: node["name"] for node in tree["nodes"] if node["type"] == "host" for child in node["children"]}
        return {osd["osd"]: {**osd, "host": hosts.get(osd["osd"])} for osd in dump["osds"]}

    def wait_osd(self, host, since, seconds):
        """Until the OSD of a host is up by a start later than `since`, its `up_from` of before."""
        def back():
            return any(osd["host"] == host and osd["up"] and osd["up_from"] > since for osd in self.osds().values())
        self._look(back, seconds, f"the OSD of {host} to be up again")

    def user(self, name, host, url, seconds=300):
        """A client of the object store as a user who is made for it, once a gateway is there."""
        self.cluster.apply(USER.replace("NAME", name))

        def keys():
            found = self.cluster.kubectl("get", "secret", "-n", SPACE, f"rook-ceph-object-user-objects-{name}",
                                         "-o", "json", check=False)
            return json.loads(found)["data"] if found else None
        data = self._look(keys, seconds, f"the keys of the object store's user {name}")
        return S3(host, url, *(base64.b64decode(data[key]).decode() for key in ("AccessKey", "SecretKey")))
