from types import SimpleNamespace

import numpy as np
import pytest

from validators.accounting import Quarantine, Reconciliation, RunFinder, account_run
from validators.manifests import manifest_of
from validators.row_scan import SequenceCounts


def delivered(*counts: int) -> SequenceCounts:
    return SequenceCounts(np.array(counts, np.uint8))


@pytest.mark.parametrize(
    ("counts", "quarantine", "expected"),
    [
        pytest.param((1, 1, 1, 1), Quarantine(), (4, 0, 0, 0, 0), id="all"),
        pytest.param((1, 0, 1, 1), Quarantine(), (3, 0, 1, 0, 0), id="one-lost"),
        pytest.param((1, 0, 1, 1), Quarantine(1, {1}), (3, 1, 0, 0, 0), id="quarantined-by-id"),
        pytest.param((1, 0, 1, 1), Quarantine(1), (3, 1, 0, 0, 0), id="quarantined-without-id"),
        pytest.param((1, 0, 0, 1), Quarantine(1), (2, 1, 1, 0, 0), id="one-quarantined-one-lost"),
        pytest.param((1, 3, 1, 1), Quarantine(), (4, 0, 0, 2, 0), id="twice-too-often"),
        pytest.param((1, 1, 1, 1, 0, 1), Quarantine(), (4, 0, 0, 0, 1), id="beyond-the-run"),
        pytest.param(
            (1, 0, 1, 1), Quarantine(1, {2}), (3, 1, 1, 0, 0), id="delivered-and-quarantined-explains-nothing"
        ),
    ],
)
def test_run_adds_up(
    counts: tuple[int, ...], quarantine: Quarantine, expected: tuple[int, ...], made: SimpleNamespace
) -> None:
    manifest = manifest_of(made.manifest(records=4, accepted=4, accepted_sequences=[[0, 3]]), "m.json")
    numbers = account_run(manifest, delivered(*counts), quarantine).numbers
    found = (numbers.delivered, numbers.quarantined, numbers.lost, numbers.duplicated, numbers.invented)
    assert found == expected


def test_record_that_was_given_up_is_not_lost_and_when_delivered_invented(made: SimpleNamespace) -> None:
    manifest = manifest_of(
        made.manifest(records=4, accepted=3, given_up=1, accepted_sequences=[[0, 1], [3, 3]]), "m.json"
    )
    assert account_run(manifest, delivered(1, 1, 0, 1), Quarantine()).numbers == Reconciliation(4, 3, 3)
    account = account_run(manifest, delivered(1, 1, 1, 1), Quarantine())
    assert (account.numbers.invented, account.invented_examples) == (1, (2,))


def test_nothing_delivered_is_all_lost(made: SimpleNamespace) -> None:
    manifest = manifest_of(made.manifest(records=3, accepted=3, accepted_sequences=[[0, 2]]), "m.json")
    account = account_run(manifest, None, Quarantine())
    assert (account.numbers.lost, account.lost_examples) == (3, (0, 1, 2))


def test_run_of_a_quarantined_record_is_found_by_id_or_hash(made: SimpleNamespace) -> None:
    entry = {"sha256": "ab" * 32, "reason": "processing-failed", "kind": "x"}
    manifests = [
        manifest_of(made.manifest(run_id=run, expected_quarantine=[entry] if run == "r-1" else []), "m.json")
        for run in ("r", "r-1")
    ]
    finder = RunFinder(manifests)
    assert finder.find(b'{"event_id":"r-12"}', "") == ("r", 12)
    assert finder.find(b'{"event_id":"r-1-12"}', "") == ("r-1", 12)
    assert finder.find(b"garbage", "ab" * 32) == ("r-1", None)
    assert finder.find(b"garbage", "cd" * 32) == (None, None)


def test_range_of_sequence_numbers_counts_like_each_of_them() -> None:
    counts = SequenceCounts()
    counts.add(np.array([1, 2, 2], np.int64))
    counts.add_range(2, 2000, times=2)
    assert counts.counts[:4].tolist() == [0, 1, 4, 2]
    assert counts.counts[2000] == 2
    counts.add_range(5, 5, times=300)
    assert counts.counts[5] == 255
