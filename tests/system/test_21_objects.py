"""What `roles` renders, before those who must take it: kubeadm reads each configuration and applies its patches,
a real API server takes each object, and grants what joining needs though no bootstrap token exists."""

import base64
import glob
import json
import os
import re

import pytest
from conftest import test_folder as folder_of
from rack.apiserver import PLACE, ApiServer, part_file
from rack.rack import ROOT, image_folder

GOLDEN = os.path.join(ROOT, "tests", "golden", "roles")
SITES = sorted(os.path.basename(os.path.dirname(path)) for path in glob.glob(f"{GOLDEN}/*/site.yaml"))
FIRST, ADDRESS = "racks/n1", "10.9.0.11"


def read(path):
    with open(os.path.join(GOLDEN, path), encoding="utf-8") as file:
        return file.read()


def place(server, node):
    """The engine's files of a node of a golden site, as the agent places them."""
    names = ["kubeadm.yaml"] + [f"patches/{name}" for name in sorted(os.listdir(f"{GOLDEN}/{node}/patches"))]
    server.place({name: read(f"{node}/{name}") for name in names}, read(f"{node}/hosts"))


def parts():
    image = image_folder("edge", "amd64")
    return [path for path in (part_file(image, "kube"), part_file(image, "ceph")) if path]


@pytest.fixture(name="box", scope="module")
def box_fixture(tmp_path_factory):
    """A place for kubeadm's files, with nothing running."""
    with ApiServer(str(tmp_path_factory.mktemp("kubeadm")), parts()) as box:
        yield box


@pytest.fixture(name="server", scope="module")
def server_fixture(request, tmp_path_factory):
    """One API server for all of them: that of the golden site `racks`."""
    with ApiServer(str(tmp_path_factory.mktemp("apiserver")), parts()) as server:
        place(server, FIRST)
        server.start(ADDRESS)
        yield server
        if request.session.testsfailed:
            print(server.log("kube-apiserver"))


@pytest.mark.parametrize("node", sorted(
    os.path.relpath(os.path.dirname(path), GOLDEN) for path in glob.glob(f"{GOLDEN}/*/*/kubeadm.yaml")))
def test_kubeadm_reads(box, node):
    place(box, node)
    box.write(f"{PLACE}/discovery.conf", read("one-rack/discovery.conf"))
    config = f"--config={PLACE}/kubeadm.yaml"
    assert box.kubeadm("config", "validate", config).strip() == "ok"
    if "kind: InitConfiguration" not in read(f"{node}/kubeadm.yaml"):
        return
    said = "".join(box.kubeadm("init", "phase", *phase, config) for phase in (
        ("control-plane", "all"), ("etcd", "local"), ("kubelet-start", "--dry-run")))
    for target in ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubeletconfiguration"):
        assert re.search(f'Applied patch .* to target "{target}"', said), target


def may(server, *words, **who):
    return server.kubectl("auth", "can-i", *words, check=False, **who).strip()


def stages(site):
    return json.loads(read(f"{site}/stages.json"))


def own_files(server, site, stage):
    """The stage's files that came with the answer, and its text: paths inside, after they were placed."""
    placed = [name for name in stage.get("files", []) if name.startswith("/")]
    for name in placed:
        server.write(name, read(f"{site}/sealed/{os.path.basename(name)}"))
    if os.path.exists(f"{GOLDEN}/{site}/stages/{stage['name']}.yaml"):
        placed.append(f"/run/bootserver/objects/{stage['name']}.yaml")
        server.write(placed[-1], read(f"{site}/stages/{stage['name']}.yaml"))
    return placed


def apply(server, stage, files):
    if stage.get("once"):
        return server.kubectl("create", *(f"-f{name}" for name in files))
    return server.kubectl("apply", "--server-side", "--force-conflicts", "-o", "name", *(f"-f{name}" for name in files))


def from_parts(server, names):
    """Applies the parts' manifests among the names; each once, they are the same for every site."""
    for name in names:
        if not name.startswith("/") and name not in server.taken:
            path = server.manifest(name)
            assert path, f"no part has {name}"
            apply(server, {}, [path])
            server.taken.add(name)


