import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firehose_spec.digest import digest, row_item
from producers.outbox import GivenUp
from producers.store_inventory import COLUMNS, StorePlan
from producers.store_source import StoreSource

START = datetime(2026, 11, 22, tzinfo=UTC)


def plan(events: int = 1200) -> StorePlan:
    return StorePlan(run_id="run", seed=7, start=START, events=events, hours=3, stores=5)


@settings(max_examples=12, deadline=None)
@given(st.sets(st.integers(0, 1199), max_size=40), st.booleans(), st.sampled_from([0, 1024, 5120]))
def test_facts_are_about_the_accepted_events_only(lost: set[int], lost_first: bool, aggregate_bytes: int) -> None:
    source = StoreSource(plan(), bad_counts={"not-json": 6, "wrong-type": 6}, aggregate_bytes=aggregate_bytes)
    sent: list[bytes] = []
    given_up: list[GivenUp] = []
    for chunk in source.chunks():
        entries = [
            GivenUp(sequence, record, "Stopped", "", 1)
            for sequence, record in enumerate(chunk.records, len(sent))
            if sequence in lost
        ]
        given_up += entries
        if lost_first:  # a connection's thread may be faster than the one that books the chunk
            source.given_up(entries)
        source.handed_over(chunk)
        sent += chunk.records
        if not lost_first:
            source.given_up(entries)
    facts = source.facts()
    accepted = [
        record for sequence, record in enumerate(sent) if sequence not in {entry.sequence for entry in given_up}
    ]
    lines = [line for record in accepted for line in record.split(b"\n")]
    good = [event for line in lines if (event := parsed(line))]
    assert facts.digest is not None
    assert facts.digest["items"] == len(good) == sum(facts.partitions.values())
    assert facts.digest["value"] == str(digest(row_item([event[column] for column in COLUMNS]) for event in good))
    assert len(facts.expected_quarantine) == len(lines) - len(good)
    numbers = {number for low, high in facts.accepted_sequences for number in range(low, high + 1)}
    assert {int(event["event_id"].removeprefix("run-")) for event in good} <= numbers
    assert len(numbers) == len(lines)


def parsed(line: bytes) -> dict[str, object] | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event["quantity_change"], int) else None


@pytest.mark.parametrize("events", [0, 1, 5001], ids=str)
def test_every_event_is_sent_once(events: int) -> None:
    source = StoreSource(plan(events))
    sent = [record for chunk in source.chunks() for record in chunk.records]
    assert [json.loads(record)["event_id"] for record in sent] == [f"run-{number}" for number in range(events)]
    assert all(len(chunk.records) <= 500 for chunk in source.chunks())


def test_source_that_sent_nothing_says_so() -> None:
    facts = StoreSource(plan(10)).facts()
    assert (facts.accepted_sequences, facts.first_event_at, facts.partitions) == ([], None, {})
    assert facts.digest is not None
    assert (facts.digest["items"], facts.digest["value"]) == (0, "0")
