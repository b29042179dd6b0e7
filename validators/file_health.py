"""Sizes and ages: buffer size, age of the oldest record, small files, skew, how much smaller than the JSON sent.

Pure. Buffer size is a check; ages are one with ``--strict-freshness`` only, since copying an object changes its time; the rest is advice.
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from firehose_spec import quotas
from validators.evidence import Evidence
from validators.findings import Finding, Findings
from validators.inventory import Inventory, ObjectFacts, time_zone

SMALL_BYTES = 8 * quotas.MIB  # below this, opening files costs a query engine more than reading them
AGE_SLACK_SECONDS = 60


@dataclass(frozen=True, slots=True)
class HealthLine:
    """One line of the report; `skip` says why there is nothing to say."""

    check: str
    expected: str
    found: str
    skip: str | None = None


def judge_health(evidence: Evidence, inventory: Inventory, findings: Findings) -> Iterator[HealthLine]:
    """Yield one line for each check of sizes and ages."""
    yield _buffer_size(evidence, inventory.data, findings)
    yield _buffer_age(evidence, inventory.data, findings)
    yield _small_files(evidence, inventory.data)
    yield _skew(inventory.data)
    yield _size_saved(evidence, inventory.data)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which `share` of the sorted values lie (nearest rank).

    >>> percentile([1.0, 2.0, 3.0, 4.0], 0.5)
    2.0
    """
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def _buffer_size(evidence: Evidence, objects: Sequence[ObjectFacts], findings: Findings) -> HealthLine:
    declared = evidence.declared
    limit = declared.buffer_mib * quotas.MIB + quotas.MAX_RECORD_BYTES
    mean = _mean_event_bytes(evidence)
    largest = 0.0
    for facts in objects:
        size = facts.plain_bytes if facts.plain_bytes is not None else facts.rows * mean
        largest = max(largest, size)
        if size > limit * (1.0 if facts.plain_bytes is not None else 1.25):  # a mean record says a quarter more or less
            findings.add(
                Finding(
                    "buffering.size",
                    f"s3://{evidence.bucket.name}/{facts.key}",
                    f"at most {declared.buffer_mib} MiB of records and one more",
                    f"{size / quotas.MIB:.1f} MiB of records",
                )
            )
    known = any(facts.plain_bytes is not None for facts in objects) or mean > 0
    return HealthLine(
        "buffering.size",
        f"at most {declared.buffer_mib} MiB of records an object",
        f"largest {largest / quotas.MIB:.2f} MiB",
        None if known or not objects else "the size of the records sent is not known",
    )


def _mean_event_bytes(evidence: Evidence) -> float:
    accepted = sum(manifest.accepted_events for manifest in evidence.manifests)
    return sum(manifest.accepted_bytes for manifest in evidence.manifests) / accepted if accepted else 0.0


def _buffer_age(evidence: Evidence, objects: Sequence[ObjectFacts], findings: Findings) -> HealthLine:
    declared, zone = evidence.declared, time_zone(evidence)
    limit = declared.buffer_seconds * (1.5 if declared.partitioning else 1.0) + AGE_SLACK_SECONDS
    ages = [(age, facts) for facts in objects if (age := facts.age_seconds(zone)) is not None]
    expected = f"oldest record delivered within {limit:g} s"
    if not ages:
        return HealthLine("buffering.age", expected, "", "there are no objects")
    if evidence.strict_freshness:
        for age, facts in ages:
            if age > limit:
                findings.add(
                    Finding("buffering.age", f"s3://{evidence.bucket.name}/{facts.key}", expected, f"{age:.0f} s")
                )
    values = [age for age, _ in ages]
    found = f"p50 {percentile(values, 0.5):.0f} s, p95 {percentile(values, 0.95):.0f} s, most {max(values):.0f} s"
    return HealthLine("buffering.age", expected, found)


def _small_files(evidence: Evidence, objects: Sequence[ObjectFacts]) -> HealthLine:
    if not objects:
        return HealthLine("health.small_files", "", "", "there are no objects")
    sizes = [facts.summary.size_bytes for facts in objects]
    median, small = percentile(sizes, 0.5), sum(size < SMALL_BYTES for size in sizes)
    found = f"{len(sizes)} objects, median {_size(median)}, {small} below {_size(SMALL_BYTES)}"
    if small > len(sizes) / 2 and len(sizes) > 10:
        remedies = []
        if evidence.declared.buffer_seconds < quotas.MAX_BUFFER_SECONDS:
            remedies.append(
                f"an interval of {quotas.MAX_BUFFER_SECONDS} s instead of {evidence.declared.buffer_seconds} s"
            )
        if evidence.declared.partitioning:
            remedies.append("fewer partition keys")
        found += f"; {' or '.join(remedies)} would make them larger" if remedies else ""
    return HealthLine("health.small_files", f"objects of {_size(SMALL_BYTES)} and more read best", found)


def _skew(objects: Sequence[ObjectFacts]) -> HealthLine:
    rows: Counter[str] = Counter()
    for facts in objects:
        rows[facts.parsed.folder] += facts.rows
    if not rows.total():
        return HealthLine("health.skew", "", "", "no rows were read")
    (folder, most), median = rows.most_common(1)[0], percentile(list(rows.values()), 0.5)
    found = f"{len(rows)} folders, median {median:.0f} rows, most {most} in {folder or 'the root'}"
    if most > 10 * max(median, 1) and len(rows) > 10:
        found += f": {most / max(median, 1):.0f} times the median; a further key would split it"
    return HealthLine("health.skew", "rows spread evenly over folders", found)


def _size_saved(evidence: Evidence, objects: Sequence[ObjectFacts]) -> HealthLine:
    rows = sum(facts.rows for facts in objects)
    sent = _mean_event_bytes(evidence) * rows
    if not sent:
        return HealthLine("health.size_saved", "", "", "the size of the records sent is not known")
    stored = sum(facts.summary.size_bytes for facts in objects)
    return HealthLine(
        "health.size_saved",
        f"{_size(sent)} of records sent",
        f"{_size(stored)} stored, {100 * (1 - stored / sent):.0f} % less"
        if stored <= sent
        else f"{_size(stored)} stored, more",
    )


def _size(size_bytes: float) -> str:
    """Return a size in words.

    >>> _size(8 * 1024 * 1024)
    '8.0 MiB'
    """
    for unit, factor in (("GiB", quotas.MIB * 1024), ("MiB", quotas.MIB), ("KiB", quotas.KIB)):
        if size_bytes >= factor:
            return f"{size_bytes / factor:.1f} {unit}"
    return f"{size_bytes:.0f} bytes"
