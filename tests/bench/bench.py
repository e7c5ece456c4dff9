#!/usr/bin/python3
"""`make bench`: the boot server beside nginx, Matchbox and dnsmasq, in one run; writes docs/benchmarks/."""

import argparse
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "system"))

from rack import Rack, pss_kib          # noqa: E402
from rack.outside import look           # noqa: E402
from rack.rack import ROOT              # noqa: E402
from steps import start_small           # noqa: E402

import peers                            # noqa: E402
from report import Report               # noqa: E402
from storms import Storms               # noqa: E402

MIB = 1 << 20
FEW, MANY = 200, 10000
SMALL = "ipxe/autoexec.ipxe"    # a file for both
CLAIMS = "&platform=efi&arch=x86_64&manufacturer=bench&product=bench"


def mac_of(number):
    return f"52:54:00:00:{number >> 8:02x}:{number & 255:02x}"


class Bench:
    def __init__(self, rack, report, pairs, seconds):
        self.rack, self.pairs, self.report = rack, pairs, report
        self.wrk = peers.Wrk(rack, seconds)
        self.static = os.path.join(rack.folder, "static")

    def site(self, count):
        self.rack.site.update(image="edge", machines=[{"name": f"m{n}", "mac": mac_of(n)} for n in range(count)])
        self.rack.site["server"]["transfers"] = 256     # the wire is what is measured here, not the queue
        self.rack.server.write_site(self.rack.site)

    def begin(self):
        self.site(FEW)
        start_small(self.rack, 16 * MIB)
        self.kernel = self.rack.manifest("edge")["parts"][0]["sha256"]
        os.makedirs(os.path.join(self.static, "ipxe"))
        os.symlink(os.path.join(self.rack.server.site_folder, "store/sha256"), os.path.join(self.static, "blob"))
        for name, path in ((SMALL, SMALL), ("script", f"v1/boot?mac={mac_of(1)}{CLAIMS}")):
            self.rack.net.run("curl", "-s", "-m", "20", "-o", os.path.join(self.static, name), f"http://10.9.0.1/{path}")
        peers.nginx(self.rack, self.static, os.path.join(self.rack.server.site_folder, "pki"))
        peers.matchbox(self.rack, [mac_of(n) for n in range(FEW)])
        for port in (peers.NGINX, peers.MATCHBOX):
            look(lambda: f":{port} " in self.rack.net.run("ss", "-Hltn"), 60, f"port {port}")

    def compare(self, what, unit, peer, goal, ours, theirs):
        """Pairs in alternation: who is first changes."""
        values = []
        for n in range(self.pairs):
            first, second = (ours(), theirs()) if n % 2 == 0 else (theirs(), ours())
            values.append((first, second) if n % 2 == 0 else (second, first))
        self.report.pair(what, unit, peer, goal, values)

    def bodies(self):
        for streams, goal in ((1, "0.75"), (8, "1.0"), (64, "1.0")):
            ask = lambda port: self.wrk.ask(f"http://10.9.0.1:{port}/blob/{self.kernel}", streams)["bytes"] / MIB
            self.compare(f"file bodies, {streams} at once", "MiB/s", "nginx", goal, lambda: ask(80), lambda: ask(peers.NGINX))

    def small(self):
        for scheme, ours, theirs in (("http", 80, peers.NGINX), ("https", 443, peers.NGINX_TLS)):
            ask = lambda port: self.wrk.ask(f"{scheme}://10.9.0.1:{port}/{SMALL}", 64)["requests"]
            self.compare(f"small answers, {scheme}, 64 at once", "1/s", "nginx", "", lambda: ask(ours), lambda: ask(theirs))

    def scripts(self, count):
        """The real decision, another machine each time."""
        ours = self.wrk.machines(f"ours-{count}", "/v1/boot?", CLAIMS, count)
        rows = []
        # each machine's first boot makes rows in the database; what is compared is a site that has booted before
        first = self.wrk.ask("http://10.9.0.1", 32, ours)["requests"]
        self.report.single(f"scripts, {count} machines that never booted", "1/s", "", [first])
        while first * self.wrk.seconds < count:
            first += self.wrk.ask("http://10.9.0.1", 32, ours)["requests"]

        def decide():
            row = self.wrk.ask("http://10.9.0.1", 32, ours)
            assert row["wrong"] == 0, row
            rows.append(row)
            return row["requests"]

        static = lambda: self.wrk.ask(f"http://10.9.0.1:{peers.NGINX}/script", 32)["requests"]
        self.compare(f"scripts, {count} machines, 32 at once", "1/s", "nginx, a static file", "", decide, static)
        if count == FEW:
            theirs = self.wrk.machines("matchbox", "/ipxe?", "", count)
            ask = lambda: self.wrk.ask(f"http://10.9.0.1:{peers.MATCHBOX}", 32, theirs)["requests"]
            self.compare(f"scripts, {count} machines, 32 at once", "1/s", "Matchbox 0.11", "20", decide, ask)
        for percent in ("p50", "p99"):
            self.report.single(f"script answer, {count} machines, {percent}", "ms", "10 (p99)" if percent == "p99" else "",
                               [row[percent] * 1000 for row in rows])

    def tftp(self):
        url = "tftp://10.9.0.1/snponly.efi"
        for count in (1, 64):
            shell = f"for i in $(seq {count}); do curl -sf -m 120 -o /dev/null {url} & pids=\"$pids $!\"; done; wait $pids"
            self.report.single(f"TFTP of snponly.efi, {count} at once", "s", "", [
                self.timed(lambda: self.rack.net.run("sh", "-ec", shell, timeout=200)) for _ in range(self.pairs)])

    @staticmethod
    def timed(action):
        began = time.monotonic()
        action()
        return time.monotonic() - began

    def memory(self, what):
        self.report.single(f"memory of all server processes, {what}", "MiB (PSS)", "64",
                           [sum(pss_kib(self.rack.server.process.pid).values()) / 1024])

    def many(self):
        """Start, reload, check with many machines."""
        self.rack.server.stop()
        self.site(MANY)
        starts = []
        for _ in range(self.pairs):
            starts.append(self.timed(self.rack.server.start))
            self.rack.server.stop()
        self.report.single(f"start to ready, {MANY} machines", "s", "1", starts)
        self.report.single(f"check, {MANY} machines", "s", "1", [
            self.timed(lambda: self.rack.server.command("check")) for _ in range(self.pairs)])
        self.rack.server.start()
        self.report.single(f"reload, {MANY} machines", "s", "0.5", [self.reload(n) for n in range(self.pairs)])
        self.report.single(f"list of {MANY} machines by the API", "s", "", [
            self.timed(lambda: self.rack.server.api("GET", "/v1/machines")) for _ in range(self.pairs)])

    def reload(self, number):
        """Until the API shows what was changed."""
        name = f"added{number}"
        self.rack.site["machines"].append({"name": name, "mac": f"52:54:00:01:00:{number:02x}"})
        began = time.monotonic()
        self.rack.server.reload(self.rack.site)
        known = MANY + number + 1
        while self.rack.server.api("GET", "/v1/site")["machines"] != known:
            assert time.monotonic() - began < 60, "the reload did not come"
            time.sleep(0.005)
        return time.monotonic() - began


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3, help="of each measurement")
    parser.add_argument("--storms", type=lambda text: [int(count) for count in text.split(",")], default=[10, 40, 160, 640],
                        metavar="N,…", help="machines of each")
    parser.add_argument("--sizes", type=lambda text: [int(size) for size in text.split(",")], default=[12, 25],
                        metavar="KERNEL,INITRD", help="in MiB; those of the image edge are the default")
    options = parser.parse_args()
    began, report, folder = time.monotonic(), Report(), os.path.join(ROOT, "build", "test", "bench")
    with Rack(folder) as rack:
        bench = Bench(rack, report, options.pairs, options.seconds)
        bench.begin()
        bench.bodies()
        bench.small()
        bench.scripts(FEW)
        bench.tftp()
        bench.memory(f"{FEW} machines")
        bench.many()
        bench.scripts(MANY)
        bench.memory(f"{MANY} machines")
    storms = Storms(report, folder, options.sizes)
    storms.all(options.storms, options.pairs)
    storms.slots(max(count for count in options.storms if count <= 160))
    storms.roots("base", min(options.pairs, 2))
    print(f"written: {os.path.relpath(report.write(time.monotonic() - began), ROOT)}")


if __name__ == "__main__":
    main()
