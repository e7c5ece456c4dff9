"""Programs of other people's networks, for tests: Debian packages of this host's release, downloaded by apt,
unpacked under the cache and run from there.  Nothing is installed, so no service of the host is started."""

import glob
import os
import shutil
import subprocess

from .namespace import RackError
from .outside import look

CACHE = os.path.join(os.environ.get("CACHE") or os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "bootserver"), "foreign")


def _run(*argv):
    done = subprocess.run(argv, check=False, capture_output=True, text=True,
                          env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
    if done.returncode:
        raise RackError(f"`{' '.join(argv)}` failed: {done.stderr or done.stdout}")
    return done.stdout


def unpacked(package):
    """The folder of a package and what it needs that this host lacks; made once a version."""
    version = next((line.split()[1] for line in _run("apt-cache", "policy", package).splitlines()
                    if line.startswith("  Candidate:")), "(none)")
    if version == "(none)":
        raise RackError(f"this host's package lists have no {package}: apt-get update")
    folder = os.path.join(CACHE, f"{package}-{version.replace(':', '_')}")
    if os.path.isdir(folder):
        return folder
    part = folder + ".part"
    shutil.rmtree(part, ignore_errors=True)
    os.makedirs(os.path.join(part, "debs", "partial"))
    _run("apt-get", "-q", "-q", "-y", "--download-only", "--no-install-recommends",
         "-o", f"Dir::Cache::Archives={part}/debs", "-o", "APT::Sandbox::User=root", "install", package)
    for deb in glob.glob(f"{part}/debs/*.deb"):
        _run("dpkg-deb", "-x", deb, part)
    shutil.rmtree(os.path.join(part, "debs"))
    os.rename(part, folder)
    return folder


def environment(folder, **more):
    """For a program out of such a folder: its libraries, then the host's."""
    libraries = glob.glob(f"{folder}/usr/lib/*-linux-gnu*") + glob.glob(f"{folder}/lib/*-linux-gnu*")
    return {**os.environ, "LD_LIBRARY_PATH": ":".join(libraries), **more}


KEA = """{{"Dhcp4": {{"interfaces-config": {{"interfaces": ["eth0"]}}, "valid-lifetime": 600,
"lease-database": {{"type": "memfile", "persist": false}},
"subnet4": [{{"id": 1, "subnet": "10.9.0.0/24", "pools": [{{"pool": "10.9.0.50 - 10.9.0.60"}}]}}]{more}}}}}
"""


def kea(rack, settings=""):
    """Somebody's Kea, 10.9.0.77 on the rack's segment, where it leases 10.9.0.50 to 60; `settings`: further members
    of its "Dhcp4"."""
    folder, host = unpacked("kea-dhcp4-server"), rack.host("kea", ("br0", "10.9.0.77/24"))
    path, log = (os.path.join(host.folder, f"kea.{suffix}") for suffix in ("json", "log"))
    with open(path, "w", encoding="utf-8") as file:
        file.write(KEA.format(more=settings and f",\n{settings}"))
    rack.net.start("kea", [f"{folder}/usr/sbin/kea-dhcp4", "-c", path], log, network=host.network,
                   env=environment(folder, KEA_PIDFILE_DIR=host.folder, KEA_LOCKFILE_DIR="none",
                                   KEA_DHCP_DATA_DIR=host.folder))
    look(lambda: ":67 " in host.run("ss", "-Hlun"), 20, f"Kea to listen; see {log}")


ISC = """default-lease-time 600;
subnet 10.9.0.0 netmask 255.255.255.0 {{ range 10.9.0.50 10.9.0.60; }}
{more}
"""


def isc(rack, settings=""):
    """Somebody's ISC dhcpd, in Kea's place; `settings`: further lines of its dhcpd.conf."""
    folder, host = unpacked("isc-dhcp-server"), rack.host("isc", ("br0", "10.9.0.77/24"))
    config, leases = (os.path.join(host.folder, name) for name in ("dhcpd.conf", "leases"))
    for path, text in ((config, ISC.format(more=settings)), (leases, "")):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    rack.net.start("dhcpd", [f"{folder}/usr/sbin/dhcpd", "-f", "-d", "-4", "--no-pid", "-cf", config, "-lf", leases,
                             "eth0"], f"{host.folder}/dhcpd.log", network=host.network, env=environment(folder))
    look(lambda: ":67 " in host.run("ss", "-Hlun"), 20, f"dhcpd to listen; see {host.folder}/dhcpd.log")


def relay(rack, bridge="far"):
    """A router between the rack's segment and another one, 10.8.0.0/24 on that bridge; its relay agent is dnsmasq's."""
    router = rack.host("relay", ("br0", "10.9.0.254/24"), (bridge, "10.8.0.254/24"))
    router.forward()
    rack.net.run("ip", "route", "add", "10.8.0.0/24", "via", "10.9.0.254")
    router.start("dnsmasq", "--keep-in-foreground", "--port=0", "--log-facility=-", "--log-dhcp", "--conf-file=/dev/null",
                 "--user=root", "--pid-file=", "--dhcp-relay=10.8.0.254,10.9.0.1")
    look(lambda: ":67 " in router.run("ss", "-Hlun"), 20, "the relay to listen")


def dnsmasq(rack, *lines, network=None, pool="10.9.0.100,10.9.0.199,255.255.255.0"):
    """Somebody's dnsmasq as one sets it up by hand, `lines` of its configuration; returns its TFTP folder.
    `pool`: first and last address and mask of what it leases."""
    folder = os.path.join(rack.folder, "tftp")
    os.makedirs(folder, exist_ok=True)
    rack.net.start("dnsmasq", ["dnsmasq", "--keep-in-foreground", "--port=0", "--log-facility=-", "--log-dhcp",
                               "--conf-file=/dev/null", "--user=root", "--pid-file=", "--no-ping", "--leasefile-ro",
                               f"--dhcp-range={pool}",
                               *(f"--{line}" for line in lines)],
                   os.path.join(rack.folder, "dnsmasq.log"), network=network)
    look(lambda: ":67 " in rack.net.run("ss", "-Hlun", network=network), 20, "dnsmasq to listen")
    return folder


def nginx(rack, root, keys=None, port=80):
    """Somebody's nginx on a port, and on 443 with chain.crt and server.key of the folder `keys`."""
    folder, path = unpacked("nginx"), os.path.join(rack.folder, "nginx.conf")
    secure = f"listen 443 ssl; ssl_certificate {keys}/chain.crt; ssl_certificate_key {keys}/server.key;"
    spools = "".join(f"{name}_temp_path {rack.folder}/nginx-{name};"
                     for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    with open(path, "w", encoding="ascii") as file:
        file.write(f"daemon off; user root; pid {rack.folder}/nginx.pid; error_log stderr; events {{}}\n"
                   f"http {{ access_log off; sendfile on; tcp_nopush on; {spools} root {root};\n"
                   f"server {{ listen {port}; {secure if keys else ''} }} }}\n")
    rack.net.start("nginx", [f"{folder}/usr/sbin/nginx", "-c", path], os.path.join(rack.folder, "nginx.log"),
                   env=environment(folder))
    look(lambda: f":{port} " in rack.net.run("ss", "-Hltn"), 20, "nginx to listen")
