"""Prometheus' text format and naming rules, as far as they can be broken here: what `promtool check
metrics` says, and the rules of its documentation (base units, suffixes) beside it."""

import re

SAMPLE = re.compile(r'([a-zA-Z_:][\w:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\.)*",?)*)\})? (\S+)$')
LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\\n]|\\.)*)"')
NOT_BASE = {"ms", "milliseconds", "us", "microseconds", "ns", "minutes", "hours", "days", "kib", "mib",
            "kilobytes", "megabytes", "kb", "mb", "bits", "percent"}
TYPES = {"counter", "gauge", "histogram", "summary"}


def families(text):
    """({name: {"type", "help", "samples": [(sample name, labels, value)]}}, faults of form)."""
    found, faults, current = {}, [], None
    for line in text.split("\n"):
        if line.startswith(("# HELP ", "# TYPE ")):
            _, word, name, rest = line.split(" ", 3)
            family = found.setdefault(name, {"samples": []})
            if word.lower() in family:
                faults.append(f"{name}: two lines {word}")
            if family["samples"]:
                faults.append(f"{name}: {word} stands behind its samples")
            family[word.lower()] = rest
            current = name
        elif line and not line.startswith("#"):
            match = SAMPLE.match(line)
            if not match:
                faults.append(f"no sample: {line}")
                continue
            name, labels, value = match.groups()
            if current is None or not name.startswith(current):
                faults.append(f"{name} does not stand with its family")
                continue
            found[current]["samples"].append((name, dict(LABEL.findall(labels or "")), float(value)))
    return found, faults


def faults_of_name(name, kind):
    words = name.split("_")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or "__" in name:
        yield "is not made of small letters and single _"
    if (words[-1] == "total") != (kind == "counter"):
        yield "counters, and they alone, end in _total"
    if words[-1] in ("count", "sum", "bucket", "info") and kind != "gauge":
        yield f"ends in _{words[-1]}"
    if TYPES & set(words):
        yield "names its own type"
    if NOT_BASE & set(words):
        yield "is not in a base unit (seconds, bytes)"


def faults_of_histogram(samples):
    """Buckets grow, end with +Inf, and agree with the count: for each set of labels."""
    series = {}
    for name, labels, value in samples:
        key = tuple(sorted((k, v) for k, v in labels.items() if k != "le"))
        series.setdefault(key, []).append((name.rpartition("_")[2], labels.get("le"), value))
    for key, rows in series.items():
        buckets = [(float(le), value) for kind, le, value in rows if kind == "bucket"]
        counts = [value for kind, _, value in rows if kind == "count"]
        if sorted(buckets) != buckets or sorted(v for _, v in buckets) != [v for _, v in buckets]:
            yield f"{dict(key)}: buckets do not grow"
        if not buckets or buckets[-1][0] != float("inf") or [buckets[-1][1]] != counts:
            yield f"{dict(key)}: +Inf and count do not agree"
        if sum(kind == "sum" for kind, _, _ in rows) != 1:
            yield f"{dict(key)}: no sum"


def clashes(found):
    """OpenMetrics calls a counter's family by its name without _total: no other family may be called so."""
    return [f"{name} clashes with {name}_total" for name in found if f"{name}_total" in found]


def faults(text, prefix):
    """All that is wrong with this text."""
    found, wrong = families(text)
    if text and not text.endswith("\n"):
        wrong.append("the last line has no end")
    wrong += clashes(found)
    for name, family in found.items():
        kind = family.get("type")
        if kind not in TYPES or not family.get("help"):
            wrong.append(f"{name}: HELP and TYPE are needed")
        if not name.startswith(prefix):
            wrong.append(f"{name}: not ours: it should begin with {prefix}")
        suffixes = {"_bucket", "_sum", "_count"} if kind == "histogram" else {""}
        for sample, labels, _ in family["samples"]:
            if sample.removeprefix(name) not in suffixes:
                wrong.append(f"{name}: {sample} is no sample of a {kind}")
            wrong += [f"{name}: label {label}" for label in labels
                      if not re.fullmatch(r"[a-z][a-z0-9_]*", label) or (label == "le") != (
                          label == "le" and sample.endswith("_bucket"))]
        seen = [(sample, tuple(sorted(labels.items()))) for sample, labels, _ in family["samples"]]
        if len(seen) != len(set(seen)):
            wrong.append(f"{name}: a sample stands there twice")
        wrong += [f"{name} {fault}" for fault in faults_of_name(name, kind)]
        if kind == "histogram":
            wrong += [f"{name} {fault}" for fault in faults_of_histogram(family["samples"])]
    return wrong
