"""Quirks of firmware that are learnt by trying: the way to the local disk, and the iPXE binary that starts."""

from rack import look
from rack.loader import SAYS, write_loader
from rack.packets import ask

DISK = 16 << 20
BOOTED = 120
AWAY = 90       # seconds after which a way that nobody came back from is held to work (engine/learnt.c), and some


def boots(rack, machine, way):
    """The loader on its disk runs, and this is the way that led there, the first of its script."""
    machine.wait_console(SAYS, timeout=BOOTED)
    told = machine.console.split("booting the local disk")[-1]
    assert told.count(f"{machine.name}: by ") == 1 and f"{machine.name}: by {way}\n" in told, machine.console
    found = rack.server.api("GET", f"/v1/machines/{machine.name}")
    assert (found["local_way"], found["state"]) == (way, "away")


def again(machine):
    """Switches it off and on, with an empty screen."""
    machine.power_off()
    machine.console = ""
    machine.power_on()


def test_local_disk(rack):
    """The disk's loader runs.  A way from which the machine is soon back is followed by the next; the one that it
    stayed away by is the first that it takes the next time."""
    n1 = rack.machine("n1", "bios", disks=[DISK], boot_disks=True)
    n2 = rack.machine("n2", "uefi", disks=[DISK], boot_disks=True)
    rack.start()
    for machine in (n1, n2):
        write_loader(machine.disks[0].path)
        rack.server.command("plan", machine.name, "local")
        machine.power_on()
    for machine in (n1, n2):
        boots(rack, machine, "sanboot")
    # OVMF's next boot option after PXE is HTTP by the same card, so the way that it tries first leads back.
    assert n2.console.index("n2: by exit\n") < n2.console.index("n2: by sanboot\n")
    look(lambda: all(
        rack.server.api("GET", f"/v1/machines/{machine.name}")["local_way_state"] == "works" for machine in (n1, n2)),
        AWAY, "both ways to be held to work")
    for machine in (n1, n2):
        again(machine)
    for machine in (n1, n2):
        boots(rack, machine, "sanboot")
    assert "own disk  sanboot" in rack.server.command("show", "n2")


def test_loader_on_another_disk(rack):
    """The first disk has none: UEFI is led to the loader on a partition of the second one by its label."""
    n1 = rack.machine("n1", "uefi", disks=[DISK, DISK], boot_disks=True)
    rack.start()
    write_loader(n1.disks[1].path)
    rack.server.command("plan", "n1", "local")
    n1.power_on()
    n1.wait_console(SAYS, timeout=BOOTED)
    assert n1.console.rindex("n1: by sanboot\n") < n1.console.rindex("n1: by chain\n") < n1.console.rindex(SAYS)
    assert rack.server.api("GET", "/v1/machines/n1")["local_way"] == "chain"


def test_binary_that_does_not_start(rack):
    """A machine's firmware begins anew, twice, after it has fetched its iPXE binary: it is given the other one.  (The
    firmware is played: what it does with the file is not seen from here anyway.)"""
    n1 = rack.machine("n1", "uefi")
    rack.start()
    card = rack.card()

    def dhcp(kind="discover", more=()):
        with rack.net.network():
            return ask(card, n1.macs[0], arch=7, kind=kind, more=more)

    def fetch():
        """As firmware does: an address, then the file that comes with it."""
        told = dhcp()
        given = dhcp("request", [("requested_addr", told["yiaddr"]), ("server_id", "10.9.0.1")])
        rack.net.run("ip", "address", "replace", f"{given['yiaddr']}/24", "dev", card)
        rack.net.run("curl", "-s", "-o", "/dev/null", "--interface", given["yiaddr"],
                     f"tftp://10.9.0.1/{given['file'].decode()}")
        return given["file"]

    assert fetch() == b"snponly.efi"
    rack.wait(n1, "tftp")
    assert fetch() == b"snponly.efi"
    assert rack.server.api("GET", "/v1/machines/n1")["binary"] is None
    # It begins anew: the server may hear that before dnsmasq has told it of the second transfer.
    look(lambda: dhcp() and rack.events(n1, "tftp", "wait"), 60, "the other binary")
    told = rack.wait(n1, "tftp", "wait", timeout=1)
    assert "ipxe-amd64.efi" in told["text"] and "Secure Boot" in told["text"]
    assert rack.server.api("GET", "/v1/machines/n1")["binary"] == "ipxe-amd64.efi"
    assert "ipxe-amd64.efi" in rack.server.command("show", "n1")

    look(lambda: (dhcp() or {}).get("file") == b"ipxe-amd64.efi", 60, "dnsmasq to offer the other binary")
