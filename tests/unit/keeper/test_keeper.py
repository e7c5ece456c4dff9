"""The keeper with its real children in a network of its own: start, what each client is offered,
falls of each child, reload, end."""

import json
import os
import pathlib
import re
import signal
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
sys.path.insert(0, os.path.join(ROOT, "tests"))
from rack import packets, until  # noqa: E402
from rack.namespace import RackError  # noqa: E402
from rack.rack import Rack  # noqa: E402

if os.geteuid() != 0:
    pytest.skip("the keeper needs root", allow_module_level=True)
if not os.access(os.path.join(ROOT, "build", "bootserver"), os.X_OK):
    pytest.skip("build/bootserver is not there: `make`", allow_module_level=True)

MACHINES = [{"name": "n1", "mac": "52:54:00:00:00:01"},
            {"name": "n2", "mac": "52:54:00:00:00:02", "address": "10.9.0.12",
             "firmware": "ipxe-amd64.efi"}]


@pytest.fixture
def rack(tmp_path):
    with Rack(tmp_path / "rack", machines=list(MACHINES), image="edge") as made:
        made.card()
        made.server.write_site(made.site)
        os.chmod(made.server.site_folder, 0o700)
        before = os.umask(0o077)    # a strict administrator's, whom the server's other users do not mind
        yield made
        os.umask(before)


@pytest.fixture
def server(rack):
    rack.server.start()
    assert until(lambda: "chronyd" in family(rack)), log(rack.server)   # it is no part of being ready
    return rack.server


def family(rack):
    """{what: pid} of the server's processes."""
    found = {}
    for pid, command in rack.net.processes().items():
        words = command.split()
        if words[:1] == ["bootserver"]:
            found.setdefault(words[1], pid)
        elif words[0] == "dnsmasq" or words[0].endswith("/chronyd"):
            found.setdefault(os.path.basename(words[0]), pid)
    return found


