"""Many machines at once: storms of whole machines (tests/fleet) beside dnsmasq and nginx as one sets them up by hand,
slots on and off on a shaped link, Linux clients that fetch a real root."""

import json
import os
import re
import statistics
import time

import fleet
from fleet.servers import by_hand, ours, widen
from rack import Rack, cpu_seconds, image_folder, pss_kib
from rack.rack import ROOT

import peers

MIB = 1 << 20
HERD = 80               # machines a process of the herd
POOL = ("10.9.4.0", "10.9.7.250")
SERVERS = {
    "ours": lambda rack, scenario, **more: ours(rack, scenario, dhcp={"range": "-".join(POOL)}, **more),
    "dnsmasq + nginx": lambda rack, scenario: by_hand(rack, scenario, pool=",".join((*POOL, "255.255.0.0"))),
}
SCRIPTS = "bootserver_http_request_duration_seconds_bucket"
LINK, SLOTS, NO_SLOTS = "1gbit", 8, 256
CLIENTS = 64
LARGE = 160             # storms from here on take minutes: once a side
FETCH = """for url in "$@"; do curl -sf --retry 1000 --retry-max-time 900 -o /dev/null "$url" & pids="$pids $!"; done
for pid in $pids; do wait $pid; done"""


def percentile(values, share):
    """Of sorted values; None of none."""
    return values[min(len(values) - 1, int(share * len(values)))] if values else None


class Storms:
    """`sizes`: kernel and initrd in MiB."""

    def __init__(self, report, folder, sizes):
        self.report, self.folder, self.sizes = report, folder, sizes

    def scenario(self, machines):
        kernel, initrd = (f"{size} MiB" for size in self.sizes)
        return fleet.Scenario("power-back", machines=machines, spread=f"{machines / 128} s", patience="900 s",
                              kernel=kernel, initrd=initrd)

    def all(self, counts, pairs):
        """Small storms in pairs in alternation (who is first changes), large ones once a side."""
        for machines in counts:
            for n in range(pairs if machines < LARGE else 1):
                for server in sorted(SERVERS, reverse=n % 2 == 0):
                    self.report.storm(machines, server, self.storm(machines, server))

    def storm(self, machines, server):
        """What became of one storm, by the keys of report.COLUMNS."""
        with Rack(self.folder) as rack:
            widen(rack)
            SERVERS[server](rack, self.scenario(machines))
            servers = [pid for pid, command in rack.net.processes().items() if not command.startswith("tcpdump")]
            before = cpu_seconds(servers)
            verdict, seconds = self.run(rack, machines)
            return {"seconds": seconds, "lost": len(verdict.lost),
                    "mib_s": verdict.total("bytes") / MIB / seconds, "load": os.getloadavg()[0],
                    "dhcp_p95_s": self.phase(verdict, "dhcp", 0.95), "boot_p95_s": self.phase(verdict, None, 0.95),
                    "script_client_p99_ms": percentile(verdict.times("script"), 0.99),
                    "script_p99_ms": self.script_ms(rack) if server == "ours" else None,
                    "pss_mib": sum(sum(pss_kib(pid, alone=True).values()) for pid in servers) / 1024,
                    "cpu_ms": (cpu_seconds(servers) - before) * 1000 / machines}

    def run(self, rack, machines):
        """(verdict, seconds until the last was done)."""
        began = time.monotonic()
        verdict = fleet.run(rack, self.scenario(machines), shares=-(-machines // HERD))
        return verdict, time.monotonic() - began

    @staticmethod
    def phase(verdict, phase, share):
        found = percentile(verdict.times(phase), share)
        return found and found / 1000

    @staticmethod
    def script_ms(rack):
        """The 99th percentile from the request's end to the answer's hand-over to the kernel: no more than this."""
        text = rack.net.run("curl", "-s", "-m", "20", "http://10.9.0.1/metrics")
        rows = re.findall(rf'^{SCRIPTS}{{route="/v1/boot",le="([\d.]+|\+Inf)"}} (\d+)$', text, re.M)
        return next(float(edge) * 1000 for edge, count in rows if int(count) >= 0.99 * int(rows[-1][1]))

    def slots(self, machines):
        """One after the other, or all at once: who boots how soon, where the link is what there is too little of."""
        ends = {}
        for transfers in (SLOTS, NO_SLOTS):
            with Rack(self.folder) as rack:
                widen(rack)
                rack.net.run("tc", "qdisc", "add", "dev", "br0", "root", "tbf", "rate", LINK, "burst", "256kb",
                             "latency", "50ms")
                rack.site["server"]["transfers"] = transfers
                SERVERS["ours"](rack, self.scenario(machines))
                verdict, _ = self.run(rack, machines)
                assert not verdict.lost, verdict
                ends[transfers] = [ms / 1000 for ms in verdict.times()]
        what = f"{machines} machines, {sum(self.sizes)} MiB each, {LINK}"
        for name, of, goal in (("mean", statistics.mean, "at most 0.6"), ("last", max, "about 1")):
            with_slots, without = of(ends[SLOTS]), of(ends[NO_SLOTS])
            self.report.single(f"{name} finish, {what}, {SLOTS} slots: {with_slots:.1f} s; none: {without:.1f} s", "ratio",
                               goal, [with_slots / without])

    def roots(self, image, pairs):
        """Linux clients at once, ours and nginx in alternation."""
        manifest_path = os.path.join(image_folder(image, "amd64"), "manifest.json")
        with open(manifest_path, encoding="utf-8") as file:
            root = next(part for part in json.load(file)["parts"] if (part["part"], part["arch"]) == ("root", "amd64"))
        with Rack(self.folder) as rack:
            rack.site["machines"] = [{"name": f"m{n}", "mac": f"52:54:00:00:00:{n:02x}"} for n in range(CLIENTS)]
            rack.start(image, archs=("amd64",))
            static = os.path.join(rack.folder, "static")
            os.makedirs(static)
            os.symlink(os.path.join(rack.server.site_folder, "store/sha256"), os.path.join(static, "blob"))
            peers.nginx(rack, static, os.path.join(rack.server.site_folder, "pki"))
            linux = rack.host("linux", ("br0", "10.9.0.50/24"))
            sides = [[f"http://10.9.0.1/blob/{root['sha256']}?nonce={nonce}" for nonce in self.nonces(linux)],
                     [f"http://10.9.0.1:{peers.NGINX}/blob/{root['sha256']}"] * CLIENTS]
            values = []
            for n in range(pairs):
                pair = {side: CLIENTS * root["size"] / MIB / self.fetch(linux, sides[side])
                        for side in ((0, 1) if n % 2 == 0 else (1, 0))}
                values.append((pair[0], pair[1]))
            self.report.pair(f"root of {image}, {root['size'] / MIB:.0f} MiB, {CLIENTS} clients (curl)", "MiB/s", "nginx", "",
                             values)

    @staticmethod
    def nonces(linux):
        """Of the boot of each of the machines."""
        for n in range(CLIENTS):
            script = linux.run("curl", "-sf", "-m", "60", "http://10.9.0.1/v1/boot?platform=efi&arch=x86_64"
                               f"&mac=52:54:00:00:00:{n:02x}")
            yield re.search(r"^set nonce (\S+)$", script, re.M).group(1)

    @staticmethod
    def fetch(linux, urls):
        began = time.monotonic()
        linux.run("sh", "-ec", FETCH, "sh", *urls, timeout=1000)
        return time.monotonic() - began
