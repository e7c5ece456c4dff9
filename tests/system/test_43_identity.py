"""The certificate of one node cannot register, change or read the secrets of another."""

import json

KUBECTL = "/run/bootserver/kube/bin/kubectl"
CONFIG = "--kubeconfig=/etc/kubernetes/kubelet.conf"


def refused(machine, *words):
    """What the API server says to the machine's own credentials, which must be a refusal."""
    said = machine.run("sh", "-c", f'{KUBECTL} {CONFIG} "$@" 2>&1', "sh", *words, check=False)
    assert "forbidden" in said.lower(), said
    return said


def test_identity(cluster):
    n2, n3 = cluster.workers
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "intruder"}}
    n2.run("sh", "-c", f"cat >/tmp/node.json <<'END'\n{json.dumps(node)}\nEND")
    assert "intruder" in refused(n2, "create", "-f", "/tmp/node.json")
    refused(n2, "label", "node", n3.name, "stolen=yes")
    refused(n2, "delete", "node", n3.name)
    refused(n2, "get", "secrets", "-A")
    own = n2.run(KUBECTL, CONFIG, "get", "node", n2.name, "-o", "name")
    assert own.strip() == f"node/{n2.name}", "what is refused must not be refused to all"
    assert "intruder" not in cluster.cluster.nodes()
