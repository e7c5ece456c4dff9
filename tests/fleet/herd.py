"""Runs a scenario: a herd of processes (build/fleet) on cards of the rack, and what became of each machine."""

import json
import os

from rack.namespace import RackError
from rack.rack import ROOT

PROGRAM = os.path.join(ROOT, "build", "fleet")
PHASES = ("dhcp", "tftp", "ipxe", "script", "kernel", "initrd", "boot")
SHARES = 2          # processes; a process takes up to 100 machines


class Verdict:
    """`rows`: what the herd said of each machine; `lost`: those that did not boot."""

    def __init__(self, scenario, rows):
        self.scenario, self.rows = scenario, sorted(rows, key=lambda row: row["machine"])
        self.lost = [row for row in self.rows if not row["booted"]]

    def times(self, phase=None):
        """Sorted milliseconds: of a phase, or from power-on to the kernel's start."""
        return sorted(row["ms"] if phase is None else row["phases"][phase] for row in self.rows
                      if row["booted"] and (phase is None or phase in row["phases"]))

    def total(self, key):
        return sum(row[key] for row in self.rows)

    def __str__(self):
        booted = len(self.rows) - len(self.lost)
        lines = [f"{self.scenario.name}: {booted} booted, {len(self.lost)} lost, seed "
                 f"{self.scenario.value('seed', '1')}; {self.total('bytes') / 1e6:.0f} MB, "
                 f"{self.total('again')} said again, {self.total('lost')} frames lost, "
                 f"{self.total('overruns')} overran a ring, {self.total('stopped')} stopped",
                 f"  {'seconds':8}{'p50':>8}{'p95':>8}{'p99':>8}{'max':>8}"]
        for phase in (*PHASES, None):
            times = self.times(phase)
            if times:
                at = [times[min(len(times) - 1, int(share * len(times)))] / 1000
                      for share in (0.5, 0.95, 0.99, 1)]
                lines.append(f"  {phase or 'all':8}" + "".join(f"{value:8.2f}" for value in at))
        lines += [f"  lost: machine {row['machine']} ({row['firmware']}) in {row['phase']}: {row['fault']}"
                  for row in self.lost[:8]]
        return "\n".join(lines)


def run(rack, scenario, shares=SHARES, meanwhile=None):
    """Powers all machines on and waits for the last, or for the scenario's patience; returns the Verdict.
    `meanwhile` is called once the machines are on."""
    path = scenario.write(rack.folder)
    ca = os.path.join(rack.server.site_folder, "pki", "ca.crt")
    herd, logs = [], []
    for share in range(shares):
        card = rack.card(f"fleet{share}")
        logs.append(os.path.join(rack.folder, f"{scenario.name}-{share}.json"))
        herd.append(rack.net.start(f"fleet {share}", [PROGRAM, path, card, f"{share}/{shares}", ca], logs[-1],
                                   rack.notify))
    patience = float(scenario.value("patience", "60 s").split()[0])
    try:
        if meanwhile:
            meanwhile()
        rack.wait_for(lambda: all(process.status is not None for process in herd), patience + 30,
                      f"the herd of {scenario.name}")
    finally:
        for share, process in enumerate(herd):
            process.end()
            rack.net.run("ip", "link", "del", f"fleet{share}")
    return Verdict(scenario, _rows(scenario, herd, logs))


def _rows(scenario, herd, logs):
    rows = []
    for process, log in zip(herd, logs):
        with open(log, encoding="utf-8", errors="replace") as file:
            lines = file.read().splitlines()
        if process.status != 0:
            raise RackError(f"a process of the herd ended badly ({process.status}): {lines[-3:]}")
        rows += [json.loads(line) for line in lines]
    if len(rows) != scenario.machines:
        raise RackError(f"the herd told of {len(rows)} machines of {scenario.machines}")
    return rows