def user_of(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Uid:"))


def log(server):
    with open(server.log, encoding="utf-8", errors="replace") as file:
        return file.read()


def ask(rack, *args, **options):
    with rack.net.network():
        return packets.ask("card", *args, **options)


def test_ready_means_serving(rack, server):
    pids = family(rack)
    assert set(pids) == {"keeper", "engine", "web", "namespace-init", "dnsmasq", "chronyd"}
    assert user_of(pids["keeper"]) == user_of(pids["namespace-init"]) == 0
    users = [user_of(pids[name]) for name in ("engine", "web", "dnsmasq")]
    assert 0 not in users and len(set(users)) == 3
    run = os.path.join(server.site_folder, "run")
    assert os.stat(os.path.join(run, "api.sock")).st_mode & 0o777 == 0o600
    assert os.stat(os.path.join(run, "lease.sock")).st_mode & 0o777 == 0o600
    assert os.stat(os.path.join(server.site_folder, "pki", "ca.key")).st_mode & 0o077 == 0
    healthz = rack.net.run("curl", "-s", "-m", "5", "http://10.9.0.1/healthz")
    assert healthz == "ok\n"
    script = rack.net.run("curl", "-s", "-m", "5", "http://10.9.0.1/ipxe/autoexec.ipxe")
    assert script.startswith("#!ipxe\nset ") and "\nset ours 2." in script
    status, seconds = server.stop()
    assert status == 0 and seconds < 5
    assert family(rack) == {}


OFFERS = [
    ("BIOS", {"arch": 0}, b"undionly.kpxe"),
    ("x86_64 UEFI", {"arch": 7}, b"snponly.efi"),
    ("x86_64 UEFI by the old number", {"arch": 9}, b"snponly.efi"),
    ("ARM64 UEFI", {"arch": 11}, b"ipxe-arm64.efi"),
    ("32-bit UEFI", {"arch": 6}, b""),
    ("x86_64 UEFI HTTP", {"arch": 16, "vendor": b"HTTPClient"}, b"http://10.9.0.1/ipxe/snponly.efi"),
    ("ARM64 UEFI HTTP", {"arch": 19, "vendor": b"HTTPClient"}, b"http://10.9.0.1/ipxe/ipxe-arm64.efi"),
    ("iPXE on BIOS", {"arch": 0, "ipxe": True}, b"autoexec.ipxe"),
    ("iPXE on x86_64 UEFI", {"arch": 7, "ipxe": True}, b"nic.ipxe"),
    ("iPXE on ARM64 UEFI", {"arch": 11, "ipxe": True}, b"nic.ipxe"),
    ("an operating system", {}, b""),
]


def test_what_each_client_is_offered(rack, server):
    assert server.process.status is None
    for number, (what, says, file) in enumerate(OFFERS):
        offer = ask(rack, f"52:54:00:01:00:{number:02x}", **says)
        assert offer is not None, what
        assert offer["file"] == file, what
        assert offer["yiaddr"].startswith("10.9.0."), what
        assert "router" not in offer, what
        if says.get("vendor") == b"HTTPClient":
            assert offer["vendor_class_id"].startswith(b"HTTPClient"), what
    # a reserved address, and a binary of the machine's own on the firmware that can run it
    offer = ask(rack, "52:54:00:00:00:02", arch=7)
    assert (offer["yiaddr"], offer["file"]) == ("10.9.0.12", b"ipxe-amd64.efi")
    offer = ask(rack, "52:54:00:00:00:02", arch=0)
    assert (offer["yiaddr"], offer["file"]) == ("10.9.0.12", b"undionly.kpxe")


def test_one_lease_whatever_the_client_id(rack, server):
    leases = os.path.join(server.site_folder, "run", "leases")
    addresses = set()
    for client in (None, b"\x00firmware", b"\xff\x12\x34linux"):
        more = [("client_id", client)] if client else []
        offer = ask(rack, "52:54:00:00:00:01", arch=7, more=more)
        addresses.add(offer["yiaddr"])
        ask(rack, "52:54:00:00:00:01", arch=7, kind="request",
            more=[*more, ("requested_addr", offer["yiaddr"]), ("server_id", "10.9.0.1")])
    assert len(addresses) == 1
    with open(leases, encoding="ascii") as file:
        assert len([line for line in file if "52:54:00:00:00:01" in line]) == 1
    # and the engine has heard of it, by script and datagram
    def heard():
        boots = server.api("GET", "/v1/machines/n1")["boots"]
        return any(event["phase"] == "dhcp" for boot in boots for event in boot["events"])
    assert until(heard), log(server)
    assert server.api("GET", "/v1/machines/n1")["ip"] in addresses


def test_the_hostname_of_a_client_is_no_name(rack, server):
    mac = "52:54:00:01:00:77"
    offer = ask(rack, mac, more=[("hostname", b"boot")])
    ask(rack, mac, kind="request", more=[("hostname", b"boot"), ("requested_addr", offer["yiaddr"]),
                                         ("server_id", "10.9.0.1")])
    with open(os.path.join(server.site_folder, "run", "leases"), encoding="ascii") as file:
        assert [line.split()[3] for line in file if mac in line] == ["*"]


@pytest.mark.parametrize("name", ["engine", "web", "dnsmasq"])
def test_a_child_that_falls_comes_back(rack, server, name):
    before = family(rack)
    os.kill(before[name], signal.SIGKILL)

    def back():
        now = family(rack)
        return set(now) == set(before) and now[name] != before[name]
    assert until(back), log(server)

    def serves():
        try:
            return rack.net.run("curl", "-s", "-m", "2", "http://10.9.0.1/healthz") == "ok\n" and \
                rack.net.run("curl", "-s", "-m", "2", "tftp://10.9.0.1/nic.ipxe").startswith("#!ipxe")
        except RackError:
            return False
    assert until(serves), log(server)
    now = family(rack)
    assert now["keeper"] == before["keeper"]
    if name != "dnsmasq":
        assert now["dnsmasq"] == before["dnsmasq"]
    if name == "web":
        assert now["engine"] == before["engine"]


def test_nothing_outlives_the_keeper(rack, server):
    os.kill(family(rack)["keeper"], signal.SIGKILL)
    assert until(lambda: family(rack) == {}, 5), rack.net.processes()
    # and what it left does not stand in the way
    rack.server.process = None
    rack.server.start()


def reload(rack, server, site):
    count = log(server).count("reload: ")
    server.write_site(site)
    os.kill(family(rack)["keeper"], signal.SIGHUP)
    assert until(lambda: log(server).count("reload: ") > count), log(server)
    return log(server)


def test_a_site_is_taken_whole_or_refused_whole(rack, server):
    before = family(rack)
    conf = os.path.join(server.site_folder, "run", "dnsmasq.conf")
    with open(conf, encoding="ascii") as file:
        old = file.read()
    bad = {**rack.site, "machines": [*MACHINES, {"name": "n3", "mac": "52:54:00:00:00:01"}],
           "dhcp": {"range": "10.9.0.50-10.9.0.60"}}
    said = reload(rack, server, bad)
    assert "reload: refused" in said and "site.yaml:" in said and ": error: " in said
    with open(conf, encoding="ascii") as file:
        assert file.read() == old
    assert family(rack) == before
    # only a reservation more: dnsmasq is not restarted, and knows it
    more = {**rack.site, "machines": [*MACHINES, {"name": "n4", "mac": "52:54:00:00:00:04"}]}
    more["machines"][0] = {"name": "renamed", "mac": "52:54:00:00:00:01"}
    assert "new reservations" in reload(rack, server, {**more})
    assert family(rack)["engine"] == before["engine"]
    # another pool: dnsmasq is restarted, the others are not
    said = reload(rack, server, {**more, "dhcp": {"range": "10.9.0.50-10.9.0.60"}})
    assert until(lambda: family(rack).get("dnsmasq", before["dnsmasq"]) != before["dnsmasq"])
    assert until(lambda: log(server).count("child=dnsmasq ready") == 2), log(server)
    now = family(rack)
    assert all(now[name] == before[name] for name in ("keeper", "engine", "web"))
    offer = ask(rack, "52:54:00:01:00:01", arch=7)
    assert 50 <= int(offer["yiaddr"].split(".")[3]) <= 60
    # another port: web is given other sockets
    reload(rack, server, {**more, "server": {**rack.site["server"], "http-port": 8080}})

    def moved():
        try:
            return rack.net.run("curl", "-s", "-m", "2", "http://10.9.0.1:8080/healthz") == "ok\n"
        except RackError:
            return False
    assert until(moved), log(server)


def files(server):
    """{path: bytes} of the site's keys and certificates, and of dnsmasq's configuration."""
    found = {}
    for folder in ("pki", "run"):
        for path in pathlib.Path(server.site_folder, folder).glob("*.*"):
            if path.suffix in (".pem", ".crt", ".key", ".conf"):
                found[path.name] = path.read_bytes()
    assert "dnsmasq.conf" in found and len(found) > 2
    return found


@pytest.mark.parametrize("change, sentence", [
    ({"address": "10.9.0.77/24"}, "no network interface of this machine has the address 10.9.0.77"),
    ({"interface": "eno9"}, "no network interface of this machine is called eno9"),
    ({"http-port": 443, "https-port": 80}, "TCP port 443 is held by "),
    ({"http-port": 8080}, "TCP port 8080 is held by "),
])
def test_a_site_that_this_host_cannot_serve_is_refused(rack, server, tmp_path, change, sentence):
    program = "import socket,time; s=socket.create_server(('10.9.0.1',8080)); time.sleep(600)"
    holder = rack.net.start("holder", [sys.executable, "-c", program], str(tmp_path / "holder.log"))
    assert until(lambda: ":8080 " in rack.net.run("ss", "-Hltn"))
    before, kept = family(rack), files(server)
    said = reload(rack, server, {**rack.site, "server": {**rack.site["server"], **change}})
    assert sentence in said and "reload: refused" in said
    assert family(rack) == before and files(server) == kept
    assert rack.net.run("curl", "-s", "-m", "2", "http://10.9.0.1/healthz") == "ok\n"
    holder.end(signal.SIGKILL)


def test_a_file_that_gives_nothing_holds_nobody_up(rack, server):
    before, path = family(rack), os.path.join(server.site_folder, "machines.d", "n9.yaml")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    os.mkfifo(path)
    said = reload(rack, server, {**rack.site, "colour": "green"})
    assert 'no key "colour"' in said and "machines.d/n9.yaml:1:1: error: " in said and "reload: refused" in said
    os.unlink(path)
    os.symlink("nowhere", path)
    assert "machines.d/n9.yaml:1:1: error: " in reload(rack, server, {**rack.site})
    os.unlink(path)
    assert "reload: taken" in reload(rack, server, {**rack.site}) and family(rack) == before


def test_a_reserved_address_is_free_for_its_machine(rack, server):
    """Another one has it on lease: the one that it was reserved for before, which is gone for good."""
    ask(rack, "52:54:00:00:00:02", kind="request", more=[("requested_addr", "10.9.0.12"), ("server_id", "10.9.0.1")])
    before = family(rack)
    moved = [MACHINES[0], {**MACHINES[1], "mac": "52:54:00:00:00:09"}]
    reload(rack, server, {**rack.site, "machines": moved})
    assert until(lambda: family(rack).get("dnsmasq", before["dnsmasq"]) != before["dnsmasq"]), log(server)
    assert until(lambda: log(server).count("child=dnsmasq ready") == 2), log(server)
    assert ask(rack, "52:54:00:00:00:09")["yiaddr"] == "10.9.0.12"
    # the other one, should it live on, is told that it may not keep it
    again = ask(rack, "52:54:00:00:00:02", kind="request", more=[("requested_addr", "10.9.0.12")])
    assert again["yiaddr"] == "0.0.0.0"


def test_new_reservations_beside_a_binary_of_a_machines_own(rack, server):
    """dnsmasq 2.90 falls upon SIGHUP when a reservation with tags was used (mended in 2.91)."""
    assert ask(rack, "52:54:00:00:00:02", arch=7)["file"] == b"ipxe-amd64.efi"
    before = family(rack)
    more = {**rack.site, "machines": [*MACHINES, {"name": "n4", "mac": "52:54:00:00:00:04"}]}
    assert "new reservations" in reload(rack, server, more)
    assert ask(rack, "52:54:00:00:00:02", arch=7)["file"] == b"ipxe-amd64.efi"
    assert family(rack) == before, log(server)


def test_a_machine_of_200_cards(rack):
    """With an address of its own and without: every card gets what is the machine's, and keeps it."""
    cards = [f"52:54:00:03:00:{number:02x}" for number in range(200)]
    others = [f"52:54:00:04:00:{number:02x}" for number in range(200)]
    many = [{"name": "n3", "mac": cards, "address": "10.9.0.13", "firmware": "ipxe-amd64.efi"},
            {"name": "n4", "mac": others, "firmware": "ipxe-amd64.efi"}]
    rack.server.write_site({**rack.site, "machines": [*MACHINES, *many]})
    rack.server.start()
    for mac in (cards[0], cards[48], cards[199]):
        offer = ask(rack, mac, arch=7)
        assert (offer["yiaddr"], offer["file"]) == ("10.9.0.13", b"ipxe-amd64.efi")
    for mac in (others[48], others[199]):
        assert ask(rack, mac, arch=7)["file"] == b"ipxe-amd64.efi"
    offer = ask(rack, "52:54:00:01:00:01", arch=7)
    assert offer["yiaddr"] != "10.9.0.13" and offer["file"] == b"snponly.efi"
    wish = [("requested_addr", "10.9.0.13"), ("server_id", "10.9.0.1")]
    for mac in (cards[0], cards[199]):      # the next time it boots by another card
        assert ask(rack, mac, kind="request", more=wish)["yiaddr"] == "10.9.0.13"
    assert until(lambda: rack.server.api("GET", "/v1/machines/n3").get("ip") == "10.9.0.13"), log(rack.server)
    before = family(rack)
    reload(rack, rack.server, {**rack.site, "machines": [MACHINES[1], *many]})
    assert ask(rack, cards[199])["yiaddr"] == "10.9.0.13"
    assert family(rack) == before       # its lease stands in nobody's way
    boot = rack.net.run("curl", "-s", "-m", "5", f"http://10.9.0.1/v1/boot?mac={cards[199]}&arch=x86_64&platform=pcbios")
    assert "n3" in boot, boot


def refused(server):
    with pytest.raises(RackError):
        server.start(10)
    server.process = None
    return log(server)


def test_start_is_refused_with_a_sentence(rack, tmp_path):
    server = rack.server
    # somebody holds the port
    program = "import socket,time; s=socket.socket(); s.bind(('10.9.0.1',80)); s.listen(); time.sleep(60)"
    holder = rack.net.start("holder", [sys.executable, "-c", program], str(tmp_path / "holder.log"))
    assert until(lambda: ":80 " in rack.net.run("ss", "-Hltn"))
    said = refused(server)
    assert "TCP port 80 is held by" in said and "python" in said
    holder.end(signal.SIGKILL)
    # dnsmasq of somebody else; TFTP is needed whoever gives the addresses
    for port, instead in ((67, ", or set dhcp: {mode: none}"), (69, "")):
        program = f"import socket,time; s=socket.socket(type=socket.SOCK_DGRAM); s.bind(('',{port})); time.sleep(60)"
        holder = rack.net.start("holder", [sys.executable, "-c", program], str(tmp_path / "holder.log"))
        assert until(lambda: f":{port} " in rack.net.run("ss", "-Hlun"))
        assert re.search(rf"UDP port {port} is held by .*: stop that{instead}\n", refused(server))
        holder.end(signal.SIGKILL)
    # an address that is not here
    server.write_site({**rack.site, "server": {"interface": "br0", "address": "10.9.0.9/24"}})
    assert refused(server).count("no network interface of this machine has the address 10.9.0.9") == 1
    # a card that is not here
    server.write_site({**rack.site, "server": {"interface": "eno9", "address": "10.9.0.1/24"}})
    assert "no network interface of this machine is called eno9" in refused(server)
    # faults in the site file
    server.write_site({**rack.site, "server": {"interface": "br0"}})
    assert "site.yaml:" in refused(server)
    assert family(rack) == {}


def test_one_keeper_a_site(rack, server):
    second = rack.net.run(os.path.join(ROOT, "build", "bootserver"), "-C", server.site_folder, "run",
                          check=False, timeout=10)
    assert second == ""
    assert server.process.status is None
    assert os.path.exists(server.socket)
    assert server.api("GET", "/v1/site")["name"] == "test"


def test_proxy_gives_boot_information_alone(rack):
    rack.server.write_site({**rack.site, "dhcp": {"mode": "proxy"}})
    rack.server.start()
    offer = ask(rack, "52:54:00:01:00:01", arch=0)
    assert offer["yiaddr"] == "0.0.0.0" and offer["vendor_class_id"].startswith(b"PXEClient")
    assert ask(rack, "52:54:00:01:00:02") is None       # no PXE: none of our business
    offer = ask(rack, "52:54:00:01:00:03", arch=0, ipxe=True)
    assert offer["yiaddr"] == "0.0.0.0" and offer["file"] == b"autoexec.ipxe"
    offer = ask(rack, "52:54:00:01:00:04", arch=7, ipxe=True)
    assert offer["yiaddr"] == "0.0.0.0" and offer["file"] == b"nic.ipxe"


def test_no_dhcp_at_all(rack):
    site = {key: value for key, value in rack.site.items() if key != "dhcp"}
    rack.server.write_site(site)
    rack.server.start()
    assert ask(rack, "52:54:00:01:00:01", arch=7) is None
    assert rack.net.run("curl", "-s", "-m", "2", "tftp://10.9.0.1/nic.ipxe").startswith("#!ipxe")


def test_manifests_are_files_of_the_site(rack):
    folder = rack.server.site_folder
    os.mkdir(os.path.join(folder, "manifests"))
    for name in ("own.yaml", "linked.yaml"):
        with open(os.path.join(folder, "manifests", name), "w", encoding="ascii") as file:
            file.write("kind: Own\n")
    os.rename(os.path.join(folder, "manifests", "linked.yaml"), os.path.join(folder, "secret"))
    os.symlink("../secret", os.path.join(folder, "manifests", "linked.yaml"))
    names = ["manifests/own.yaml", "manifests/linked.yaml"]
    rack.server.write_site({**rack.site, "kubernetes": {"manifests": names}})
    rack.server.start()
    assert "manifest manifests/linked.yaml: Too many levels of symbolic links: left out" in log(rack.server)
    assert "manifest manifests/own.yaml" not in log(rack.server)


def test_a_file_for_each_machine(rack):
    """More files than one message carries descriptors, and the API writes one more."""
    folder, count = os.path.join(rack.server.site_folder, "machines.d"), 300
    os.mkdir(folder)
    for number in range(count):
        with open(os.path.join(folder, f"m{number}.yaml"), "w", encoding="ascii") as file:
            file.write(f"machines: [{{name: m{number}, mac: \"52:54:00:02:{number // 256:02x}:{number % 256:02x}\"}}]\n")
    rack.server.start()
    rack.server.api("POST", "/v1/machines", {"name": "late", "mac": "52:54:00:03:00:01"})
    rack.server.stop()
    rack.server.start()
    names = {machine["name"] for machine in rack.server.api("GET", "/v1/machines")}
    assert names == {"n1", "n2", "late", *(f"m{number}" for number in range(count))}
