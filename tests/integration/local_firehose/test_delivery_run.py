from pathlib import Path

import pyarrow as pa
import pytest

from local_firehose import delivery_run
from local_firehose.delivery_run import RunStore


def table(number: int, *, rows: int = 2_000) -> pa.Table:
    return pa.table(
        {
            "text": [f"row {number}-{row}" * 3 for row in range(rows)],
            "nested": [[{"a": row}] if row % 3 else None for row in range(rows)],
            "count": list(range(rows)),
        }
    )


def test_runs_beyond_the_budget_lie_on_disk_and_read_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery_run, "_GIVE_BACK_AFTER_BYTES", 10_000)
    store = RunStore(tmp_path, budget_bytes=3 * table(0).nbytes)
    runs = [store.keep(table(number)) for number in range(10)]
    in_memory = [run for run in runs if run.is_in_memory]
    assert sum(run.size_bytes for run in in_memory) <= 3 * table(0).nbytes
    assert 0 < len(in_memory) < 10
    for number, run in enumerate(runs):
        for start, stop in [(0, 2_000), (17, 18), (1_990, 2_000), (500, 500)]:
            assert run.slice(start, stop).to_pydict() == table(number).slice(start, stop - start).to_pydict()


def test_a_scratch_file_has_no_name_once_it_is_written(tmp_path: Path) -> None:
    store = RunStore(tmp_path, budget_bytes=0)
    run = store.keep(table(0))
    assert not run.is_in_memory
    assert list(tmp_path.iterdir()) == []


def test_rows_stay_in_memory_where_the_scratch_folder_cannot_be_written(tmp_path: Path) -> None:
    store = RunStore(tmp_path / "missing", budget_bytes=0)
    run = store.keep(table(0))
    assert run.is_in_memory
    assert run.slice(0, 1).num_rows == 1


def test_runs_that_nobody_holds_count_no_more(tmp_path: Path) -> None:
    store = RunStore(tmp_path, budget_bytes=2 * table(0).nbytes)
    for number in range(5):
        assert store.keep(table(number)).is_in_memory
