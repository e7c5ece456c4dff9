"""A control plane without a node: etcd, API server, controller manager and scheduler on loopback in a namespace,
with the very flags that kubeadm writes for them from a configuration of ours.  The image's part *kube* has all."""

import base64
import glob
import json
import os
import re
import subprocess

from .namespace import Namespace, RackError

PLACE = "/etc/kubernetes/bootserver"
ADMIN = "/etc/kubernetes/admin.conf"


def part_file(folder, part, arch="amd64"):
    """The file of a built image's part, or None."""
    with open(os.path.join(folder, "manifest.json"), encoding="utf-8") as file:
        found = [p for p in json.load(file)["parts"] if p["part"] == part and p["arch"] == arch]
    return os.path.join(folder, found[0]["sha256"]) if found else None


class ApiServer:
    """`folder` takes what it writes; `parts` are EROFS files, the first of them *kube*."""

    def __init__(self, folder, parts):
        self.folder, self.net, self.parts = folder, Namespace(), []
        self.taken = set()      # names of the parts' manifests that were applied
        os.makedirs(folder, exist_ok=True)
        try:
            self._make(parts)
        except BaseException:
            self.close()
            raise

    def _make(self, parts):
        """A network of its own, and an /etc and /var/lib over which nothing gets out."""
        run = self.net.run
        run("mount", "-t", "tmpfs", "tmpfs", self.folder)
        for place in ("/etc", "/var/lib"):
            work = self.folder + place
            run("mkdir", "-p", f"{work}/up", f"{work}/work")
            run("mount", "-t", "overlay", "overlay", "-o", f"lowerdir={place},upperdir={work}/up,workdir={work}/work",
                place)
        for number, part in enumerate(parts):
            place = f"{self.folder}/part{number}"
            run("mkdir", "-p", place)
            run("mount", "-t", "erofs", "-o", "loop,ro", part, place)
            self.parts.append(place)

    def close(self):
        self.net.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def inside(self, path):
        """A path of the namespace as we can open it."""
        return self.net.root + path

    def write(self, path, text):
        target = self.inside(path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "w", encoding="utf-8") as file:
            file.write(text)

    def manifest(self, name):
        """The path of a manifest that one of the parts has, or None."""
        for place in self.parts:
            path = f"{place}/manifests/{name}"
            if os.path.exists(self.inside(path)):
                return path
        return None

    def _in_image(self, path):
        """A file of one of the part's container images, which lie unpacked in it."""
        found = glob.glob(self.inside(f"{self.parts[0]}/containerd/snapshots/*/fs{path}"))
        if not found:
            raise RackError(f"no container image of the part has {path}")
        return found[0].removeprefix(self.inside(""))

    def kubeadm(self, *words, **options):
        return self.net.run(f"{self.parts[0]}/bin/kubeadm", *words, **options)

    def kubectl(self, *words, as_node=None, as_user=None, **options):
        user = as_user or (as_node and f"system:node:{as_node}")
        mask = [f"--as={user}"] if user else []
        mask += ["--as-group=system:nodes", "--as-group=system:authenticated"] if as_node else []
        return self.net.run(f"{self.parts[0]}/bin/kubectl", f"--kubeconfig={ADMIN}", *mask, *words, **options)

    def refused(self, run, *words, **options):
        """What a command that must fail says."""
        try:
            said = run(*words, **options)
        except RackError as error:
            return str(error)
        raise AssertionError(f"{' '.join(words)} was taken: {said}")

    def place(self, files, hosts):
        """The engine's files of one node ({name below bootserver/: text}) and its lines of /etc/hosts."""
        self.net.run("rm", "-rf", "/etc/kubernetes")
        for name, text in files.items():
            self.write(f"{PLACE}/{name}", text)
        self.write("/etc/hosts", "127.0.0.1 localhost\n" + hosts)

    def start(self, address):
        """Makes CAs, certificates and static pods with kubeadm, runs what is in them; `address` is the node's."""
        config = f"--config={PLACE}/kubeadm.yaml"
        self.net.run("ip", "address", "add", f"{address}/32", "dev", "lo")
        for phase in (("certs", "all"), ("kubeconfig", "all"), ("etcd", "local"), ("control-plane", "all")):
            self.kubeadm("init", "phase", *phase, config)
        for name in ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"):
            self._run(name)
        self.net.run("curl", "--silent", "--fail", "--output", "/dev/null", "--cacert", "/etc/kubernetes/pki/ca.crt",
                     "--retry", "120", "--retry-all-errors", "--retry-delay", "1",
                     f"https://{address}:6443/readyz", timeout=180)
        for phase in ("upload-config", "addon"):    # the first makes the admin one, too
            self.kubeadm("init", "phase", phase, "all", config)

    def _run(self, name):
        with open(self.inside(f"/etc/kubernetes/manifests/{name}.yaml"), encoding="utf-8") as file:
            pod = file.read()
        flags = re.findall(r"^    - (--\S+)$", pod, re.MULTILINE)
        # Kubernetes' programs are one, which looks at its name; etcd is in its container image
        program = self._in_image("/usr/local/bin/etcd") if name == "etcd" else f"{self.parts[0]}/bin/kube"
        self._start(name, ["bash", "-c", 'exec -a "$0" "$@"', name, program, *flags])

    def _start(self, name, argv, env=None):
        self.net.start(name, argv, os.path.join(self.inside(self.folder), f"{name}.log"), env=env)

    def start_metallb(self):
        """MetalLB's controller as judge alone: what it refuses, its webhooks refuse."""
        place = "k8s-webhook-server/serving-certs"      # below $TMPDIR, whatever its --cert-dir says
        self.sign(f"{place}/tls", "metallb", "webhook", "extendedKeyUsage=serverAuth\nsubjectAltName=IP:127.0.0.1\n")
        self._start("controller", [self._in_image("/controller"), "--webhook-mode=onlywebhook", "--ml-secret-name=",
                                   "--disable-cert-rotation"],
                    env={"KUBECONFIG": ADMIN, "METALLB_NAMESPACE": "metallb-system", "TMPDIR": PLACE})
        self.net.run("curl", "--silent", "--insecure", "--output", "/dev/null", "--retry", "120", "--retry-all-errors",
                     "--retry-delay", "1", "https://127.0.0.1:9443/", timeout=180)

    def judge_here(self, name):
        """Turns a validating webhook's configuration from its service, which is not here, to loopback."""
        kind = "validatingwebhookconfiguration"
        config = json.loads(self.kubectl("get", kind, name, "-o", "json"))
        with open(self.inside("/etc/kubernetes/pki/ca.crt"), "rb") as file:
            bundle = base64.b64encode(file.read()).decode()
        for hook in config["webhooks"]:
            path = hook["clientConfig"]["service"]["path"]
            hook["clientConfig"] = {"url": f"https://127.0.0.1:9443{path}", "caBundle": bundle}
        self.write(f"{PLACE}/webhooks.json", json.dumps(config))
        self.kubectl("replace", "-f", f"{PLACE}/webhooks.json")

    def sign(self, name, group, user, usage="extendedKeyUsage=clientAuth\n"):
        """(key path, certificate path), signed by the cluster's CA as the engine does it for a node."""
        base = f"{PLACE}/{name}"
        self.write(f"{base}.ext", usage)
        openssl = ["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                   "-keyout", f"{base}.key", "-subj", f"/O={group}/CN={user}", "-out", f"{base}.csr"]
        self.net.run(*openssl)
        self.net.run("openssl", "x509", "-req", "-in", f"{base}.csr", "-CA", "/etc/kubernetes/pki/ca.crt", "-CAkey",
                     "/etc/kubernetes/pki/ca.key", "-CAcreateserial", "-days", "1", "-extfile", f"{base}.ext",
                     "-out", f"{base}.crt")
        return f"{base}.key", f"{base}.crt"

    def log(self, name):
        return subprocess.run(["tail", "-40", os.path.join(self.inside(self.folder), f"{name}.log")],
                              capture_output=True, text=True, check=False).stdout
