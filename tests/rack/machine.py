"""One machine of the rack: QEMU from the tool root, its power, disks, cards and console.

Power is cut by ending QEMU; what the guest wrote to its disks stays."""

import fcntl
import json
import os
import socket
import struct
import subprocess
import threading
import time

from .base import Base
from .bmc import Bmc
from .namespace import RackError

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOOLROOT = os.path.join(ROOT, "images", "toolroot")
TUNSETIFF, IFF_TAP, IFF_NO_PI, IFF_VNET_HDR = 0x400454ca, 0x0002, 0x1000, 0x4000

# What differs between the kinds of firmware.  `code` and `vars` are files of the tool root.
FIRMWARE = {
    "bios": {"qemu": "qemu-system-x86_64", "arch": "amd64", "machine": ["-machine", "q35,graphics=off"]},
    "uefi": {"qemu": "qemu-system-x86_64", "arch": "amd64", "machine": ["-machine", "q35"],
             "code": "/usr/share/OVMF/OVMF_CODE_4M.fd", "vars": "/usr/share/OVMF/OVMF_VARS_4M.fd"},
    # Secure Boot is on, with the usual vendors' keys
    "secure": {"qemu": "qemu-system-x86_64", "arch": "amd64",
               "machine": ["-machine", "q35,smm=on", "-global", "driver=cfi.pflash01,property=secure,value=on"],
               "code": "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd", "vars": "/usr/share/OVMF/OVMF_VARS_4M.ms.fd"},
    "arm64": {"qemu": "qemu-system-aarch64", "arch": "arm64", "machine": ["-machine", "virt,gic-version=3"],
              "code": "/usr/share/AAVMF/AAVMF_CODE.no-secboot.fd", "vars": "/usr/share/AAVMF/AAVMF_VARS.fd"},
}
# QEMU's device for each card.  OVMF drives virtio itself, the others by the (old) iPXE in their ROM.  A card in an
# LACP bond must have a speed.
CARDS = {"virtio": "virtio-net-pci", "virtio-1g": "virtio-net-pci,speed=1000,duplex=full", "e1000e": "e1000e",
         "igb": "igb", "vmxnet3": "vmxnet3"}


def toolroot_path():
    done = subprocess.run([TOOLROOT, "path"], check=True, capture_output=True, text=True)
    return done.stdout.strip()


