"""What happens to a cluster in years: everybody's power goes, the boot server dies, the API server is unwell,
certificates end, a setting changes, a machine is dropped and renamed.  Nothing is lost, and nobody puts a hand to it."""

import base64
import copy
import os
import sys
import time

import pytest

import rack as racks
from rack import look, openssl

# Six minutes, and each was run once at most: the boot server's death and the API server that is unwell not yet.
pytestmark = pytest.mark.soak

KEPT = """
apiVersion: v1
kind: ConfigMap
metadata: {name: kept}
data: {word: "not lost"}
"""
# Answers every request as a server does that is not well; in the node's network, in the API server's place.
UNWELL = """
import http.server, ssl, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_error(500)
    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET
    def log_message(self, *_):
        pass
server = http.server.ThreadingHTTPServer(("", 6443), Answer)
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(sys.argv[1], sys.argv[2])
server.socket = tls.wrap_socket(server.socket, server_side=True)
server.serve_forever()
"""
MANIFEST = "/etc/kubernetes/manifests/kube-apiserver.yaml"
AWAY = "/etc/kubernetes/kube-apiserver.yaml"


def test_everybody_without_power(cluster):
    """The control plane comes back last: the others wait, and go on when it is there."""
    rack, kube, machines = cluster.rack, cluster.cluster, cluster.rack.machines
    names = [machine.name for machine in machines]
    kube.apply(KEPT)
    before = {machine.name: cluster.uid(machine) for machine in machines}
    for machine in machines:
        machine.power_off()
    for machine in cluster.workers:
        machine.power_on()
    for machine in cluster.workers:
        rack.wait(machine, "join", timeout=120)
        assert not rack.events(machine, "healthy", "done")
    cluster.n1.power_on()
    began = time.time()
    for machine in machines:
        rack.wait(machine, "healthy", timeout=300)
    kube.wait_ready(*names)
    cluster.told("everybody healthy after the control plane's power-on", time.time() - began)
    assert {machine.name: cluster.uid(machine) for machine in machines} == before
    assert kube.get("configmap", "kept")["data"] == {"word": "not lost"}


def test_boot_server_dies(cluster):
    """After the kernels were served; machines go on as soon as one is there again."""
    rack, machines = cluster.rack, cluster.workers
    for machine in machines:
        machine.power_off()
    for machine in machines:
        machine.power_on()
    for machine in machines:
        rack.wait(machine, "script", timeout=60)
    rack.server.kill()
    began = time.time()
    rack.server.start()
    for machine in machines:
        rack.wait(machine, "healthy", timeout=240)
    cluster.told("nodes healthy after the boot server's death", time.time() - began)
    cluster.cluster.wait_ready(*(machine.name for machine in machines))


def told(machine, pattern):
    """Does the machine's timeline say so since its power-on?"""
    return any(pattern in (event.get("text") or "") for event in machine.rack.events(machine))


def unwell(cluster):
    """An API server that answers 500 in the place of n1's; returns the process."""
    n1, folder = cluster.n1, cluster.rack.folder
    files = [os.path.join(folder, f"apiserver.{end}") for end in ("crt", "key")]
    for path in files:
        with open(path, "w", encoding="ascii") as file:
            file.write(n1.run("cat", f"/etc/kubernetes/pki/{os.path.basename(path)}"))
    n1.run("mv", MANIFEST, AWAY)
    look(lambda: not n1.run_beside("ss", "-Hltn", "sport = :6443"), 90, "n1's API server to end")
    return n1.start_beside(sys.executable, "-c", UNWELL, *files)


def test_api_server_is_unwell(cluster):
    """It answers each request with 500, while a worker boots: that is said, waited for, and nothing falls back."""
    rack, worker = cluster.rack, cluster.workers[0]
    fake = unwell(cluster)
    try:
        worker.power_off()
        worker.power_on()
        rack.wait_for(lambda: told(worker, "the API server answers with an error"), 120,
                      f"{worker.name} to say what is wrong", worker)
    finally:
        fake.end()
        cluster.n1.run("mv", AWAY, MANIFEST)
    began = time.time()
    rack.wait(worker, "healthy", timeout=240)
    cluster.told("node healthy after the API server is well again", time.time() - began)
    assert not rack.events(worker, state="fail")


def plant(cluster, machine, path, key, days):
    """The certificate in a file of the machine's is replaced by one that ends in so many days; `key`: the file of
    its key, which may be the same."""
    own = os.path.join(cluster.rack.folder, "planted.key")
    ca = os.path.join(cluster.rack.server.site_folder, "pki/kubernetes/ca")
    text = machine.run("cat", key)
    text = text[text.index("-----BEGIN EC PRIVATE KEY"):]
    with open(own, "w", encoding="ascii") as file:
        file.write(text)
    request = openssl("x509", "-x509toreq", "-copy_extensions", "copy", "-signkey", own, text=machine.run("cat", path))
    short = openssl("x509", "-req", "-copy_extensions", "copyall", "-CA", f"{ca}.crt", "-CAkey", f"{ca}.key",
                    "-days", str(days), text=request)
    if key == path:
        short += text
    machine.run("sh", "-c", 'printf %s "$1" | base64 -d >"$2"', "sh", base64.b64encode(short.encode()).decode(), path)


