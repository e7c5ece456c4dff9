"""A worker that is rebooted into its image comes back as the same node: name, address, keys, pods."""

from rack import look


def identity(cluster, machine):
    node = cluster.cluster.get("node", machine.name)
    key = machine.run("cat", "/etc/ssh/ssh_host_ed25519_key.pub")
    return node["metadata"]["uid"], node["status"]["addresses"], key


def test_reimage_node(cluster):
    machine = cluster.workers[1]
    before = identity(cluster, machine)
    boot = cluster.cluster.get("node", machine.name)["status"]["nodeInfo"]["bootID"]
    machine.expect_reboot()
    cluster.rack.server.command("reimage", machine.name)
    cluster.told("reimage to healthy", machine.seconds(cluster.rack.wait(machine, "healthy", timeout=240)))
    cluster.cluster.wait_ready(machine.name)
    assert identity(cluster, machine) == before
    pods = look(lambda: running(cluster, machine), 120, f"the DaemonSet's pod on {machine.name}")
    assert len(pods) == 1, boot


def running(cluster, machine):
    """Names of the DaemonSet's pods that are ready on the machine's node."""
    pods = cluster.cluster.get("pods", "-l", "app=hello", f"--field-selector=spec.nodeName={machine.name}")["items"]
    return [pod["metadata"]["name"] for pod in pods
            if any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", []))]
