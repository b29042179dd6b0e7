"""Measurements as a table for people and as results.json for programs.

Pure.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.benchmark import Goal, Measurement


@dataclass(frozen=True, slots=True)
class Result:
    """A goal, and what was measured or why it could not be."""

    goal: Goal
    measurement: Measurement | None
    error: str | None = None

    @property
    def is_met(self) -> bool:
        return self.measurement is not None and self.goal.is_met(self.measurement.ratio)


def as_document(results: Sequence[Result]) -> dict[str, dict[str, object]]:
    """Return results.json: an entry a goal, by id."""
    return {result.goal.id: _entry(result) for result in results}


def merged(earlier: str | None, results: Sequence[Result]) -> str:
    """Return the text of results.json: these results over the earlier ones, which may be missing or unreadable."""
    try:
        document = json.loads(earlier or "{}")
    except ValueError:
        document = {}
    if not isinstance(document, dict):
        document = {}
    return json.dumps(document | as_document(results), indent=2) + "\n"


def _entry(result: Result) -> dict[str, object]:
    goal = result.goal
    entry: dict[str, object] = {
        "title": goal.title,
        "theirs_is": goal.theirs,
        "goal": goal.bound,
        "sense": goal.sense,
        "unit": goal.unit,
    }
    found = result.measurement
    if found is None:
        return entry | {"ratio": None, "ours": None, "theirs": None, "met": False, "error": result.error}
    return entry | {
        "ratio": _rounded(found.ratio),
        "ours": _rounded(median(found.ours)),
        "theirs": _rounded(median(found.theirs)),
        "met": result.is_met,
        "rounds": len(found.ours),
        "ratio_low": _rounded(min(found.ratios)),
        "ratio_high": _rounded(max(found.ratios)),
        "ours_each": [_rounded(value) for value in found.ours],
        "theirs_each": [_rounded(value) for value in found.theirs],
        "peak_memory_mib": None if found.peak_memory_mib is None else round(found.peak_memory_mib, 1),
        **found.details,
    }


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")


_HEADINGS = ("goal", "ratio", "wanted", "ours", "theirs", "spread", "peak MiB", "")


def as_table(results: Sequence[Result]) -> str:
    """Return a table in plain text, a line a goal."""
    rows = [_HEADINGS, *(_row(result) for result in results)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(_HEADINGS))]
    lines = [
        "  ".join(_aligned(cell, width, at) for at, (cell, width) in enumerate(zip(row, widths, strict=True)))
        for row in rows
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(line.rstrip() for line in lines)


def _aligned(cell: str, width: int, at: int) -> str:
    return cell.ljust(width) if at in {0, len(_HEADINGS) - 1} else cell.rjust(width)


def _row(result: Result) -> tuple[str, ...]:
    goal, found = result.goal, result.measurement
    sign = "≥" if goal.sense == "at least" else "≤"
    wanted = f"{sign} {goal.bound:g}"
    if found is None:
        return (goal.id, "-", wanted, "-", "-", "-", "-", f"NOT MEASURED: {result.error}")
    return (
        goal.id,
        f"{found.ratio:.2f}",
        wanted,
        f"{_number(median(found.ours))} {goal.unit}",
        f"{_number(median(found.theirs))} {goal.unit}",
        f"{min(found.ratios):.2f}..{max(found.ratios):.2f}",
        "-" if found.peak_memory_mib is None else f"{found.peak_memory_mib:.0f}",
        "met" if result.is_met else "missed",
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def unmet(results: Sequence[Result]) -> Mapping[str, Result]:
    """Return the results that miss their goal or have no measurement, by goal id."""
    return {result.goal.id: result for result in results if not result.is_met}
