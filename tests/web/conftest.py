import os
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))
import rig  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def program(name):
    """Built by the Makefile; WEB_PROCESS and WEB_UNJAILED name others."""
    if os.environ.get("WEB_" + name.upper()):
        return [os.environ["WEB_" + name.upper()]]
    subprocess.run(["make", "-s", "build/tests/web/" + name], cwd=ROOT, check=True)
    return [os.path.join(ROOT, "build/tests/web", name)]


@pytest.fixture(scope="session")
def programs():
    if os.geteuid() != 0:
        pytest.skip("the web process begins as root")
    return {name: program(name) for name in ("process", "unjailed")}


@pytest.fixture
def start(programs, tmp_path):
    """start(limits=…, …) gives a running web process with its jail; it must end well."""
    running = []

    def go(name="process", **options):
        folder = tmp_path / str(len(running))
        folder.mkdir()
        # LeakSanitizer needs ptrace(2), which the jail forbids: leaks are looked for unjailed.
        leaks = "1" if name == "unjailed" else "0"
        env = {"ASAN_OPTIONS": f"detect_leaks={leaks}:abort_on_error=0:exitcode=86"}
        running.append(rig.Web(programs[name], folder, env=env, **options))
        return running[-1]

    yield go
    for web in running:
        if web.process.poll() is None:
            assert web.stop() == 0, web.log()
        assert "Sanitizer" not in web.log() and "runtime error" not in web.log(), web.log()


@pytest.fixture
def web(start):
    return start()
