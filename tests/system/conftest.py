"""What all system tests share: the rack of a test, its evidence when it fails, a few sentences to assert."""

import contextlib
import os
import re
import shutil
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import rack as racks    # noqa: E402
import shared           # noqa: E402


def pytest_configure(config):
    config.addinivalue_line("markers", "soak: long counts, run by `make soak` alone")
    config.addinivalue_line("markers", "ground: of `make test`; `make soak` runs it too, since its tests stand on it")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Remembers whether the test failed, so that the rack's evidence is kept, and says where it is."""
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        item.failed_once = True
        folder = next((node.rack_folder for node in reversed(item.listchain()) if hasattr(node, "rack_folder")), None)
        if folder:
            report.sections.append(("kept for you", folder))


def test_folder(request):
    """build/test/TEST/, the same at each run."""
    number = re.match(r"test_(\d+)", request.module.__name__.rpartition(".")[2])
    name = re.sub(r"[^\w.-]+", "_", request.node.name.removeprefix("test_"))
    return os.path.join(racks.ROOT, "build", "test", f"{number.group(1)}_{name}" if number else name)


@pytest.fixture
def rack(request):
    """An empty rack; the test plugs machines in and starts the server.  Logs stay if it fails."""
    folder = test_folder(request)
    request.node.rack_folder = folder
    with racks.Rack(folder) as made:
        yield made
        tell(made)
    failed = getattr(request.node, "failed_once", False)
    shutil.rmtree(os.path.join(folder, "site", "store") if failed else folder, ignore_errors=True)


@contextlib.contextmanager
def shared_rack(request, name):
    """A rack that several tests share; its folder stays if one of them fails."""
    folder = os.path.join(racks.ROOT, "build", "test", name)
    before = getattr(request.session, "rack_folder", None)
    request.session.rack_folder = folder
    failed = request.session.testsfailed
    with racks.Rack(folder) as made:
        yield made
    request.session.rack_folder = before
    if request.session.testsfailed == failed:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def cluster(request):
    """The cluster that all tests of the cluster share, in their order; made when the first of them asks."""
    with shared_rack(request, "cluster") as made:
        yield shared.make(made)


@pytest.fixture(scope="module")
def three(request):
    """Three control-plane nodes."""
    with shared_rack(request, "three") as made:
        yield shared.make(made, shared.Three)


@pytest.fixture(scope="module")
def storage(request):
    """The cluster with Ceph on it."""
    with shared_rack(request, "storage") as made:
        yield shared.make_storage(made)


def tell(made):
    """The phases' times of each machine, for the person who reads the runner's output."""
    for machine in made.machines:
        ends = made.phase_seconds(machine)
        if ends:
            print(f"\n  {machine.name}: " + ", ".join(f"{phase} {at}" for phase, at in ends.items()), end="",
                  file=sys.__stdout__, flush=True)
