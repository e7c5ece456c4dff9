"""The server gives its machines the time, and tells them that it does."""

import os
import signal
import sys
import time

import pytest

from rack import ntp, packets, until
from steps import healthy

DEAD = 946684800     # 2000-01-01, as a board has it whose battery is empty

# A time server that is 1000 seconds ahead of everybody.
AHEAD = """
import socket, struct, time
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("10.9.0.254", 123))
print("ready", flush=True)
def stamp():
    now = time.time() + 1000 + 2208988800
    return struct.pack("!II", int(now), int(now % 1 * 2**32))
while True:
    ask, client = sock.recvfrom(200)
    came = stamp()
    sock.sendto(struct.pack("!BBbb", 0x24, 1, 6, -20) + struct.pack("!II", 0, 0) + b"GPS\\0" +
                came + ask[40:48] + came + stamp(), client)
"""


def chronyd(rack):
    return [pid for pid, command in rack.net.processes().items()
            if command.split()[0].endswith("chronyd")]


def said(rack):
    with open(rack.server.log, encoding="utf-8", errors="replace") as file:
        return file.read()


def test_a_site_without_uplink_has_a_time(rack):
    rack.card()
    rack.start()
    assert until(lambda: ntp.ask(rack)), said(rack)
    stratum, ahead = ntp.ask(rack)
    assert stratum == 10 and abs(ahead) < 5
    assert until(lambda: rack.server.api("GET", "/v1/site")["chrony"] == "ready")
    # told by DHCP (option 42) and to iPXE
    with rack.net.network():
        offer = packets.ask("card", "52:54:00:01:00:01", arch=7)
    assert offer["NTP_server"] == "10.9.0.1"
    script = rack.net.run("curl", "-s", "-m", "5", "http://10.9.0.1/ipxe/autoexec.ipxe")
    assert "\nset ntp 10.9.0.1\n" in script
    # it is nobody's root, it never touches this host's clock, and it comes back
    pid, = chronyd(rack)
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        status = file.read()
    assert "\nUid:\t0" not in status
    with open(f"/proc/{pid}/cmdline", encoding="ascii") as file:
        assert "-x" in file.read().split("\0")
    os.kill(pid, signal.SIGKILL)
    assert until(lambda: chronyd(rack) and chronyd(rack) != [pid]), said(rack)
    assert until(lambda: ntp.ask(rack)), said(rack)
    rack.server.stop()
    assert chronyd(rack) == []


def test_the_time_of_another_server_is_handed_on(rack, tmp_path):
    rack.net.run("ip", "addr", "add", "10.9.0.254/32", "dev", rack.card())
    log = tmp_path / "ahead.log"
    rack.net.start("ahead", [sys.executable, "-c", AHEAD], str(log))
    assert until(lambda: "ready" in log.read_text()), log.read_text()
    rack.site["time"] = {"servers": ["10.9.0.254"]}
    rack.start()
    assert until(lambda: (ntp.ask(rack) or (0, 0))[1] > 900, 40), said(rack)
    stratum, ahead = ntp.ask(rack)
    assert stratum == 2 and ahead == pytest.approx(1000, abs=5)
    rack.server.stop()      # what it learnt of this host's clock is kept: two numbers (chrony.conf(5), driftfile)
    with open(os.path.join(rack.server.site_folder, "run", "chrony", "drift"), encoding="ascii") as file:
        assert len([float(word) for word in file.read().split()]) == 2


def test_a_port_in_use_is_told_and_boots_go_on(rack, tmp_path):
    program = "import socket,time; s=socket.socket(type=socket.SOCK_DGRAM); s.bind(('',123)); time.sleep(99)"
    holder = rack.net.start("holder", [sys.executable, "-c", program], str(tmp_path / "holder.log"))
    assert until(lambda: ":123 " in rack.net.run("ss", "-Hlun"))
    rack.start()        # ready all the same
    assert rack.server.api("GET", "/v1/site")["ready"]
    assert rack.server.api("GET", "/v1/site")["chrony"] != "ready"
    holder.end(signal.SIGKILL)
    for pid in chronyd(rack):       # else the keeper waits its 30 s before it tries again
        os.kill(pid, signal.SIGKILL)
    assert until(lambda: ntp.ask(rack)), said(rack)


def test_a_site_can_do_without(rack):
    rack.card()
    rack.site["time"] = {"serve": False}
    rack.start()
    assert chronyd(rack) == [] and ntp.ask(rack) is None
    assert rack.server.api("GET", "/v1/site")["chrony"] == "off"
    with rack.net.network():
        assert "NTP_server" not in packets.ask("card", "52:54:00:01:00:01", arch=7)
    assert "set ntp" not in rack.net.run("curl", "-s", "-m", "5", "http://10.9.0.1/ipxe/autoexec.ipxe")


@pytest.mark.parametrize("firmware", ["uefi", "arm64"])
def test_a_dead_battery(rack, firmware):
    """The board's clock begins in the year 2000: iPXE asks for the time before it asks for anything by HTTPS, whose
    certificates are of today; and nothing after it minds that the kernel's clock is wrong (recipe tiny sets none)."""
    n1 = rack.machine("n1", firmware, clock=DEAD - time.time())
    rack.start("tiny")
    n1.power_on()
    healthy(rack, n1)
