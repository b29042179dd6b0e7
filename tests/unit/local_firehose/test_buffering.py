"""Buffers against a plain model: one row at a time, cut when it is full or late."""

from collections import defaultdict

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_firehose.buffering import Buffer, Buffers, Sorted
from local_firehose.delivery_run import Run
from local_firehose.stream_config import BufferingHints

MIB = 1024 * 1024


def rows_of(rows: list[tuple[str, int, int, int]]) -> Sorted:
    """Rows (identity, row id, arrived ms, bytes) grouped as the pipeline hands them over."""
    names = sorted({row[0] for row in rows})
    ordered = [row for name in names for row in rows if row[0] == name]
    bounds = [0]
    for name in names:
        bounds.append(bounds[-1] + sum(row[0] == name for row in rows))
    arrived = np.array([row[2] for row in ordered], dtype=np.int64)
    table = pa.table({"id": [row[1] for row in ordered]})
    return Sorted(
        Run(table, np.array([row[1] for row in ordered], dtype=np.int64), bounds),
        [(name,) for name in names],
        bounds,
        np.array([row[1] for row in ordered], dtype=np.int64),
        arrived,
        arrived,
        np.array([row[3] for row in ordered], dtype=np.int64),
    )


def ids(buffer: Buffer) -> list[int]:
    batches = [batch for cut in buffer.slices for batch in cut.run.batches(cut.start, cut.stop)]
    return [value for batch in batches for value in batch.column("id").to_pylist()]


def model(rows: list[tuple[str, int, int, int]], *, size: int, interval_ms: int) -> list[tuple[str, list[int]]]:
    """Objects that are cut while these rows arrive, and at the end all that is left."""
    opened: dict[str, tuple[int, int, list[int]]] = {}
    cut: list[tuple[str, list[int]]] = []
    for name, row_id, arrived, length in rows:
        if name in opened and arrived >= opened[name][0] + interval_ms:
            cut.append((name, opened.pop(name)[2]))
        since, total, held = opened.get(name, (arrived, 0, []))
        opened[name] = (since, total + length, [*held, row_id])
        if total + length >= size:
            cut.append((name, opened.pop(name)[2]))
    return cut + [(name, held) for name, (_, _, held) in opened.items()]


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(0, 40_000), st.integers(0, 600_000)), min_size=1, max_size=60
    ),
    st.lists(st.integers(1, 10), min_size=1, max_size=10),
)
def test_objects_do_not_depend_on_how_rows_are_batched(steps: list[tuple[str, int, int]], batches: list[int]) -> None:
    now, rows = 0, []
    for row_id, (name, step, length) in enumerate(steps):
        now += step
        rows.append((name, row_id, now, length))
    buffers = Buffers(BufferingHints(1, 60))
    found: list[tuple[str, list[int]]] = []
    left, at = list(rows), 0
    while left:
        size = batches[at % len(batches)]
        found += [(buffer.identity[0], ids(buffer)) for buffer in buffers.add(rows_of(left[:size]))]
        left, at = left[size:], at + 1
    found += [(buffer.identity[0], ids(buffer)) for buffer in buffers.take_all()]
    by_name: dict[str, list[list[int]]] = defaultdict(list)
    for name, held in found:
        by_name[name].append(held)
    expected: dict[str, list[list[int]]] = defaultdict(list)
    for name, held in model(rows, size=MIB, interval_ms=60_000):
        expected[name].append(held)
    assert by_name == expected


def test_a_buffer_is_due_when_its_oldest_row_has_waited_the_interval() -> None:
    buffers = Buffers(BufferingHints(1, 60))
    assert buffers.add(rows_of([("a", 0, 1_000, 10), ("b", 1, 5_000, 10)])) == []
    assert buffers.next_due_ms() == 61_000
    assert buffers.take_due(60_999) == []
    assert [ids(buffer) for buffer in buffers.take_due(61_000)] == [[0]]
    assert [buffer.identity for buffer in buffers] == [("b",)]


def test_size_counts_bytes_and_the_row_that_reaches_it_belongs_to_the_object() -> None:
    buffers = Buffers(BufferingHints(1, 60))
    due = buffers.add(rows_of([("a", 0, 0, MIB - 1), ("a", 1, 0, 1), ("a", 2, 0, 1)]))
    assert [(ids(buffer), buffer.size_bytes) for buffer in due] == [([0, 1], MIB)]
    assert [ids(buffer) for buffer in buffers] == [[2]]


@pytest.mark.parametrize(
    ("now_ms", "due"), [pytest.param(999, 0, id="gathers"), pytest.param(1_000, 1, id="within-a-second")]
)
def test_zero_buffering_delivers_within_a_second(now_ms: int, due: int) -> None:
    buffers = Buffers(BufferingHints(1, 0))
    buffers.add(rows_of([("a", 0, 0, 10)]))
    assert len(buffers.take_due(now_ms)) == due


def test_first_row_and_oldest_arrival_are_those_of_all_buffers() -> None:
    buffers = Buffers(BufferingHints(1, 60))
    assert (buffers.first_row(), buffers.oldest_arrived_ms(), buffers.next_due_ms()) == (None, None, None)
    buffers.add(rows_of([("b", 3, 7_000, 1), ("a", 9, 8_000, 1)]))
    assert (buffers.first_row(), buffers.oldest_arrived_ms()) == (3, 7_000)
