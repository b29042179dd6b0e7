from types import SimpleNamespace

import numpy as np
import pytest

from validators.accounting import Quarantine, Reconciliation, RunFinder, account_counts, account_run
from validators.manifests import Manifest, manifest_of
from validators.row_scan import SequenceCounts


def delivered(*counts: int) -> SequenceCounts:
    return SequenceCounts(np.array(counts, np.uint8))


@pytest.mark.parametrize(
    ("counts", "quarantine", "expected"),
    [
        pytest.param((1, 1, 1, 1), Quarantine(), (4, 0, 0, 0, 0), id="all"),
        pytest.param((1, 0, 1, 1), Quarantine(), (3, 0, 1, 0, 0), id="one-lost"),
        pytest.param((1, 0, 1, 1), Quarantine({1}), (3, 1, 0, 0, 0), id="quarantined-by-id"),
        pytest.param((1, 0, 1, 1), Quarantine(unidentified=1), (3, 1, 0, 0, 0), id="quarantined-without-id"),
        pytest.param((1, 0, 0, 1), Quarantine(unidentified=1), (2, 1, 1, 0, 0), id="one-quarantined-one-lost"),
        pytest.param((1, 0, 0, 1), Quarantine({1, 2}), (2, 2, 0, 0, 0), id="all-of-an-unsplit-record-quarantined"),
        pytest.param(
            (1, 0, 0, 1), Quarantine({1, 9}), (2, 2, 1, 0, 0), id="quarantined-beyond-the-run-explains-nothing"
        ),
        pytest.param((1, 3, 1, 1), Quarantine(), (4, 0, 0, 2, 0), id="twice-too-often"),
        pytest.param((1, 1, 1, 1, 0, 1), Quarantine(), (4, 0, 0, 0, 1), id="beyond-the-run"),
        pytest.param((1, 0, 1, 1), Quarantine({2}), (3, 1, 1, 0, 0), id="delivered-and-quarantined-explains-nothing"),
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


def aggregated(made: SimpleNamespace, **changes: object) -> Manifest:
    """Ten events in four records of up to three; the third record, events 6 to 8, was given up."""
    said = {"records": 4, "events": 10, "accepted": 3, "given_up": 1, "events_per_record": 3, "possible_duplicates": 0,
            "accepted_sequences": [[0, 5], [9, 9]], **changes}  # fmt: skip
    return manifest_of(made.manifest(**said), "m.json")


@pytest.mark.parametrize(
    ("counts", "quarantine", "expected"),
    [
        pytest.param((1, 1, 1, 1, 1, 1, 0, 0, 0, 1), Quarantine(), (10, 7, 7, 0, 0, 0, 0), id="all-that-was-accepted"),
        pytest.param((1, 1, 1, 1, 0, 1, 0, 0, 0, 1), Quarantine(), (10, 7, 6, 0, 1, 0, 0), id="one-lost-within-a-record"),
        pytest.param((0, 0, 0, 1, 1, 1, 0, 0, 0, 1), Quarantine(), (10, 7, 4, 0, 3, 0, 0), id="a-record-lost"),
        pytest.param((0,) * 10, Quarantine({0, 1, 2, 3, 4, 5, 9}), (10, 7, 0, 7, 0, 0, 0), id="stream-that-splits-nothing"),
        pytest.param((1, 1, 1, 1, 1, 1, 1, 1, 1, 1), Quarantine(), (10, 7, 7, 0, 0, 0, 3), id="given-up-and-stored-all-the-same"),
        pytest.param((2, 2, 2, 1, 1, 1, 0, 0, 0, 1), Quarantine(), (10, 7, 7, 0, 0, 3, 0), id="a-record-delivered-twice"),
    ],
)  # fmt: skip
def test_aggregated_run_adds_up_in_events(
    counts: tuple[int, ...], quarantine: Quarantine, expected: tuple[int, ...], made: SimpleNamespace
) -> None:
    account = account_run(aggregated(made), delivered(*counts), quarantine)
    assert account.numbers == Reconciliation(*expected)


def test_rows_without_ids_are_compared_with_events_not_records(made: SimpleNamespace) -> None:
    assert account_counts([aggregated(made)], delivered=7, quarantined=0) == Reconciliation(10, 7, 7)
    assert account_counts([aggregated(made)], delivered=4, quarantined=1) == Reconciliation(10, 7, 4, 1, lost=2)


def test_record_sent_twice_may_bring_each_of_its_events_twice(made: SimpleNamespace) -> None:
    assert aggregated(made, possible_duplicates=2).possible_duplicate_events == 6


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
    assert finder.find(b'{"event_id":"r-12"}', "") == ("r", (12,))
    assert finder.find(b'{"event_id":"r-1-12"}', "") == ("r-1", (12,))
    assert finder.find(b"garbage", "ab" * 32) == ("r-1", (None,))
    assert finder.find(b"garbage", "cd" * 32) == (None, (None,))


def test_record_of_an_aggregated_run_holds_an_event_a_line(made: SimpleNamespace) -> None:
    manifests = [
        manifest_of(made.manifest(run_id=run, events_per_record=most), "m.json")
        for run, most in (("a", 3), ("single", 1))
    ]
    finder = RunFinder(manifests)
    assert finder.find(b'{"event_id":"a-7"}\n{"event_id":"a-8"}\n', "") == ("a", (7, 8))
    assert finder.find(b'{"event_id":"a-7"}\ncut of', "") == ("a", (7, None))
    assert finder.find(b'{"event_id":"single-7"}\n{"event_id":"single-8"}', "") == ("single", (7,))


def test_range_of_sequence_numbers_counts_like_each_of_them() -> None:
    counts = SequenceCounts()
    counts.add(np.array([1, 2, 2], np.int64))
    counts.add_range(2, 2000, times=2)
    assert counts.counts[:4].tolist() == [0, 1, 4, 2]
    assert counts.counts[2000] == 2
    counts.add_range(5, 5, times=300)
    assert counts.counts[5] == 255
