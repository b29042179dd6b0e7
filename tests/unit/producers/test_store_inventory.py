import hashlib
import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from firehose_spec.digest import row_item
from producers.errors import ConfigError
from producers.store_catalogue import ITEMS
from producers.store_inventory import COLUMNS, EVENT_TYPES, StoreInventory, StorePlan

START = datetime(2026, 11, 22, tzinfo=UTC)


def plan(**changes: object) -> StorePlan:
    return StorePlan(**{"run_id": "run", "seed": 7, "start": START, "events": 12_000, **changes})  # type: ignore[arg-type]


def records(plan: StorePlan) -> list[bytes]:
    return [record for block in StoreInventory(plan) for record in block.records]


def test_same_seed_run_id_and_start_give_the_same_bytes_on_every_machine() -> None:
    sent = b"\n".join(records(plan()))
    assert sent == b"\n".join(records(plan()))
    assert hashlib.sha256(sent).hexdigest() == "eae6e95b60496e18374d151481af85ab70518efcf4279e4dfd98007445bd2b75"


@pytest.mark.parametrize("changes", [{"seed": 8}, {"run_id": "other"}, {"start": START + timedelta(hours=1)}], ids=str)
def test_other_arguments_give_other_bytes(changes: dict[str, object]) -> None:
    assert records(plan(**changes)) != records(plan())


def test_event_has_the_columns_in_order_and_their_types() -> None:
    event = json.loads(records(plan(events=1))[0])
    assert list(event) == list(COLUMNS)
    assert event["event_id"] == "run-0"
    assert [type(value) for value in event.values()] == [str] * 6 + [int] * 3 + [float, str, int]


def test_digest_rows_are_the_events_columns() -> None:
    for block in StoreInventory(plan()):
        assert [row_item(list(json.loads(record).values())) for record in block.records] == block.rows
        assert [int(json.loads(record)["store_id"][1:]) - 1 for record in block.records] == block.stores.tolist()


def test_stock_levels_add_up_and_never_fall_below_zero() -> None:
    stock = {
        (f"S{store:03}", item.item_id): item.reorder_point + item.restock for store in range(1, 21) for item in ITEMS
    }
    for record in records(plan()):
        event = json.loads(record)
        stock[event["store_id"], event["item_id"]] += event["quantity_change"]
        assert stock[event["store_id"], event["item_id"]] == event["stock_level"] >= 0


def test_events_are_believable() -> None:
    events = [json.loads(record) for record in records(plan())]
    kinds = Counter(event["event_type"] for event in events)
    assert set(kinds) == set(EVENT_TYPES)
    assert kinds["sale"] > 0.6 * len(events)
    assert all(event["quantity_change"] <= 0 for event in events if event["event_type"] in {"sale", "adjustment"})
    assert all(event["quantity_change"] > 0 for event in events if event["event_type"] in {"restock", "return"})
    assert 0 < sum(event["stock_level"] <= event["reorder_point"] for event in events) < 0.3 * len(events)
    assert len({event["store_id"] for event in events}) == 20
    assert len({event["item_id"] for event in events}) == len(ITEMS)


def test_times_run_evenly_over_the_hours_in_order() -> None:
    times = [json.loads(record)["event_timestamp"] for record in records(plan(hours=6))]
    assert times == sorted(times)
    assert (times[0], times[-1]) == (int(START.timestamp()), int(START.timestamp()) + 6 * 3600 - 2)
    assert set(Counter((time - times[0]) // 3600 for time in times).values()) == {2000}


def test_late_arrivals_are_as_many_and_as_late_as_asked() -> None:
    on_time = [json.loads(record)["event_timestamp"] for record in records(plan())]
    late = [json.loads(record)["event_timestamp"] for record in records(plan(late_share=0.1, late_seconds=600))]
    delays = [due - time for due, time in zip(on_time, late, strict=True) if due != time]
    assert 0.08 < len(delays) / len(late) < 0.12
    assert 1 <= min(delays) <= max(delays) <= 600


def test_lateness_changes_nothing_but_times() -> None:
    def without_time(record: bytes) -> dict[str, object]:
        return {key: value for key, value in json.loads(record).items() if key != "event_timestamp"}

    assert [*map(without_time, records(plan(late_share=0.5)))] == [*map(without_time, records(plan()))]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"stores": 0}, "--stores is 0; allowed is 1 to 999", id="no-store"),
        pytest.param({"hours": 0}, "--hours is 0; allowed is 1 to 8,784", id="no-hour"),
        pytest.param({"late_share": 2}, "--late-share is 2; allowed is 0 to 1", id="share"),
        pytest.param({"seed": -1}, "--seed is -1; allowed is 0 to", id="seed"),
    ],
)
def test_plan_outside_its_ranges_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        plan(**changes)
