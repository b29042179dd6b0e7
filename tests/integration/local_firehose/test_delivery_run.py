import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from local_firehose import spilled_rows
from local_firehose.delivery_run import Run, RunStore

ROWS = 2_000
BOUNDS = [0, 17, 18, 700, 1_990, ROWS]
IDS: npt.NDArray[np.int64] = np.arange(ROWS, dtype=np.int64) << 20


def table(number: int) -> pa.Table:
    return pa.table(
        {
            "text": [f"row {number}-{row}" * 3 for row in range(ROWS)],
            "nested": [[{"a": row}] if row % 3 else None for row in range(ROWS)],
            "flag": [None if row % 7 == 0 else row % 2 == 0 for row in range(ROWS)],
            "count": list(range(ROWS)),
        }
    )


SIZE_BYTES = table(0).nbytes + IDS.nbytes


def kept(store: RunStore, number: int) -> Run:
    return store.keep(table(number), IDS, BOUNDS)


def rows_of(run: Run, start: int, stop: int, schema: pa.Schema | None = None) -> pa.Table:
    return pa.Table.from_batches(run.batches(start, stop), schema or table(0).schema)


def test_runs_beyond_the_budget_lie_on_disk_and_read_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spilled_rows, "PIECE_ROWS", 300)
    store = RunStore(tmp_path, budget_bytes=3 * SIZE_BYTES)
    runs = [kept(store, number) for number in range(10)]
    in_memory = [run for run in runs if run.in_memory is not None]
    assert sum(run.size_bytes for run in in_memory) <= 3 * SIZE_BYTES
    assert 0 < len(in_memory) < 10
    for number, run in enumerate(runs):
        for start, stop in [(0, ROWS), (17, 18), (18, 700), (299, 301), (600, 1_200), (1_990, ROWS), (500, 500)]:
            assert rows_of(run, start, stop).to_pydict() == table(number).slice(start, stop - start).to_pydict()
            assert run.row_ids(start, stop).tolist() == IDS[start:stop].tolist()


def test_a_slice_reads_little_more_than_its_own_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = kept(RunStore(tmp_path, budget_bytes=0), 0)
    read = counted_reads(monkeypatch)
    run.batches(18, 700)
    run.row_ids(18, 700)
    assert len(read) == 2
    assert sum(read) < SIZE_BYTES * (700 - 18) / ROWS * 1.2


def test_a_scratch_file_has_no_name_once_it_is_made(tmp_path: Path) -> None:
    store = RunStore(tmp_path, budget_bytes=0)
    run = kept(store, 0)
    assert run.in_memory is None
    assert list(tmp_path.iterdir()) == []


def test_rows_stay_in_memory_where_the_scratch_folder_cannot_be_written(tmp_path: Path) -> None:
    store = RunStore(tmp_path / "missing", budget_bytes=0)
    run = kept(store, 0)
    assert run.in_memory is not None
    assert rows_of(run, 0, 1).num_rows == 1


def test_rows_stay_in_memory_where_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    run = kept(RunStore(tmp_path, budget_bytes=0), 3)
    assert run.in_memory is not None
    assert rows_of(run, 0, ROWS).equals(table(3))


def test_a_scratch_file_that_lost_its_end_is_an_error_and_not_fewer_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = kept(RunStore(tmp_path, budget_bytes=0), 0)
    monkeypatch.setattr(os, "pread", lambda *_: b"")
    with pytest.raises(OSError, match="scratch file: 0 bytes at"):
        run.batches(0, 1)


def test_runs_that_nobody_holds_count_no_more(tmp_path: Path) -> None:
    store = RunStore(tmp_path, budget_bytes=2 * SIZE_BYTES)
    for number in range(5):
        assert kept(store, number).in_memory is not None


def test_rows_of_one_object_are_read_at_once_though_they_came_in_several_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = RunStore(tmp_path, budget_bytes=4 * SIZE_BYTES)
    runs = [kept(store, number) for number in range(5)]
    spilled = [(number, run) for number, run in enumerate(runs) if run.in_memory is None]
    assert len(spilled) == 3
    read = counted_reads(monkeypatch)
    for number, run in spilled:
        assert rows_of(run, 18, 700).to_pydict() == table(number).slice(18, 682).to_pydict()
        assert run.row_ids(18, 700).tolist() == IDS[18:700].tolist()
    assert len(read) == 2


def test_runs_of_other_groups_and_columns_lie_apart(tmp_path: Path) -> None:
    store = RunStore(tmp_path, budget_bytes=1 << 30)
    groups = [["a", "b", "c"], ["c", "a"], ["d"], ["b", "a"]]
    tables = [pa.table({"n": list(range(100 * at, 100 * at + 40))}) for at in range(3)] + [
        pa.table({"m": list("xy" * 20)})
    ]
    bounds = [[0, 7, 7, 40], [0, 39, 40], [0, 40], [0, 1, 40]]
    runs = [
        store.keep(rows, IDS[:40] + at, cuts, names)
        for at, (rows, cuts, names) in enumerate(zip(tables, bounds, groups, strict=True))
    ]
    store._budget_bytes = 0
    with store._lock:
        store._make_room()
    for at, (run, rows) in enumerate(zip(runs, tables, strict=True)):
        assert run.in_memory is None
        for start, stop in [(0, 40), (0, 7), (6, 8), (39, 40), (1, 39), (7, 7)]:
            assert rows_of(run, start, stop, rows.schema).to_pydict() == rows.slice(start, stop - start).to_pydict()
            assert run.row_ids(start, stop).tolist() == (IDS[start:stop] + at).tolist()


def counted_reads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of reads from now on."""
    read: list[int] = []
    pread: Callable[[int, int, int], bytes] = os.pread

    def counted(descriptor: int, size: int, offset: int) -> bytes:
        read.append(size)
        return pread(descriptor, size, offset)

    monkeypatch.setattr(os, "pread", counted)
    return read
