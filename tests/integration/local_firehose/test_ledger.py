from pathlib import Path

import numpy as np
import pytest

from local_firehose.journal_chunk import Int64Array
from local_firehose.ledger import Ledger, ObjectKind, PlannedObject, Progress
from local_firehose.ledger_rows import UNCLAIMED, row_ids

DONE = -2


def rows(*sequences: int) -> Int64Array:
    return row_ids(np.array(sequences, dtype=np.int64))


def planned(ledger: Ledger, *sequences: int, kind: ObjectKind = "data") -> PlannedObject:
    made = PlannedObject(ledger.next_id(), kind, ("S1", "é"), "bucket", "key", 1_000, len(sequences), rows(*sequences))
    ledger.plan([made])
    return made


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


def reopened(path: Path, ledger: Ledger) -> Ledger:
    ledger.close()
    return Ledger(path)


def test_a_promise_survives_and_its_rows_are_claimed(path: Path) -> None:
    ledger = Ledger(path)
    first, second = planned(ledger, 0, 2), planned(ledger, 1, 5)
    ledger.finish([first], now_ms=2_000)
    ledger = reopened(path, ledger)
    (found,) = ledger.planned()
    assert (found.id, found.identity, found.key, found.rows.tolist()) == (
        second.id,
        ("S1", "é"),
        "key",
        rows(1, 5).tolist(),
    )
    owners = ledger.claims(backup=False, done_owner=DONE).owners(rows(0, 1, 2, 3, 5))
    assert owners.tolist() == [DONE, second.id, DONE, UNCLAIMED, second.id]
    assert ledger.next_id() > second.id
    ledger.close()


def test_counts_tell_data_errors_and_backup_apart(path: Path) -> None:
    ledger = Ledger(path)
    ledger.finish(
        [planned(ledger, 0, 1), planned(ledger, 2, kind="error"), planned(ledger, 0, 1, 2, kind="backup")], now_ms=2_000
    )
    ledger.trim(3)
    ledger = reopened(path, ledger)
    assert ledger.progress() == Progress(3, 2, 1, 1, 0, 2_000)
    ledger.close()


def test_backup_rows_are_claimed_apart(path: Path) -> None:
    ledger = Ledger(path)
    ledger.finish([planned(ledger, 0, kind="backup")], now_ms=0)
    assert ledger.claims(backup=False, done_owner=DONE).owners(rows(0)).tolist() == [UNCLAIMED]
    assert ledger.claims(backup=True, done_owner=DONE).owners(rows(0)).tolist() == [DONE]
    ledger.close()


def test_trimming_forgets_objects_that_hold_nothing_later(path: Path) -> None:
    ledger = Ledger(path)
    ledger.finish([planned(ledger, 0, 1), planned(ledger, 2, 9)], now_ms=0)
    ledger.trim(5)
    assert ledger.claims(backup=False, done_owner=DONE).owners(rows(0, 2, 9)).tolist() == [UNCLAIMED, DONE, DONE]
    ledger.trim(3)  # never backwards
    assert ledger.progress().trimmed_sequence == 5
    ledger.close()


def test_an_abandoned_promise_frees_its_rows_a_kept_one_cannot_be_abandoned(path: Path) -> None:
    ledger = Ledger(path)
    kept, dropped = planned(ledger, 0), planned(ledger, 1)
    ledger.finish([kept], now_ms=0)
    ledger.abandon([kept.id, dropped.id])
    assert ledger.claims(backup=False, done_owner=DONE).owners(rows(0, 1)).tolist() == [DONE, UNCLAIMED]
    ledger.close()


def test_discarded_rows_count_as_lost_and_are_not_delivered_again(path: Path) -> None:
    ledger = Ledger(path)
    ledger.discard([planned(ledger, 0, 1), planned(ledger, 0, 1, kind="backup")])
    assert ledger.progress().discarded_records == 2
    assert ledger.claims(backup=False, done_owner=DONE).owners(rows(0)).tolist() == [DONE]
    ledger.close()