class Qmp:
    """QEMU's control socket."""

    def __init__(self, sock):
        self._sock = sock
        self._sock.settimeout(20)
        self._lines = sock.makefile("r", encoding="utf-8")
        self._read()
        self.command("qmp_capabilities")

    def _read(self):
        line = self._lines.readline()
        if not line:
            raise RackError("QEMU ended while it was asked something")
        return json.loads(line)

    def command(self, name, /, **arguments):
        self._sock.sendall(json.dumps({"execute": name, "arguments": arguments}).encode() + b"\n")
        while True:
            answer = self._read()
            if "error" in answer:
                raise RackError(f"QEMU refuses {name}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]

    def close(self):
        self._lines.close()
        self._sock.close()


class Machine(Base):
    """`firmware` is a row of FIRMWARE, `cards` rows of CARDS; `memory` in MiB, `disks` in bytes."""

    def __init__(self, rack, name, firmware="uefi", memory=768, cpus=1, cards=("virtio",), disks=(),
                 boot_card=None, clock=0, boot_disks=False, http=False, bridge="br0", bmc=False):
        super().__init__(rack, name, len(cards), disks)
        self.kind = FIRMWARE[firmware]
        self.memory, self.cpus, self.cards = memory, cpus, list(cards)
        self.boot_card = boot_card  # the only one that firmware boots by; None: all, in their order
        self.clock = clock          # seconds by which the board's clock is ahead
        self.boot_disks = boot_disks    # firmware boots by its disks too, after the cards
        self.http = http            # UEFI HTTP Boot alone, which firmware else turns to after minutes of PXE
        self.bridge = bridge        # the segment that its cards are plugged into
        self.has_bmc, self.bmc = bmc, None      # a Bmc while it is on
        self._taps, self._qmp, self._reader = {}, None, None

    @property
    def arch(self):
        return self.kind["arch"]

    def power_on(self):
        if self.running:
            raise RackError(f"{self.name} is on already")
        self.mark = len(self.rack.stream.events)
        qmp, qmp_theirs = socket.socketpair()
        serial, serial_theirs = socket.socketpair()
        theirs = [qmp_theirs, serial_theirs]
        taps = [self._tap(n) for n in range(len(self.cards))]
        options = self._options(qmp_theirs.fileno(), serial_theirs.fileno(), taps)
        if self.has_bmc:
            self.bmc = Bmc(self.rack.notify)
            theirs.append(self.bmc.theirs)
            options += self.bmc.options()
        self.powered_at = time.time()
        self._process = self.rack.net.start(
            self.name, [TOOLROOT, "run", "--bind", self.folder, self.kind["qemu"], *options],
            os.path.join(self.folder, "qemu.log"), self.rack.notify,
            pass_fds=[*(sock.fileno() for sock in theirs), *taps])
        for sock in theirs:
            sock.close()
        self._reader = threading.Thread(target=self._read_serial, args=(serial,), daemon=True)
        self._reader.start()
        try:
            self._qmp = Qmp(qmp)
        except (OSError, RackError) as error:
            with open(os.path.join(self.folder, "qemu.log"), encoding="utf-8", errors="replace") as file:
                raise RackError(f"QEMU of {self.name} did not start: {error}\n{file.read()}") from None

    def power_off(self):
        """Cuts the power."""
        if not self._process:
            return
        self._process.end(seconds=3)
        self._reader.join(5)
        if self.bmc:
            self.bmc.close()
        if self._qmp:
            self._qmp.close()
        self._process = self._qmp = self.bmc = None

    def remove(self):
        self.power_off()
        for fd in self._taps.values():
            os.close(fd)
        self._taps = {}

    def reset(self):
        """Presses the reset button: a new boot, from the firmware on."""
        self.mark = len(self.rack.stream.events)
        self.powered_at = time.time()
        self._qmp.command("system_reset")

    def throttle(self, mbit):
        """Slows what the machine receives; None: full speed again."""
        for number in range(len(self.cards)):
            self._tap(number)
            name = f"tap{self.number}.{number}"
            self.rack.net.run("tc", "qdisc", "del", "dev", name, "root", check=False)
            if mbit:
                self.rack.net.run("tc", "qdisc", "add", "dev", name, "root", "tbf", "rate", f"{mbit}mbit",
                                  "burst", "64kb", "latency", "200ms")

    def plug(self, plugged):
        """Pulls the cable out of each card, or puts it in."""
        for number in range(len(self.cards)):
            self._qmp.command("set_link", name=f"net{number}", up=plugged)

    def qmp(self, name, /, **arguments):
        return self._qmp.command(name, **arguments)

    # What follows is how QEMU is told.

    def _options(self, qmp, serial, taps):
        accel = "kvm" if self.rack.kvm(self.arch) else "tcg"
        cpu = "host" if accel == "kvm" else "max" if self.arch == "amd64" else "max,pauth-impdef=on"
        options = ["-nodefaults", "-no-user-config", "-display", "none", "-name", self.name,
                   *self.kind["machine"], "-accel", accel, "-cpu", cpu,
                   "-smp", str(self.cpus), "-m", str(self.memory),
                   "-uuid", f"00000000-0000-4000-8000-{self.number:012x}",
                   "-smbios", f"type=1,manufacturer=QEMU,product=rack,serial=RACK-{self.number}",
                   "-device", "virtio-rng-pci",
                   "-chardev", f"socket,id=qmp,fd={qmp}", "-mon", "chardev=qmp,mode=control",
                   "-chardev", f"socket,id=serial,fd={serial}", "-serial", "chardev:serial"]
        if self.arch == "amd64":
            options += ["-device", "i6300esb"]
        if self.clock:
            options += ["-rtc", time.strftime("base=%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + self.clock))]
        if "code" in self.kind:
            for unit, path, mode in ((0, self.kind["code"], "on"), (1, self._vars(), "off")):
                options += ["-drive", f"if=pflash,unit={unit},format=raw,readonly={mode},file={path}"]
        if self.http:
            for version in ("IPv4", "IPv6"):
                options += ["-fw_cfg", f"name=opt/org.tianocore/{version}PXESupport,string=n"]
        for number, tap in enumerate(taps):
            options += ["-netdev", f"tap,id=net{number},fd={tap}", "-device", self._card(number)]
        for number, disk in enumerate(self.disks):
            options += ["-drive", f"if=none,id=disk{number},format=raw,cache=unsafe,discard=unmap,"
                                  f"file={disk.path}",
                        "-device", f"virtio-blk-pci,drive=disk{number},serial={disk.serial}" +
                        (f",bootindex={len(self.cards) + number}" if self.boot_disks else "")]
        return options

    def _card(self, number):
        device = f"{CARDS[self.cards[number]]},netdev=net{number},mac={self.macs[number]}"
        if self.boot_card in (None, number):
            device += f",bootindex={number}"
        if "code" in self.kind and self.cards[number].startswith("virtio"):
            device += ",romfile="
        return device

    def _vars(self):
        """The machine's own copy of the firmware's variables: what the firmware wrote stays."""
        path = os.path.join(self.folder, "vars.fd")
        if not os.path.exists(path):
            subprocess.run(["cp", "--sparse=always", toolroot_path() + self.kind["vars"], path], check=True)
        return path

    def _tap(self, card):
        """The wire from a card to its bridge; it stays plugged in while the power is off."""
        if card not in self._taps:
            name = f"tap{self.number}.{card}"
            with self.rack.net.network():
                fd = os.open("/dev/net/tun", os.O_RDWR)
                fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(),
                                                       IFF_TAP | IFF_NO_PI | IFF_VNET_HDR))
            self.rack.net.run("ip", "link", "set", name, "master", self.bridge, "up")
            self._taps[card] = fd
        return self._taps[card]

    def _read_serial(self, sock):
        self._read_console(lambda: sock.recv(65536))
        sock.close()
