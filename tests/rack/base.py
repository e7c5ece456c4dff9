"""What every machine of the rack has, whether QEMU plays it or a namespace: a name, cards, power,
and a console that is read line by line into serial.log, with the seconds since power-on in front."""

import os
import re
import time


class Base:
    """`cards` is how many; `disks` in bytes."""

    def __init__(self, rack, name, cards=1, disks=()):
        self.rack, self.name = rack, name
        self.number = len(rack.machines) + 1
        self.folder = os.path.join(rack.folder, name)
        os.makedirs(self.folder, exist_ok=True)
        self.macs = [f"52:54:00:{card:02x}:00:{self.number:02x}" for card in range(cards)]
        self.disks = [Disk(os.path.join(self.folder, f"disk{n}.img"), size, f"{name}-DISK{n}")
                      for n, size in enumerate(disks)]
        self.log = os.path.join(self.folder, "serial.log")
        self.console = ""
        self.mark = 0               # how many events there were at power-on
        self.powered_at = 0.0       # Unix time of the last power-on
        self._process = None

    @property
    def running(self):
        return self._process is not None and self._process.status is None

    @property
    def ended_badly(self):
        """The exit status of what plays the machine, if it ended although nobody cut the power."""
        process = self._process
        return process.status if process and not process.stopping else None

    def listed(self, **more):
        """The machine as the site file lists it."""
        return {"name": self.name, "mac": self.macs[0], "arch": self.arch, **more}

    def expect_reboot(self):
        """From here on, what is waited for belongs to the next boot."""
        self.mark = len(self.rack.stream.events)
        self.powered_at = time.time()

    def wait_console(self, pattern, timeout=60):
        """Waits until the console of this power-on shows a regular expression; returns the match."""
        expression = re.compile(pattern, re.M)
        return self.rack.wait_for(lambda: expression.search(self.console), timeout,
                                  f"{self.name}'s console to show «{pattern}»", self)

    def seconds(self, event):
        """When an event was heard, since power-on (a machine's own clock may be wrong)."""
        return event["heard"] - self.powered_at

    def _read_console(self, receive):
        """Until receive() returns nothing more, or fails."""
        whole, rest = "", ""
        with open(self.log, "a", encoding="utf-8") as log:
            while True:
                try:
                    data = receive()
                except OSError:
                    break
                if not data:
                    break
                text = plain(rest + data.decode("utf-8", errors="replace"))
                *lines, rest = text.split("\n")
                stamp = f"[{time.time() - self.powered_at:8.3f}] "
                log.writelines(stamp + line.rstrip("\r") + "\n" for line in lines)
                log.flush()
                whole += "".join(line + "\n" for line in lines)
                with self.rack.changed:
                    self.console = whole + rest     # a prompt has no end of line
                    self.rack.changed.notify_all()
            log.write(rest + "\n")


class Disk:
    """A disk of a machine: sparse, outliving power cuts, known to the guest by its serial."""

    def __init__(self, path, size, serial):
        self.path, self.size, self.serial = path, size, serial
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "ab") as file:
            file.truncate(size)


def plain(text):
    """The console's text without what moves the cursor and paints."""
    text = re.sub(r"\x1b\[\d+;\d+H", "\n", text)
    return re.sub(r"\x1b(\[[0-9;?=]*[A-Za-z]|[()][A-Z0-9]|[=>])|\x00", "", text).replace("\r\n", "\n")