def test_control_plane_certificates(cluster):
    """One that ends in five days is renewed while the machine runs, and the API server shows the new one."""
    n1, client = cluster.n1, racks.Https(cluster.rack, "looker", "ca", "/CN=looker")
    to, name = (cluster.address(n1), 6443), f"api.{cluster.site['site']['domain']}"
    plant(cluster, n1, "/etc/kubernetes/pki/apiserver.crt", "/etc/kubernetes/pki/apiserver.key", 5)
    began = time.time()
    cluster.rack.wait_for(lambda: told(n1, "renewed the control plane's certificates"), 180, "n1 to renew", n1)

    def days_left():
        try:
            return client.days_left(to, name)
        except OSError:     # it restarts
            return 0
    look(lambda: days_left() > 300, 180, "the API server to show its new certificate")
    cluster.told("control plane with new certificates", time.time() - began)
    cluster.cluster.wait_ready(*(machine.name for machine in cluster.rack.machines))
    look(lambda: "bootserver.dev/certs" in cluster.cluster.kubectl(
        "get", "pod", "-n", "kube-system", "kube-scheduler-n1", "-o", "yaml", check=False), 120,
         "the scheduler to be started anew")


def test_kubelet_certificate_has_ended(cluster):
    """A machine that was off for longer than a day: its kubelet has nothing to show the API server."""
    worker = cluster.workers[0]
    current = "/var/lib/kubelet/pki/kubelet-client-current.pem"
    worker.run("systemctl", "stop", "kubelet.service")
    own = worker.run("readlink", "-f", current).strip()
    plant(cluster, worker, own, own, 0)
    worker.power_off()
    worker.power_on()
    cluster.healthy(worker, "healthy with an ended certificate")
    cluster.cluster.wait_ready(worker.name)
    assert float(worker.run("stat", "-c", "%Y", current)) > worker.powered_at


def test_changed_settings(cluster):
    """Taints and the kubelet's settings of a site file that changes reach the nodes that have joined."""
    kube, worker, site = cluster.cluster, cluster.workers[0], copy.deepcopy(cluster.site)
    kube.kubectl("taint", "node", worker.name, "mine=yes:PreferNoSchedule")

    def taints():
        found = kube.get("node", worker.name)["spec"].get("taints", [])
        return {taint["key"] for taint in found if not taint["key"].startswith("node.kubernetes.io/")}

    machine = next(m for m in site["machines"] if m["name"] == worker.name)
    machine["taints"] = ["use=web:PreferNoSchedule", "old:PreferNoSchedule"]
    site["kubernetes"] = {**site.get("kubernetes", {}), "kubelet": {"maxPods": 87}}
    cluster.reload(site)
    began = time.time()
    look(lambda: taints() == {"mine", "use", "old"}, 120, "the site's taints at the node")
    look(lambda: kube.get("node", worker.name)["status"]["capacity"]["pods"] == "87", 120, "the kubelet's new setting")
    cluster.told("changed taints and kubelet settings at the node", time.time() - began)
    site = copy.deepcopy(site)
    machine = next(m for m in site["machines"] if m["name"] == worker.name)
    machine["taints"] = ["use=web:PreferNoSchedule"]
    cluster.reload(site)
    look(lambda: taints() == {"mine", "use"}, 120, "what the site does not say any more to go, and nothing else")
    kube.wait_ready(*(machine.name for machine in cluster.rack.machines))


def status_says(cluster, sentence):
    look(lambda: sentence in cluster.rack.server.command("status"), 60, f"status to say «{sentence}»")


def test_dropped_and_renamed(cluster):
    """A machine that the file drops keeps its node until a person takes it away; under another name it is another
    node.  The old name brings the old node back."""
    rack, kube, worker = cluster.rack, cluster.cluster, cluster.workers[1]
    before, uid = cluster.site, cluster.uid(worker)
    dropped = copy.deepcopy(before)
    dropped["machines"] = [m for m in dropped["machines"] if m["name"] != worker.name]
    cluster.reload(dropped)
    status_says(cluster, f"node {worker.name} is no machine of the site any more")
    assert cluster.uid(worker) == uid

    renamed = copy.deepcopy(before)
    next(m for m in renamed["machines"] if m["name"] == worker.name)["name"] = "n9"
    cluster.reload(renamed)
    worker.power_off()
    worker.name = "n9"
    worker.power_on()
    cluster.healthy(worker, "healthy under another name")
    kube.wait_ready("n9")
    status_says(cluster, "node n3 is no machine of the site any more")
    kube.kubectl("delete", "node", "n3")
    worker.power_off()
    worker.name = "n3"
    cluster.reload(before)
    worker.power_on()
    cluster.healthy(worker, "healthy under its old name")
    kube.wait_ready("n3")
    kube.kubectl("delete", "node", "n9")


def test_nothing_is_left_undone(cluster):
    """At the end all are healthy, and the service answers."""
    for machine in cluster.rack.machines:
        state = cluster.rack.server.api("GET", f"/v1/machines/{machine.name}")["state"]
        assert state == "healthy", machine.name
    address = cluster.cluster.address("hello")
    assert cluster.far.wait_get(f"http://{address}/health", timeout=120)[1] == "OK"
