"""A machine's BMC, as far as its operating system talks with it: what it was told of its identify light.

QEMU has the machine's side of the interface (KCS) and hands each message on (hw/ipmi/ipmi_bmc_extern.c)."""

import contextlib
import socket
import threading

MESSAGE_ENDS, COMMAND_ENDS, ESCAPE = 0xa0, 0xa1, 0xaa   # the latter: QEMU's own words, of resets and such
COMPLETED, INVALID_COMMAND = 0x00, 0xc1                 # IPMI 2.0, 5.2
CHASSIS, APPLICATION = 0x00, 0x06                       # 5.1: network functions
IDENTIFY, DEVICE_ID = (CHASSIS, 0x04), (APPLICATION, 0x01)
# 20.1: IPMI 2.0, a chassis device, of nobody
DEVICE = bytes([0x20, 0x01, 0x01, 0x00, 0x02, 0x80, 0, 0, 0, 0, 0])


class Bmc:
    """`lights`: the seconds of each order to light up that it got.  `theirs`: the socket that QEMU takes it from, not a
    pair's end: QEMU would speak with it before the machine has its KCS."""

    def __init__(self, changed):
        self.lights = []
        self._changed = changed
        self.theirs, self._sock = (socket.socket(socket.AF_UNIX) for _ in range(2))
        self.theirs.bind("")    # an abstract name, of the kernel's choice: unix(7)
        self.theirs.listen()
        self._sock.connect(self.theirs.getsockname())
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def options(self):
        """QEMU's."""
        return ["-chardev", f"socket,id=bmc,server=on,wait=off,fd={self.theirs.fileno()}",
                "-device", "ipmi-bmc-extern,id=bmc0,chardev=bmc", "-device", "isa-ipmi-kcs,bmc=bmc0"]

    def _read(self):
        with self._sock, contextlib.suppress(ConnectionError):      # the power may be cut at any byte
            message, escaped = bytearray(), False
            while data := self._sock.recv(4096):
                for byte in data:
                    if byte == MESSAGE_ENDS:
                        self._answer(bytes(message))
                    if byte in (MESSAGE_ENDS, COMMAND_ENDS):
                        message.clear()
                    elif byte == ESCAPE:
                        escaped = True
                    else:
                        message.append(byte & ~0x10 if escaped else byte)
                        escaped = False

    def _answer(self, message):
        """Sequence number, function and LUN, command, data, sum."""
        number, function, command, data = message[0], message[1], message[2], message[3:-1]
        told = bytes([INVALID_COMMAND])
        if (function >> 2, command) == DEVICE_ID:
            told = bytes([COMPLETED]) + DEVICE
        elif (function >> 2, command) == IDENTIFY:
            told = bytes([COMPLETED])
            self.lights.append(data[0] if data else 15)     # 28.5
            self._changed()
        answer = bytes([number, function | 0x04, command]) + told
        answer += bytes([-sum(answer) & 0xff])
        self._sock.sendall(b"".join(
            bytes([ESCAPE, byte | 0x10]) if byte in (MESSAGE_ENDS, COMMAND_ENDS, ESCAPE) else bytes([byte])
            for byte in answer) + bytes([MESSAGE_ENDS]))

    def close(self):
        """Once QEMU, at the other end, is gone."""
        self._thread.join(5)
