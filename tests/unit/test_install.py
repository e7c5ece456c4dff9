"""What `make install` puts down: with the paths in place, readable for all, no link into nothing."""

import os
import re
import subprocess

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PREFIX = "opt/boot"

if not os.path.exists(os.path.join(ROOT, "build/man/bootserver.1")):
    pytest.skip("build/ is not whole: `make`", allow_module_level=True)


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("install")
    before = os.umask(0o077)
    subprocess.run([os.path.join(ROOT, "bootserver/install"), str(folder), "/" + PREFIX], check=True)
    os.umask(before)
    return folder


def test_everybody_may_read(installed):
    top = installed / "opt"
    for path in [top, *top.rglob("*")]:
        wanted = 0o555 if path.is_dir() or path.name == "bootserver" and path.parent.name == "sbin" else 0o444
        assert path.stat().st_mode & wanted == wanted, path


def test_paths_are_filled_in(installed):
    unit = (installed / PREFIX / "lib/systemd/system/bootserver.service").read_text()
    assert f"\nExecStart=/{PREFIX}/sbin/bootserver -C /var/lib/bootserver run" in unit
    assert "@" not in re.sub(r"@(system-service|mount|clock)\b", "", unit)


def test_links_lead_somewhere(installed):
    pages = list((installed / PREFIX / "share/doc/bootserver").rglob("*.md"))
    assert len(pages) > 10
    for page in pages:
        prose = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.S)
        for target in re.findall(r"\]\(([^)#\s]+)", prose):
            assert "://" in target or (page.parent / target).exists(), f"{page}: {target}"
