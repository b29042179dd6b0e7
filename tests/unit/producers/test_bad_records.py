import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.bad_records import KINDS, place_bad_records, shares_to_counts
from producers.errors import ConfigError

GOOD = json.dumps({"event_id": "r-7", "store_id": "S001", "item_name": "Crème", "quantity_change": -2}).encode()


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        pytest.param("not-json", "metadata-extraction-failed", id="not-json"),
        pytest.param("truncated-json", "metadata-extraction-failed", id="truncated-json"),
        pytest.param("missing-store-id", "metadata-extraction-failed", id="missing-store-id"),
        pytest.param("null-store-id", "metadata-extraction-failed", id="null-store-id"),
        pytest.param("empty-store-id", "metadata-extraction-failed", id="empty-store-id"),
        pytest.param("wrong-type", "format-conversion-failed", id="wrong-type"),
    ],
)
def test_kind_ends_under_its_error_output_type(kind: str, reason: str) -> None:
    assert KINDS[kind].reason == reason


@pytest.mark.parametrize("kind", ["not-json", "truncated-json"])
def test_text_kinds_are_not_json_and_keep_the_event_id(kind: str) -> None:
    bad = KINDS[kind].spoil(GOOD)
    assert b"r-7" in bad
    with pytest.raises(json.JSONDecodeError, match=r"Extra data|Expecting|Unterminated"):
        json.loads(bad)


@pytest.mark.parametrize(
    ("kind", "changed"),
    [
        pytest.param("missing-store-id", {"store_id": "gone"}, id="missing"),
        pytest.param("null-store-id", {"store_id": None}, id="null"),
        pytest.param("empty-store-id", {"store_id": ""}, id="empty"),
        pytest.param("wrong-type", {"quantity_change": "many"}, id="wrong-type"),
    ],
)
def test_json_kinds_change_one_key_only(kind: str, changed: dict[str, object]) -> None:
    expected = {**json.loads(GOOD), **changed}
    if kind == "missing-store-id":
        del expected["store_id"]
    assert json.loads(KINDS[kind].spoil(GOOD)) == expected


@pytest.mark.parametrize(
    ("events", "share", "by_kind", "total"),
    [
        pytest.param(10_000, 0.003, {}, {"not-json": 5, "missing-store-id": 5, "wrong-type": 5, "null-store-id": 5,
                                         "empty-store-id": 5, "truncated-json": 5}, id="share-deals-out-all-kinds"),
        pytest.param(100, 0.003, {}, {"not-json": 1}, id="share-is-at-least-one"),
        pytest.param(0, 0.5, {}, {}, id="nothing-to-spoil"),
        pytest.param(100, 0.0, {"wrong-type": "3"}, {"wrong-type": 3}, id="count-by-kind"),
        pytest.param(2000, 0.0, {"not-json": "0.01"}, {"not-json": 20}, id="share-by-kind"),
    ],
)  # fmt: skip
def test_shares_become_counts(events: int, share: float, by_kind: dict[str, str], total: dict[str, int]) -> None:
    assert shares_to_counts(events, share=share, by_kind=by_kind) == total


@pytest.mark.parametrize(
    ("share", "by_kind", "message"),
    [
        pytest.param(1.5, {}, "--bad-share is 1.5; allowed is 0 to 1", id="share-above-one"),
        pytest.param(0, {"odd": "1"}, "--bad odd=1: no such kind; there are not-json, missing-store-id", id="unknown"),
        pytest.param(0, {"not-json": "x"}, "--bad not-json=x: give a count such as 5", id="not-a-number"),
        pytest.param(0, {"not-json": "11"}, "11 bad records asked for among 10; allowed is 0 to 10", id="too-many"),
    ],
)
def test_impossible_wish_is_refused(share: float, by_kind: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        shares_to_counts(10, share=share, by_kind=by_kind)


@given(st.integers(1, 2000), st.data())
def test_places_are_distinct_and_count_each_kind(events: int, data: st.DataObject) -> None:
    counts = data.draw(st.dictionaries(st.sampled_from(sorted(KINDS)), st.integers(1, max(1, events // 6))))
    if sum(counts.values()) > events:
        return
    places = place_bad_records(events, counts)
    assert {name: sum(kind.name == name for kind in places.values()) for name in counts} == counts
    assert all(0 <= place < events for place in places)
