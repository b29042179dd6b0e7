"""The numbers behind the report's pictures: records by partition and hour, deliveries over time, object sizes.

Pure. Everything is bounded: at most `MAX_ROWS` partitions, `MAX_BUCKETS` points in time.
"""

import math
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from validators.error_pass import ErrorTotals
from validators.evidence import Evidence
from validators.file_health import percentile
from validators.inventory import Inventory, ObjectFacts, time_zone
from validators.parquet_pass import ParquetTotals
from validators.raw_pass import RawTotals

MAX_ROWS = 60
MAX_BUCKETS = 120
_STEPS_SECONDS = (1, 5, 15, 60, 300, 900, 3600, 6 * 3600, 24 * 3600, 7 * 24 * 3600)


def statistics_of(
    evidence: Evidence, inventory: Inventory, parquet: ParquetTotals, raw: RawTotals, errors: ErrorTotals
) -> dict[str, Any]:
    """Return the statistics of report.json."""
    data, zone = inventory.data, time_zone(evidence)
    sizes = [facts.summary.size_bytes for facts in data]
    ages = [age for facts in data if (age := facts.age_seconds(zone)) is not None]
    return {
        "objects": len(data),
        "error_objects": len(inventory.errors),
        "other_objects": inventory.others,
        "left_out": inventory.left_out,
        "records": parquet.rows or raw.lines,
        "stored_bytes": sum(sizes),
        "sent_bytes": sum(manifest.accepted_bytes for manifest in evidence.manifests),
        "created_by": dict(parquet.created_by.most_common(5)),
        "quarantined_by_type": dict(sorted(errors.by_type.items())),
        "freshness_seconds": {"p50": percentile(ages, 0.5), "p95": percentile(ages, 0.95), "max": max(ages)}
        if ages
        else None,
        "heat_map": heat_map(evidence, data),
        "timeline": timeline(data),
        "size_histogram": size_histogram(sizes),
    }


def heat_map(evidence: Evidence, objects: Sequence[ObjectFacts]) -> dict[str, Any]:
    """Return records by the prefix's first partition key (or the stream) and the rest of the folder, such as its hour."""
    keys = list(evidence.declared.partitioning.keys) if evidence.declared.partitioning else []
    keys.sort(
        key=lambda name: evidence.declared.prefix.find(f":{name}}}")
    )  # Terraform writes maps in alphabetical order
    cells: Counter[tuple[str, str]] = Counter()
    for facts in objects:
        if facts.parsed.keys and keys:
            row, *rest = [facts.parsed.keys.get(name, "?") for name in keys]
            column = "/".join(rest)
        else:
            row = evidence.declared.stream_name
            column = facts.parsed.named_at.strftime("%Y/%m/%d/%H") if facts.parsed.named_at else "?"
        cells[row, column] += facts.rows
    rows, columns = sorted({row for row, _ in cells}), sorted({column for _, column in cells})
    shown_rows, shown_columns = rows[:MAX_ROWS], columns[-MAX_BUCKETS:]
    return {
        "rows": shown_rows,
        "columns": shown_columns,
        "cells": [[cells[row, column] for column in shown_columns] for row in shown_rows],
        "hidden_rows": len(rows) - len(shown_rows),
        "hidden_columns": len(columns) - len(shown_columns),
    }


def timeline(objects: Sequence[ObjectFacts]) -> dict[str, Any]:
    """Return objects and records by the time at which the objects came into the bucket."""
    times = [facts.summary.modified_at for facts in objects]
    if not times:
        return {"step_seconds": 0, "points": []}
    first, last = min(times), max(times)
    span = (last - first).total_seconds()
    step = next((step for step in _STEPS_SECONDS if span / step <= MAX_BUCKETS), _STEPS_SECONDS[-1])
    start = datetime.fromtimestamp(first.timestamp() // step * step, tz=first.tzinfo)
    counted: Counter[int] = Counter()
    records: Counter[int] = Counter()
    for facts in objects:
        index = int((facts.summary.modified_at - start).total_seconds() // step)
        counted[index] += 1
        records[index] += facts.rows
    return {
        "step_seconds": step,
        "points": [
            {
                "at": (start + timedelta(seconds=index * step)).isoformat().replace("+00:00", "Z"),
                "objects": counted[index],
                "records": records[index],
            }
            for index in range(max(counted) + 1)
        ],
    }


def size_histogram(sizes: Sequence[int]) -> list[dict[str, int]]:
    """Return objects by size, in powers of two: `from_bytes` inclusive, `to_bytes` exclusive.

    >>> size_histogram([3, 5, 6])
    [{'from_bytes': 2, 'to_bytes': 4, 'objects': 1}, {'from_bytes': 4, 'to_bytes': 8, 'objects': 2}]
    """
    counted = Counter(int(math.log2(size)) if size else 0 for size in sizes)
    if not counted:
        return []
    return [
        {"from_bytes": 2**power, "to_bytes": 2 ** (power + 1), "objects": counted[power]}
        for power in range(min(counted), max(counted) + 1)
    ]
