import json
from datetime import UTC, datetime

import pytest

from benchmarks.events import FLAT_COLUMNS, NESTED_COLUMNS, EventPlan, log_lines, store_events


def test_events_have_the_columns_in_order_compact_and_the_same_each_time() -> None:
    plan = EventPlan()
    events = list(store_events(plan, 50))
    assert events == list(store_events(plan, 50))
    assert [list(json.loads(event)) for event in events] == [[name for name, _ in FLAT_COLUMNS]] * 50
    assert [json.dumps(json.loads(event), separators=(",", ":")).encode() for event in events] == events


def test_nested_events_have_four_columns_more() -> None:
    events = [json.loads(event) for event in store_events(EventPlan(is_nested=True), 50)]
    assert {tuple(event) for event in events} == {tuple(name for name, _ in NESTED_COLUMNS)}
    assert {len(event["lots"]) for event in events} == {0, 1, 2}


@pytest.mark.parametrize(
    "plan", [pytest.param(EventPlan(), id="480"), pytest.param(EventPlan(stores=5, hours=1), id="5")]
)
def test_events_meet_every_partition_of_the_plan(plan: EventPlan) -> None:
    found = set()
    for event in store_events(plan, 10_000):
        document = json.loads(event)
        found.add(
            (document["store_id"], datetime.fromtimestamp(document["event_timestamp"], UTC).strftime("%Y/%m/%d/%H"))
        )
    assert len(found) == plan.partitions


def test_sequences_go_on_from_the_first() -> None:
    (event,) = store_events(EventPlan(), 1, first_sequence=41)
    assert json.loads(event)["event_id"] == "bench000-41"


def test_log_lines_end_with_their_line_end_and_repeat_with_the_seed() -> None:
    lines = list(log_lines(20, seed=3))
    assert lines == list(log_lines(20, seed=3)) != list(log_lines(20, seed=4))
    assert all(line.endswith(b"\n") and line.count(b"\n") == 1 for line in lines)
