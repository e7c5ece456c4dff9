"""The built manual pages as groff reads them, and the completion as bash does."""

import os
import re
import subprocess

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
MAN = os.path.join(ROOT, "build", "man")
BINARY = os.path.join(ROOT, "build", "bootserver")

if not os.path.isdir(MAN):
    pytest.skip("build/man is not there: `make`", allow_module_level=True)


def output(*argv, **options):
    return subprocess.run(argv, check=True, capture_output=True, text=True, **options)


def page(name):
    done = output("groff", "-man", "-ww", "-Tutf8", "-P-cbou", os.path.join(MAN, name))
    assert not done.stderr, done.stderr
    # what is broken over two lines, whole again
    return re.sub(r"[‐-]\n\s*", "", done.stdout)


def test_command_page_tells_each_command():
    text = page("bootserver.1")
    listed = re.findall(r"^  (\S+) +\S", output(BINARY, "--help").stdout, re.M)
    for command in (word for word in listed if not word.startswith("-")):
        usage = output(BINARY, command, "--help").stdout.split("\n")[0].removeprefix("usage: ")
        assert " ".join(usage.split()) in " ".join(text.split()), command


def test_site_page_tells_each_key():
    text = page("bootserver-site.5")
    with open(os.path.join(ROOT, "docs/SITE-FILE.md"), encoding="utf-8") as file:
        keys = re.findall(r"^\| `([\w-]+)` \|", file.read(), re.M)
    assert len(keys) > 30
    for key in keys:
        assert re.search(rf"^ +{re.escape(key)}\b", text, re.M), key


def complete(*words, machines=()):
    """What bash offers behind these words; the last one is being typed."""
    script = ('bootserver() { :; }; . "$1"; shift\n'
              "_bootserver_machines() { echo $MACHINES; }\n"
              'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _bootserver; printf "%s\\n" "${COMPREPLY[@]}"')
    done = output("bash", "-uc", script, "bash", os.path.join(MAN, "bootserver.bash"), *words,
                  env={**os.environ, "MACHINES": " ".join(machines)})
    assert not done.stderr, done.stderr
    return done.stdout.split()


def test_completion():
    assert complete("bootserver", "im") == ["image"]
    assert complete("bootserver", "-C", "/tmp", "image", "v") == ["verify"]
    assert complete("bootserver", "plan", "n1", "--") == ["--help", "--once"]
    assert complete("bootserver", "show", "n", machines=["n1", "n2", "m3"]) == ["n1", "n2"]
