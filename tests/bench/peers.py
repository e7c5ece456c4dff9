"""Who the boot server is measured beside: nginx, Matchbox; and wrk, which asks."""

import json
import os
import re
import subprocess

from rack import foreign
from rack.rack import ROOT

NGINX, NGINX_TLS, MATCHBOX = 8080, 8443, 8090
UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1, "m": 60}

# The path of one of `count` machines, another each time: the MAC addresses of sites.machines().
LUA = """local n, count = {start}, {count}
request = function()
  n = (n + 7919) % count
  return wrk.format("GET", string.format("{path}mac=52:54:00:00:%02x:%02x{more}", math.floor(n / 256), n % 256))
end
"""


def nginx(rack, root, keys):
    """nginx with one worker, as one would set it up for files, on `root`; TLS by the site's own certificate."""
    folder, own = foreign.unpacked("nginx"), os.path.join(rack.folder, "nginx")
    os.makedirs(own)
    temporary = "".join(f"{kind}_temp_path {own}/{kind}; " for kind in
                        ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    with open(f"{own}/nginx.conf", "w", encoding="ascii") as file:
        file.write(f"""daemon off; user root; worker_processes 1; pid {own}/pid; error_log stderr;
            events {{ worker_connections 2048; }}
            http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; {temporary}
            default_type text/plain; root {root};
            server {{ listen {NGINX}; listen {NGINX_TLS} ssl;
            ssl_certificate {keys}/server.crt; ssl_certificate_key {keys}/server.key; }} }}""")
    return rack.net.start("nginx", [f"{folder}/usr/sbin/nginx", "-c", f"{own}/nginx.conf"], f"{own}/log",
                          env=foreign.environment(folder))


def matchbox(rack, macs):
    """Matchbox with a group for each of these machines."""
    own = os.path.join(rack.folder, "matchbox")
    program = subprocess.run([os.path.join(ROOT, "tests/bench/matchbox/build")], check=True,
                             stdout=subprocess.PIPE, text=True).stdout.strip()
    for folder in ("groups", "profiles", "assets"):
        os.makedirs(os.path.join(own, folder))
    profile = {"id": "image", "boot": {"kernel": "/assets/kernel", "initrd": ["/assets/initrd"], "args": ["quiet"]}}
    rows = {"profiles/image": profile, **{f"groups/m{n}": {"id": f"m{n}", "profile": "image", "selector": {"mac": mac}}
                                          for n, mac in enumerate(macs)}}
    for name, row in rows.items():
        with open(os.path.join(own, f"{name}.json"), "w", encoding="ascii") as file:
            json.dump(row, file)
    return rack.net.start("matchbox", [program, f"-address=0.0.0.0:{MATCHBOX}", f"-data-path={own}",
                                       f"-assets-path={own}/assets", "-log-level=error"], f"{own}/log")


class Wrk:
    def __init__(self, rack, seconds):
        self.rack, self.seconds = rack, seconds
        folder = foreign.unpacked("wrk")
        self.argv = ["env", f"LD_LIBRARY_PATH={foreign.environment(folder)['LD_LIBRARY_PATH']}", f"{folder}/usr/bin/wrk"]

    def ask(self, url, connections, script=None):
        """{requests and bytes a second, p50 and p99 in seconds, answers that were not 2xx}."""
        words = ["-t1", f"-c{connections}", f"-d{self.seconds}", "--timeout", "20", "--latency"]
        if script:
            words += ["-s", script]
        text = self.rack.net.run(*self.argv, *words, url, timeout=self.seconds + 60)
        number, unit = re.search(r"Transfer/sec:\s+([\d.]+)(\w?)B", text).groups()
        wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
        return {"requests": float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1)),
                "bytes": float(number) * UNITS[unit], "p50": self._latency(text, 50), "p99": self._latency(text, 99),
                "wrong": int(wrong.group(1)) if wrong else 0}

    @staticmethod
    def _latency(text, percent):
        """None where no answer ended in the time."""
        found = re.search(rf"^\s+{percent}%\s+([\d.]+)(us|ms|s|m)$", text, re.M)
        return float(found.group(1)) * SECONDS[found.group(2)] if found else None

    def machines(self, name, path, more, count):
        """A script for ask(): requests of `count` machines, in no order."""
        file_name = os.path.join(self.rack.folder, f"{name}.lua")
        with open(file_name, "w", encoding="ascii") as file:
            file.write(LUA.format(start=0, count=count, path=path, more=more))
        return file_name