def discovery(server, node):
    """discovery.conf of a node, as rendered, with a certificate that the cluster's CA signed."""
    key, certificate = server.sign("kubelet", "system:nodes", f"system:node:{node}")
    assert key == f"{PLACE}/kubelet.key"
    text = read("one-rack/discovery.conf").replace("k8s.shop.example", "api.edge.example")
    for golden, path in ((b"CA\n", "/etc/kubernetes/pki/ca.crt"), (b"CERT\n", certificate)):
        with open(server.inside(path), "rb") as file:
            text = text.replace(base64.b64encode(golden).decode(), base64.b64encode(file.read()).decode())
    server.write(f"{PLACE}/discovery.conf", text)


def renews(server, node):
    """What a kubelet does with the certificate of discovery.conf: it asks for its own, and gets it unseen."""
    with open(server.inside(f"{PLACE}/kubelet.csr"), "rb") as file:
        request = base64.b64encode(file.read()).decode()
    server.write(f"{PLACE}/csr.json", json.dumps({
        "apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest", "metadata": {"name": node},
        "spec": {"request": request, "signerName": "kubernetes.io/kube-apiserver-client-kubelet",
                 "usages": ["digital signature", "client auth"]}}))
    server.kubectl("--kubeconfig", f"{PLACE}/discovery.conf", "create", "-f", f"{PLACE}/csr.json")
    server.kubectl("wait", f"csr/{node}", "--for=jsonpath={.status.certificate}", "--timeout=60s", timeout=90)


