"""What a rack needs to know of a scenario: how many machines, who they are, how large their image is.  The
rest is the herd's own business (scenario.c)."""

import hashlib
import json
import os

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "scenarios")
UNITS = {"KiB": 1 << 10, "MiB": 1 << 20}


class Scenario:
    def __init__(self, name, **changed):
        """scenarios/NAME.fleet; `changed` keys replace its lines (underscores stand for '-')."""
        self.name = name
        with open(os.path.join(FOLDER, f"{name}.fleet"), encoding="ascii") as file:
            lines = [line.split("#")[0].strip() for line in file]
        changed = {key.replace("_", "-"): value for key, value in changed.items()}
        self.lines = [line for line in lines if line and line.split()[0] not in changed]
        self.lines += [f"{key} {value}" for key, value in changed.items()]

    def value(self, key, otherwise=""):
        return next((line.split(None, 1)[1] for line in self.lines if line.split()[0] == key), otherwise)

    def write(self, folder):
        path = os.path.join(folder, f"{self.name}.fleet")
        with open(path, "w", encoding="ascii") as file:
            file.write("\n".join([*self.lines, ""]))
        return path

    @property
    def machines(self):
        return int(self.value("machines"))

    def listed(self):
        """The machines as the site file lists them; their MACs as the herd makes them (main.c)."""
        return [{"name": f"f{number:05}", "mac": f"52:54:00:f1:{number >> 8:02x}:{number & 255:02x}"}
                for number in range(self.machines)]

    def image(self, folder, name="edge"):
        """An image of random bytes in the sizes of the scenario, for both architectures."""
        os.makedirs(folder)
        parts = []
        for part in ("kernel", "initrd"):
            number, unit = self.value(part, "1 MiB").split()
            data = os.urandom(int(number) * UNITS[unit])
            digest = hashlib.sha256(data).hexdigest()
            with open(os.path.join(folder, digest), "wb") as file:
                file.write(data)
            parts += [{"part": part, "arch": arch, "sha256": digest, "size": len(data)}
                      for arch in ("amd64", "arm64")]
        with open(os.path.join(folder, "manifest.json"), "w", encoding="ascii") as file:
            json.dump({"schema": 1, "name": name, "version": "1", "parts": parts,
                       "args": {"amd64": "quiet", "arm64": "quiet"}}, file)
        return folder
