"""The geometry of the report's pictures: bars and cells, in the units of an SVG view box.

Pure.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT = 720, 160
SHADES = 6


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar; `title` is what a pointer shows."""

    x: float
    y: float
    width: float
    height: float
    title: str


@dataclass(frozen=True, slots=True)
class BarChart:
    """Bars over a common base line, with the texts at both ends of the axis and the largest value."""

    bars: tuple[Bar, ...]
    first: str
    last: str
    most: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the heat map; `shade` is 0 (nothing) to `SHADES`."""

    shade: int
    title: str


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Rows of cells under column names; `columns` are shortened where all begin alike."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    lead: str
    hidden: str


def timeline_chart(timeline: Mapping[str, Any]) -> BarChart | None:
    """Return records by the time at which their objects came into the bucket."""
    points = timeline["points"]
    if not points:
        return None
    texts = [f"{point['at']}: {point['records']:,} records in {point['objects']:,} objects" for point in points]
    return _bars([point["records"] for point in points], texts, points[0]["at"], points[-1]["at"], "records")


def histogram_chart(histogram: Sequence[Mapping[str, int]]) -> BarChart | None:
    """Return objects by size."""
    if not histogram:
        return None
    texts = [
        f"{size_text(bar['from_bytes'])} to {size_text(bar['to_bytes'])}: {bar['objects']:,} objects"
        for bar in histogram
    ]
    ends = size_text(histogram[0]["from_bytes"]), size_text(histogram[-1]["to_bytes"])
    return _bars([bar["objects"] for bar in histogram], texts, *ends, "objects")


def _bars(values: Sequence[int], titles: Sequence[str], first: str, last: str, unit: str) -> BarChart:
    most = max(values) or 1
    slot = WIDTH / len(values)
    width = min(slot * 0.85, 64.0)
    bars = tuple(
        Bar(
            x=round(index * slot + (slot - width) / 2, 2),
            y=round(HEIGHT - HEIGHT * value / most, 2),
            width=round(width, 2),
            height=round(HEIGHT * value / most, 2),
            title=title,
        )
        for index, (value, title) in enumerate(zip(values, titles, strict=True))
    )
    return BarChart(bars, first, last, f"{max(values):,} {unit}")


def heat_map_chart(heat_map: Mapping[str, Any]) -> HeatMap | None:
    """Return records by partition and hour as shades; None where no row was counted."""
    most = max((value for row in heat_map["cells"] for value in row), default=0)
    if not most:
        return None
    names: list[str] = heat_map["columns"]
    lead = _common_folders(names)
    rows = tuple(
        (
            name,
            tuple(
                Cell(math.ceil(SHADES * value / most), f"{name} {column}: {value:,} records")
                for column, value in zip(names, values, strict=True)
            ),
        )
        for name, values in zip(heat_map["rows"], heat_map["cells"], strict=True)
    )
    left_out = [
        f"{heat_map[key]} {word} not shown"
        for key, word in (("hidden_rows", "rows"), ("hidden_columns", "columns"))
        if heat_map[key]
    ]
    return HeatMap(tuple(name[len(lead) :] for name in names), rows, lead, ", ".join(left_out))


def _common_folders(names: Sequence[str]) -> str:
    """Return the folders that all names begin with.

    >>> _common_folders(["2026/11/21/23", "2026/11/22/00"])
    '2026/11/'
    """
    if len(names) < 2:
        return ""
    low, high = min(names), max(names)
    same = next((i for i, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), min(len(low), len(high)))
    return low[: low.rfind("/", 0, same) + 1]


def size_text(size_bytes: int) -> str:
    """Return a power of two in words.

    >>> size_text(2048)
    '2 KiB'
    """
    for unit, factor in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if size_bytes >= factor:
            return f"{size_bytes / factor:g} {unit}"
    return f"{size_bytes} B"