def test_a_node_may_set_itself_aside(server):
    """What the agent of a storage machine does before it leaves, by its kubelet's key; another's it may not."""
    server.write(f"{PLACE}/node.json", json.dumps({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n9"}}))
    server.kubectl("create", "-f", f"{PLACE}/node.json")
    aside = {"metadata": {"annotations": {"bootserver.dev/aside": "its machine was ordered to leave"}},
             "spec": {"unschedulable": True}}
    back = {"metadata": {"annotations": {"bootserver.dev/aside": None}}, "spec": {"unschedulable": None}}
    patch = ("patch", "node", "n9", "--type=merge", "-p")
    said = server.refused(server.kubectl, *patch, json.dumps(aside), as_node="n8")
    assert "only its own Node object" in said, said
    server.kubectl(*patch, json.dumps(aside), as_node="n9")
    assert json.loads(server.kubectl("get", "node", "n9", "-o", "json"))["spec"]["unschedulable"]
    server.kubectl(*patch, json.dumps(back), as_node="n9")
    node = json.loads(server.kubectl("get", "node", "n9", "-o", "json"))
    assert "unschedulable" not in node["spec"] and "bootserver.dev/aside" not in node["metadata"].get("annotations", {})
    server.kubectl("delete", "node", "n9")


def test_nodes_may_join_without_a_token(server):
    renew = ("create", "certificatesigningrequests.certificates.k8s.io", "--subresource=selfnodeclient")
    reach = ("get", "nodes", "--subresource=proxy")
    assert may(server, *renew, as_node="n4") == "no"
    assert may(server, *reach, as_user="kube-apiserver-kubelet-client") == "no"
    access = stages("racks")[0]
    apply(server, access, own_files(server, "racks", access))
    assert may(server, *renew, as_node="n4") == "yes"
    assert may(server, *reach, as_user="kube-apiserver-kubelet-client") == "yes"

    discovery(server, "n4")
    for node in ("n4", "n2"):   # a worker, a control-plane node: both find the cluster by the node's certificate
        text = read(f"racks/{node}/kubeadm.yaml")
        server.write(f"{PLACE}/join.yaml", re.sub(r"  ignorePreflightErrors:\n(  - .*\n)+", "", text))
        said = server.kubeadm("join", "phase", "preflight", f"--config={PLACE}/join.yaml", "--ignore-preflight-errors=all")
        assert 'Reading configuration from the "kubeadm-config" ConfigMap' in said
    renews(server, "n4")
    for name in ("kube-controller-manager", "kube-scheduler"):
        server.kubectl("wait", f"lease/{name}", "-n", "kube-system", "--for=jsonpath={.spec.leaseDurationSeconds}=30")
    assert server.kubectl("get", "secrets", "-A", "--field-selector=type=bootstrap.kubernetes.io/token",
                          "-o", "name") == ""
    assert "NotFound" in server.refused(server.kubectl, "get", "configmap/cluster-info", "-n", "kube-public")


def test_a_node_labels_itself_and_no_other(server):
    flags = dict(re.findall(r"- name: (\S+)\n    value: \"?([^\"\n]*)", read("racks/n4/kubeadm.yaml")))
    labels = dict(label.split("=") for label in flags["node-labels"].split(","))
    assert labels["topology.kubernetes.io/zone"] == "north"
    discovery(server, "n4")

    def node(name, more=None):
        server.write(f"{PLACE}/node.json", json.dumps({
            "apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": {**labels, **(more or {})}}}))
        return ("--kubeconfig", f"{PLACE}/discovery.conf", "create", "-f", f"{PLACE}/node.json")

    for fault in (node("n9"), node("n4", {"node-role.kubernetes.io/control-plane": ""}),
                  node("n4", {"team.kubernetes.io/a": "b"})):
        assert "orbidden" in server.refused(server.kubectl, *fault)
    server.kubectl(*node("n4"))


@pytest.fixture(name="judged", scope="module")
def judged_fixture(server):
    """The API server with MetalLB's own judgement of its objects."""
    from_parts(server, ["metallb.yaml"])
    server.start_metallb()
    server.judge_here("metallb-webhook-configuration")
    return server


@pytest.mark.parametrize("site", SITES)
def test_the_api_server_takes_all(judged, site):
    server = judged
    for stage in stages(site):
        if stage["name"] == "rook" and len(server.parts) < 2:
            pytest.skip("the image has no part ceph, so Rook's stages, the last ones, are shown to nobody")
        from_parts(server, stage.get("files", []))
        own = own_files(server, site, stage)
        if own:
            given = apply(server, stage, own)
            again = apply(server, stage, own) if not stage.get("once") else given
            assert again == given
        if stage.get("prune"):
            found = server.kubectl("get", ",".join(stage["prune"]), "-A", "-o", "name",
                                   f"--selector=bootserver.dev/stage={stage['name']}")
            assert sorted(stage["objects"]) == sorted(given.split()) and set(given.split()) <= set(found.split())
        for wait in stage.get("wait", []):
            what = next(word for word in wait if "/" in word)
            assert server.kubectl("get", what, *wait[wait.index(what) + 1:], "-o", "name").strip()


def test_what_slow_machines_need(judged):
    """Nothing is killed before it has had time to start; what starts before kube-proxy finds the API server
    by itself; speakers run where the role is."""
    from_parts(judged, ["flannel.yaml"])
    flannel = judged.kubectl("get", "daemonset/kube-flannel-ds", "-n", "kube-flannel", "-o", "json")
    assert "--iface=$(HOST_IP)" in flannel and "status.hostIP" in flannel   # there may be no default route
    for space, name in (("kube-flannel", "daemonset/kube-flannel-ds"), ("metallb-system", "daemonset/speaker"),
                        ("metallb-system", "deployment/controller")):
        pod = json.loads(judged.kubectl("get", name, "-n", space, "-o", "json"))["spec"]["template"]["spec"]
        for container in pod["containers"]:
            start, alive = container["startupProbe"], container["livenessProbe"]
            assert start["httpGet"] == alive["httpGet"]
            assert start["failureThreshold"] * start["periodSeconds"] >= 600 and start["periodSeconds"] <= 2
            if pod.get("hostNetwork"):
                found = {env["name"]: env["valueFrom"]["configMapKeyRef"] for env in container["env"]
                         if env["name"].startswith("KUBERNETES_SERVICE_")}
                assert found == {"KUBERNETES_SERVICE_HOST": {"name": "bootserver-api", "key": "host"},
                                 "KUBERNETES_SERVICE_PORT": {"name": "bootserver-api", "key": "port"}}
        assert pod.get("hostNetwork", False) == name.startswith("daemonset/")
        assert ("bootserver.dev/role-load-balancer" in pod.get("nodeSelector", {})) == (name == "daemonset/speaker")


def test_metallb_refuses(judged):
    """What the site's check must refuse before MetalLB does; the judge is awake."""
    def pool(name, addresses):
        judged.write(f"{PLACE}/pool.json", json.dumps({
            "apiVersion": "metallb.io/v1beta1", "kind": "IPAddressPool", "spec": {"addresses": [addresses]},
            "metadata": {"name": name, "namespace": "metallb-system"}}))
        return ("apply", "--server-side", "-f", f"{PLACE}/pool.json")

    judged.kubectl(*pool("one", "203.0.113.0-203.0.113.9"))
    assert "overlaps" in judged.refused(judged.kubectl, *pool("two", "203.0.113.9/32"))
    assert "invalid" in judged.refused(judged.kubectl, *pool("two", "203.0.113.9-203.0.113.1"))
