"""`make demo` itself: from power-on to a cluster of a native control plane and emulated workers of both
architectures, a service by L2 and by BGP, Ceph's object store, and a machine that is reimaged and comes back as the
same node."""

from steps import demo_report

MINUTES = 30


def test_demo():
    report = demo_report("cluster", "38_demo", MINUTES * 60)
    assert set(report["kinds"].values()) == {"native x86_64", "BIOS x86_64", "UEFI ARM64"}
    assert report["nodes"] == {name: True for name in report["kinds"]}
    assert report["same"] == {"node": True, "object": True}
    steps = ["ready", "l2", "everywhere", "bgp", "answered", "put", "got", "ceph", "reimaged", "read again"]
    assert set(steps) <= set(report["seconds"])
    assert all("healthy" in phases for phases in report["phases"].values())
    assert report["pss_kib"] < 64 * 1024, report
    print(f"\n  {report['seconds']}", end="")
