"""What was measured, as docs/benchmarks/: a page, the raw data, a plot."""

import datetime
import json
import os
import platform
import statistics
import subprocess
import sys

from rack import foreign
from rack.rack import ROOT

FOLDER = os.path.join(ROOT, "docs", "benchmarks")
# The columns of the table of storms: head, key of the row, how it is written.
COLUMNS = (("all done, s", "seconds", "{:.1f}"), ("lost", "lost", "{:.0f}"), ("MiB/s", "mib_s", "{:.0f}"),
           ("DHCP p95, s", "dhcp_p95_s", "{:.1f}"), ("booted p95, s", "boot_p95_s", "{:.1f}"),
           ("script p99, at the server, ms", "script_p99_ms", "≤ {:.0f}"), ("at the machine, ms", "script_client_p99_ms", "{:.0f}"),
           ("PSS, MiB", "pss_mib", "{:.1f}"), ("CPU a machine, ms", "cpu_ms", "{:.0f}"), ("load", "load", "{:.1f}"))


class Report:
    def __init__(self):
        self.pairs, self.singles, self.storms = [], [], []

    def pair(self, what, unit, peer, goal, values):
        """`values`: (ours, theirs) each; more is better."""
        ratios = [ours / theirs for ours, theirs in values]
        row = {"what": what, "unit": unit, "peer": peer, "goal": goal, "values": values, "ratios": ratios,
               "median": statistics.median(ratios)}
        self.pairs.append(row)
        print(f"  {what}: {row['median']:.2f} of {peer} ({min(ratios):.2f} to {max(ratios):.2f})", flush=True)

    def single(self, what, unit, goal, values):
        """Figures that no peer has; `goal`: a sentence, or ""."""
        self.singles.append({"what": what, "unit": unit, "goal": goal, "values": values})
        print(f"  {what}: {statistics.median(values):.3g} {unit} ({min(values):.3g} to {max(values):.3g})", flush=True)

    def storm(self, machines, server, row):
        """What became of one storm: storms.py."""
        self.storms.append({"machines": machines, "server": server, **row})
        print(f"  storm of {machines}, {server}: " +
              ", ".join(f"{head} {self._cell([row], key, how)}" for head, key, how in COLUMNS), flush=True)

    @staticmethod
    def _cell(rows, key, how):
        """The median, with the smallest and the largest where several storms differ."""
        values = sorted(row[key] for row in rows if row[key] is not None)
        if not values:
            return "–"
        median, least, most = (how.format(value) for value in (statistics.median(values), values[0], values[-1]))
        return median if least == most else f"{median} ({least} to {most})"

    def _storm_groups(self):
        """((machines, server), its storms) in the order of the table."""
        groups = {}
        for row in self.storms:
            groups.setdefault((row["machines"], row["server"]), []).append(row)
        return sorted(groups.items(), key=lambda group: (group[0][0], group[0][1] != "ours"))

    def write(self, seconds):
        os.makedirs(FOLDER, exist_ok=True)
        commit = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, check=False,
                                capture_output=True, text=True).stdout.strip()
        about = {"date": str(datetime.date.today()), "commit": commit, "cores": os.cpu_count(),
                 "kernel": platform.release().split("-")[0], "load": os.getloadavg()[2], "seconds": round(seconds),
                 "command": " ".join(["tests/bench/bench.py", *sys.argv[1:]]) if sys.argv[1:] else "make bench"}
        with open(os.path.join(FOLDER, "raw.json"), "w", encoding="ascii") as file:
            json.dump({"about": about, "pairs": self.pairs, "singles": self.singles, "storms": self.storms}, file, indent=1)
            file.write("\n")
        with open(os.path.join(FOLDER, "README.md"), "w", encoding="utf-8") as file:
            file.write(self._page(about))
        self._plot("ratios.svg", self._ratios())
        if self.storms:
            self._plot("storms.svg", self._cost())
        return FOLDER

    def _page(self, about):
        lines = ["# Figures", "",
                 f"`{about['command']}` of {about['date']}, commit {about['commit']}: {about['cores']} cores, Linux {about['kernel']}, "
                 f"load of the quarter of an hour at the end {about['load']:.1f}, {about['seconds']} s. All processes, the asking ones "
                 "too, share these cores.", "",
                 "Each row is pairs in alternation in one run, one worker each; ratio: ours / theirs, more is better.", "",
                 "| figure | ours | theirs | ratio: min | median | max | to reach |", "|---|---|---|---|---|---|---|"]
        for row in self.pairs:
            ours, theirs = (statistics.median(values) for values in zip(*row["values"]))
            lines.append(f"| {row['what']} | {ours:.4g} {row['unit']} | {row['peer']}: {theirs:.4g} | {min(row['ratios']):.2f} "
                         f"| **{row['median']:.2f}** | {max(row['ratios']):.2f} | {row['goal']} |")
        lines += ["", "| figure | min | median | max | to reach |", "|---|---|---|---|---|"]
        lines += [f"| {row['what']}, {row['unit']} | {min(row['values']):.3g} | **{statistics.median(row['values']):.3g}** "
                  f"| {max(row['values']):.3g} | {row['goal']} |" for row in self.singles]
        if self.storms:
            lines += self._storm_table()
        return "\n".join([*lines, "", "![ratios](ratios.svg)", "", "Raw data: [raw.json](raw.json). Where the time goes: [LIMITS.md](LIMITS.md).", ""])

    def _storm_table(self):
        heads = ["machines", "server", *(head for head, _, _ in COLUMNS)]
        return ["", "Storms of machines with mixed firmware, from power-on through DHCP, TFTP, greeting, script, kernel and initrd; the "
                "root is left out. They are played on the same cores. «dnsmasq + nginx»: as one sets them up by hand, one script for "
                "all machines. Median (least to most); large storms once a side.", "",
                f"| {' | '.join(heads)} |", "|" + "---|" * len(heads),
                *(f"| {machines} | {server} | {' | '.join(self._cell(rows, key, how) for _, key, how in COLUMNS)} |"
                  for (machines, server), rows in self._storm_groups()),
                "", "![cost of a machine](storms.svg)"]

    def _ratios(self):
        """Medians with their range, on a logarithmic axis: 1 is the peer."""
        data = "".join(f'{n} {row["median"]:.4f} {min(row["ratios"]):.4f} {max(row["ratios"]):.4f}\n'
                       for n, row in enumerate(self.pairs))
        names = ", ".join(f'"{row["what"]} / {row["peer"]}" {n}' for n, row in enumerate(self.pairs))
        return (f"set terminal svg size 900,{120 + 40 * len(self.pairs)} font 'sans,12'; set logscale x; set ytics ({names}); "
                f"set yrange [{len(self.pairs)}:-1]; set grid x; unset key; set xlabel 'ours / theirs'; "
                f"set arrow from 1,-1 to 1,{len(self.pairs)} nohead dt 2; $d << EOD\n{data}EOD\n"
                "plot $d using 2:1:3:4 with xerrorbars pt 7 lw 2")

    def _cost(self):
        """The servers' processor time a machine, by the number of machines."""
        servers = dict.fromkeys(row["server"] for row in self.storms)
        blocks = "".join("".join(f'{machines} {statistics.median(row["cpu_ms"] for row in rows):.2f}\n'
                                 for (machines, of), rows in self._storm_groups() if of == server) + "\n\n" for server in servers)
        lines = ", ".join(f"$d index {n} using 1:2 with linespoints pt 7 lw 2 title '{server}'"
                          for n, server in enumerate(servers))
        return ("set terminal svg size 900,400 font 'sans,12'; set logscale x; set grid; set key top left; set yrange [0:*]; "
                "set xlabel 'machines at once'; set ylabel 'CPU of the server a machine, ms'; "
                f"$d << EOD\n{blocks}EOD\nplot {lines}")

    @staticmethod
    def _plot(name, script):
        folder = foreign.unpacked("gnuplot-nox")
        done = subprocess.run([f"{folder}/usr/bin/gnuplot-nox", "-"], input=f"set output '{name}'; {script}", cwd=FOLDER,
                              check=False, text=True, capture_output=True, env=foreign.environment(folder))
        if done.returncode:
            print(f"  no plot: {done.stderr.strip()[-300:]}", flush=True)
