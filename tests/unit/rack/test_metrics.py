"""The linter of metrics finds what it is for."""

import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
from rack import metrics  # noqa: E402


def head(name, kind, text="Some."):
    return f"# HELP {name} {text}\n# TYPE {name} {kind}\n"


GOOD = (head("x_boots_total", "counter") + 'x_boots_total{outcome="a \\"b\\""} 1\n' +
        head("x_wait_seconds", "histogram") + 'x_wait_seconds_bucket{le="0.1"} 1\n'
        'x_wait_seconds_bucket{le="+Inf"} 2\nx_wait_seconds_sum 3.5\nx_wait_seconds_count 2\n' +
        head("x_machines", "gauge") + "x_machines 4\n")


def test_good():
    assert metrics.faults(GOOD, "x_") == []


@pytest.mark.parametrize("text, words", [
    ("x_a 1\n", "does not stand with its family"),
    ("# TYPE x_a gauge\nx_a 1\n", "HELP and TYPE are needed"),
    (head("x_a", "counter") + "x_a 1\n", "_total"),
    (head("x_a_total", "gauge") + "x_a_total 1\n", "_total"),
    (head("y_a", "gauge") + "y_a 1\n", "begin with x_"),
    (head("x_a_ms", "gauge") + "x_a_ms 1\n", "base unit"),
    (head("x_aB", "gauge") + "x_aB 1\n", "small letters"),
    (head("x_gauge", "gauge") + "x_gauge 1\n", "its own type"),
    (head("x_a", "gauge") + "x_a 1\nx_a 2\n", "twice"),
    (head("x_a", "gauge") + "x_a{B=\"1\"} 1\n", "label B"),
    (head("x_a", "gauge") + "x_a one two\n", "no sample"),
    (head("x_a", "gauge") + "x_a 1\n" + head("x_a_total", "counter") + "x_a_total 1\n", "clashes with"),
    (head("x_a", "gauge") + "x_a 1", "no end"),
    (GOOD.replace('le="+Inf"} 2', 'le="+Inf"} 3'), "do not agree"),
    (GOOD.replace('le="0.1"} 1', 'le="0.1"} 9'), "do not grow"),
    (GOOD.replace("x_wait_seconds_sum 3.5\n", ""), "no sum"),
])
def test_found(text, words):
    assert any(words in fault for fault in metrics.faults(text, "x_")), metrics.faults(text, "x_")
