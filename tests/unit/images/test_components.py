"""The tables of images/components agree with each other, with the modules and with the contract."""

import os
import re

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
HERE = os.path.join(ROOT, "images/components")


def text(*path):
    with open(os.path.join(HERE, *path), encoding="utf-8") as file:
        return file.read()


def rows(name):
    lines = (line.partition("#")[0].split() for line in text(name).splitlines())
    return [line for line in lines if line]


PROGRAMS = {row[0]: (row[1], [word for word in row[2:] if word != "cgo"]) for row in rows("programs")}
IMAGES = rows("images")


@pytest.mark.parametrize("folder", PROGRAMS)
def test_programs(folder):
    module, programs = PROGRAMS[folder]
    pins = text(folder, "go.mod")
    assert re.search(rf"^(require |\t){re.escape(module)} v\S+", pins, re.M), "its version is pinned"
    assert f"{module} v" in text(folder, "go.sum"), "and its digest"
    for word in programs:
        name, _, package = word.partition("=")
        assert name and package
        if package == ".":
            assert os.path.isfile(os.path.join(HERE, folder, "main.go"))
        else:
            assert re.search(rf"^(tool |\t){re.escape(package.replace('@', module))}$", pins, re.M)


@pytest.mark.parametrize("image", IMAGES, ids=lambda row: row[0])
def test_images(image):
    _, part, arch, version, layers, entry = image
    assert part in ("kube", "ceph") and arch in ("all", "amd64", "arm64")
    assert version in PROGRAMS or re.fullmatch(r"v?\d+(\.\d+)*", version)
    assert entry == "-" or entry.startswith("/")
    for layer in layers.split(","):
        assert f"\nlayer_{layer}()\n" in text("lib/layers.sh")


def test_no_address():
    """Images have our own name, and modules come from where the host has them."""
    for folder, _, names in os.walk(HERE):
        for name in names:
            assert "proxy.golang" not in text(os.path.join(folder, name)), name


def test_parts_of_recipes():
    for recipe in os.listdir(os.path.join(ROOT, "images/recipes")):
        path = os.path.join(ROOT, "images/recipes", recipe, "parts")
        if os.path.exists(path):
            names = {row[0] for row in rows(path)}
            assert names <= {"kube", "ceph", "amd64:ceph"}
