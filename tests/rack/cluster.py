"""The cluster that the rack's machines make, as an operator sees it: kubectl from outside the nodes, with the
kubeconfig that the boot server prints."""

import json
import os
import tempfile

from .namespace import RackError
from .outside import look

# A web server that both architectures have: CoreDNS' own page of health.
HELLO = """
apiVersion: v1
kind: ConfigMap
metadata: {name: hello}
data: {Corefile: ".:5353 {\\n health :8080\\n}\\n"}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: hello}
spec:
  selector: {matchLabels: {app: hello}}
  template:
    metadata: {labels: {app: hello}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - name: hello
        image: IMAGE
        args: [-conf, /etc/hello/Corefile]
        readinessProbe: {httpGet: {path: /health, port: 8080}, periodSeconds: 1}
        volumeMounts: [{name: config, mountPath: /etc/hello}]
      volumes: [{name: config, configMap: {name: hello}}]
---
apiVersion: v1
kind: Service
metadata: {name: hello}
spec:
  type: LoadBalancer
  selector: {app: hello}
  ports: [{port: 80, targetPort: 8080}]
"""


class Cluster:
    """`control_plane`: the machine whose API server is asked."""

    def __init__(self, rack, control_plane):
        self.rack, self.control_plane = rack, control_plane
        self._config = os.path.join(rack.folder, "kubeconfig")
        self._programs = os.path.join(rack.folder, "kube")     # mounted in the rack's mount namespace, gone with it

    def _prepare(self):
        if os.path.exists(self._config):
            return
        part = self._part()
        blob = os.path.join(self.rack.server.site_folder, "store/sha256", part["sha256"])
        os.makedirs(self._programs, exist_ok=True)
        self.rack.net.run("mount", "-t", "erofs", "-o", "loop,ro", blob, self._programs)
        with open(self._config, "w", encoding="utf-8") as file:
            file.write(self.rack.server.command("kubeconfig"))

    def _part(self):
        return next(p for p in self.rack.manifest("edge")["parts"] if p["part"] == "kube" and p["arch"] == "amd64")

    def image(self, name):
        """A container image of the machines' image, by its name without the version."""
        return next(full for full in self._part()["images"] if full.startswith(f"bootserver.local/{name}:"))

    def kubectl(self, *words, timeout=60, check=True):
        """What kubectl printed."""
        self._prepare()
        site = self.rack.site["site"]
        address = self.rack.server.api("GET", f"/v1/machines/{self.control_plane.name}")["ip"]
        return self.rack.net.run(
            f"{self._programs}/bin/kubectl", f"--kubeconfig={self._config}", f"--server=https://{address}:6443",
            f"--tls-server-name=api.{site['domain']}", *words, timeout=timeout * self.rack.patience, check=check)

    def get(self, *words):
        """The object or list, decoded."""
        return json.loads(self.kubectl("get", *words, "-o", "json"))

    def apply(self, text):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            self.kubectl("apply", "-f", file.name)

    def offer_hello(self):
        """A pod on every node that is to answer HTTP, behind one address; returns that."""
        self.apply(HELLO.replace("IMAGE", self.image("coredns")))
        return self.address("hello")

    def serve_hello(self, seconds=180):
        """The same, when all of its pods are ready."""
        address = self.offer_hello()
        self.kubectl("rollout", "status", "daemonset/hello", f"--timeout={seconds * self.rack.patience:.0f}s",
                     timeout=seconds + 10)
        return address

    def uid(self, node):
        return self.get("node", node)["metadata"]["uid"]

    def nodes(self):
        """{name: is it Ready}"""
        return {node["metadata"]["name"]: any(c["type"] == "Ready" and c["status"] == "True"
                                              for c in node["status"]["conditions"])
                for node in self.get("nodes")["items"]}

    def _known(self):
        """The same; {} while no API server answers."""
        try:
            return self.nodes()
        except RackError:
            return {}

    def wait_ready(self, *names, seconds=120):
        """Until the nodes are Ready, all of them."""
        def ready():
            known = self._known()
            return all(known.get(name) for name in names)
        look(ready, seconds, f"{', '.join(names)} to be Ready")

    def wait_missed(self, name, seconds=180):
        """Until a node is not Ready: 50 s after its last word, or after another controller manager leads."""
        look(lambda: not self._known().get(name, True), seconds, f"{name} to be missed")

    def address(self, service, seconds=60, namespace="default"):
        """The address that the load balancer gave a service."""
        def given():
            found = self.get("service", service, "-n", namespace)["status"]["loadBalancer"].get("ingress")
            return found and found[0]["ip"]
        return look(given, seconds, f"an address for the service {service}")
