"""What was measured, as docs/benchmarks/: a page, the raw data, a plot."""

import datetime
import json
import os
import platform
import statistics
import subprocess

from rack import foreign
from rack.rack import ROOT

FOLDER = os.path.join(ROOT, "docs", "benchmarks")


class Report:
    def __init__(self):
        self.pairs, self.singles = [], []

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

    def write(self, seconds):
        os.makedirs(FOLDER, exist_ok=True)
        commit = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, check=False,
                                capture_output=True, text=True).stdout.strip()
        about = {"date": str(datetime.date.today()), "commit": commit, "cores": os.cpu_count(),
                 "kernel": platform.release().split("-")[0], "load": os.getloadavg()[2], "seconds": round(seconds)}
        with open(os.path.join(FOLDER, "raw.json"), "w", encoding="ascii") as file:
            json.dump({"about": about, "pairs": self.pairs, "singles": self.singles}, file, indent=1)
            file.write("\n")
        with open(os.path.join(FOLDER, "README.md"), "w", encoding="utf-8") as file:
            file.write(self._page(about))
        self._plot()
        return FOLDER

    def _page(self, about):
        lines = ["# Figures", "",
                 f"`make bench` of {about['date']}, commit {about['commit']}: {about['cores']} cores, Linux {about['kernel']}, "
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
        return "\n".join([*lines, "", "![ratios](ratios.svg)", "", "Raw data: [raw.json](raw.json). Where the time goes: [LIMITS.md](LIMITS.md).", ""])

    def _plot(self):
        """Medians with their range, on a logarithmic axis: 1 is the peer."""
        data = "".join(f'{n} {row["median"]:.4f} {min(row["ratios"]):.4f} {max(row["ratios"]):.4f}\n'
                       for n, row in enumerate(self.pairs))
        names = ", ".join(f'"{row["what"]} / {row["peer"]}" {n}' for n, row in enumerate(self.pairs))
        folder = foreign.unpacked("gnuplot-nox")
        script = (f"set terminal svg size 900,{120 + 40 * len(self.pairs)} font 'sans,12'; set output 'ratios.svg'; set logscale x; "
                  f"set ytics ({names}); set yrange [{len(self.pairs)}:-1]; set grid x; unset key; set xlabel 'ours / theirs'; "
                  f"set arrow from 1,-1 to 1,{len(self.pairs)} nohead dt 2; $d << EOD\n{data}EOD\n"
                  "plot $d using 2:1:3:4 with xerrorbars pt 7 lw 2")
        done = subprocess.run([f"{folder}/usr/bin/gnuplot-nox", "-"], input=script, cwd=FOLDER, check=False, text=True,
                              capture_output=True, env=foreign.environment(folder))
        if done.returncode:
            print(f"  no plot: {done.stderr.strip()[-300:]}", flush=True)
