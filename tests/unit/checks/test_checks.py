"""The checks find what they are for: each is shown a breach."""

import importlib.machinery
import importlib.util
import os
import stat

import pytest

TESTS = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def load(name):
    loader = importlib.machinery.SourceFileLoader(name.replace("/", "_"), os.path.join(TESTS, name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


def function(name, lines, parameters="void"):
    return ["static int", f"{name}({parameters})", "{", *["\tx();"] * lines, "}"]


def test_budgets_measure_functions():
    budgets = load("checks/budgets")
    source = ["int declared(int a);", "static const struct x table[] = {", "\t{ 1 },", "};",
              *function("short_one", 3, "int a, char *(*f)(int, int)"), *function("long_one", 99)]
    assert [(name, length, parameters) for name, _, length, parameters in budgets.functions(source)] == \
        [("short_one", 6, 2), ("long_one", 102, 0)]


@pytest.mark.parametrize("path, lines, words", [
    ("a.c", function("f", 99), "102 lines"),
    ("a.c", function("main", 60), "63 lines"),
    ("a.c", function("f", 1, "int a, int b, int c, int d, int e, int f"), "6 parameters"),
    ("a.c", [""] * 601, "601 lines"),
    ("a.h", [""] * 121, "121 lines"),
])
def test_budgets_find(path, lines, words):
    budgets = load("checks/budgets")
    found = list(budgets.breaches_of_file(os.path.join(budgets.ROOT, path), lines))
    assert len(found) == 1 and words in found[0]


def test_budgets_pass():
    budgets = load("checks/budgets")
    assert not list(budgets.breaches_of_file("a.c", function("f", 97) + function("main", 57)))


@pytest.mark.parametrize("path, kind, name, words", [
    ("bootserver/lib/x.c", '"', "site/site.h", "an arrow up"),
    ("bootserver/web/x.c", '"', "engine/engine.h", "an arrow sideways"),
    ("bootserver/plan/x.c", "<", "unistd.h", "opens a door"),
    ("bootserver/plan/x.c", '"', "lib/log.h", "opens a door"),
    ("bootserver/web/x.c", '"', "nosuch.h", "is not found"),
    ("images/stage1/x.c", '"', "cloud-init/agent/say.h", "an arrow sideways"),
])
def test_layers_find(path, kind, name, words):
    assert words in load("checks/layers").fault(path, kind, name)


@pytest.mark.parametrize("path, name", [
    ("bootserver/web/x.c", "lib/log.h"), ("bootserver/plan/x.c", "site/site.h"),
    ("cloud-init/agent/x.c", "plan/phase.h"), ("bootserver/main.c", "engine/engine.h"),
])
def test_layers_pass(path, name):
    assert load("checks/layers").fault(path, '"', name) is None


@pytest.mark.parametrize("line, words", [
    ("\t" * 12 + "abcde", "101 columns"), ("        x", "spaces"), ("\t// no", "//"), ("x; ", "blanks"),
    ("typedef struct x x;", "typedef"),
])
def test_layout_finds(line, words):
    found = list(load("checks/layout").faults(line))
    assert len(found) == 1 and words in found[0]


@pytest.mark.parametrize("script, counts", [
    ("echo 'ok 1 - a'; echo 'ok 2 - b'", (2, 0, 0)),
    ("echo 'ok 1 - a'; echo 'not ok 2 - b'; exit 1", (1, 1, 0)),
    ("echo 'ok 1 - a'; echo 'not ok 2 # SKIP b'", (1, 0, 1)),
    ("echo 'ok 1 - a'; kill -SEGV $$", (1, 1, 0)),
    ("echo 1..0", (0, 1, 0)),
])
def test_runner_counts(tmp_path, script, counts):
    """A binary that crashes, leaks at its end or tests nothing has failed."""
    path = tmp_path / "x_test"
    path.write_text("#!/bin/sh\n" + script + "\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    assert load("run").cmocka(str(path))[1:4] == counts
