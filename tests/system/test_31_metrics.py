"""What Prometheus gets keeps its rules, and the example alerts ask for what is there."""

import os
import re

import yaml

from rack import metrics
from rack.rack import ROOT


def alerts():
    with open(os.path.join(ROOT, "docs/alerts.yaml"), encoding="utf-8") as file:
        return [rule for group in yaml.safe_load(file)["groups"] for rule in group["rules"]]


def test_metrics_and_alerts(rack):
    rack.site.update(image="edge", machines=[{"name": "n1", "mac": "52:54:00:00:00:01"}])
    rack.server.write_site(rack.site)
    rack.server.command("init")
    rack.server.start()
    rack.net.run("curl", "-s", "-m", "5", "http://10.9.0.1/nowhere")
    text = rack.net.run("curl", "-s", "-m", "5", "http://10.9.0.1/metrics")
    assert metrics.faults(text, "bootserver_") == []
    found, _ = metrics.families(text)
    assert found["bootserver_machines"]["samples"][0] == ("bootserver_machines", {"state": "new"}, 1.0)
    assert [value for _, _, value in found["bootserver_child_up"]["samples"]] == [1.0] * 3

    samples = {(name, label, value) for family in found.values()
               for name, labels, _ in family["samples"] for label, value in [("", ""), *labels.items()]}
    for rule in alerts():
        assert re.fullmatch(r"Bootserver\w+", rule["alert"])
        assert rule["labels"]["severity"] in ("info", "warning", "critical")
        assert rule["annotations"]["summary"]
        for name, selector in re.findall(r"(bootserver_\w+)(?:\{([^}]*)\})?", rule["expr"]):
            assert (name, "", "") in samples, name
            for label, value in re.findall(r'(\w+)="([^"]*)"', selector):
                assert (name, label, value) in samples, rule["expr"]
