"""User data of the site file: cloud-init carries them out on a machine of ours, and in a root that has nothing of
ours but is booted by us."""

from steps import EDGE_HEALTHY, healthy, login_key, ssh

BOOTED = 240    # seconds until an emulated cloud-init is through


def user_data(public):
    return (f"#cloud-config\n"
            f"users:\n"
            f"  - {{name: ops, shell: /bin/sh, ssh_authorized_keys: ['{public}']}}\n"
            f"write_files: [{{path: /run/hello, content: 'hello from the site'}}]\n"
            f"runcmd: [[sh, -c, 'echo user data ran as $(hostname) >/dev/console; touch /run/ran']]\n")


def seen(rack, machine, key):
    """By the user whom the data name, over SSH from the rack: the file and the command's mark are there."""
    assert ssh(rack, machine, key, "ops", "cat", "/run/hello") == "hello from the site"
    assert ssh(rack, machine, key, "ops", "stat", "-c", "%U", "/run/ran") == "root\n"
    assert ssh(rack, machine, key, "ops", "hostname") == f"{machine.name}\n"


def test_machine_of_ours(rack):
    """It becomes healthy as ever, and does what the data say; a machine without any runs no cloud-init."""
    key = login_key(rack)
    n1, n2 = rack.native("n1"), rack.native("n2")
    rack.site["machines"][0]["user-data"] = user_data(key.public)
    rack.start("base", archs=["amd64"])
    n1.power_on()
    n2.power_on()
    healthy(rack, n1, EDGE_HEALTHY)
    healthy(rack, n2, EDGE_HEALTHY)
    status = n1.run("cloud-init", "status", "--wait", "--long", check=False, timeout=300)
    assert "status: done" in status and "DataSourceNoCloud" in status, status
    seen(rack, n1, key)
    assert ssh(rack, n1, key, "root", "id", "-un") == "root\n", "the site's own key still lets root in"
    assert "ops:" not in n2.run("cat", "/etc/passwd")
    assert n2.run("systemctl", "is-active", "cloud-init-main.service", check=False) == "inactive\n"
    assert rack.server.api("GET", "/v1/machines/n1")["state"] == "healthy"


def test_nothing_but_cloud_init(rack):
    """A root without our agent or files: Debian's cloud-init finds its data by what stage 1 has left."""
    key = login_key(rack)
    n1 = rack.machine("n1", "uefi", memory=2048, cpus=2)
    rack.site["machines"][0]["user-data"] = user_data(key.public)
    rack.start("cloud", archs=["amd64"])
    n1.power_on()
    rack.wait(n1, "root")
    n1.wait_console("user data ran as n1", timeout=BOOTED)
    seen(rack, n1, key)
    assert ssh(rack, n1, key, "ops", "ls", "/usr/bin/bootserver-agent", check=False) == ""
    assert not rack.events(n1, "facts"), "no agent of ours has spoken"
