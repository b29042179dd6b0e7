import pytest
from hypothesis import given
from hypothesis import strategies as st

from firehose_spec.quotas import BILLING_STEP_BYTES, billed_bytes
from producers.aggregation import aggregate


@given(
    st.lists(st.binary(min_size=1, max_size=40).filter(lambda event: b"\n" not in event), max_size=60),
    st.sets(st.integers(0, 59)),
    st.integers(10, 90),
)
def test_records_split_into_the_events_again(events: list[bytes], alone: set[int], max_bytes: int) -> None:
    records = list(aggregate(events, alone=alone, max_bytes=max_bytes))
    assert [event for _, record in records for event in record.split(b"\n")] == events
    place = 0
    for number, record in records:
        assert number == len(record.split(b"\n"))
        assert len(record) <= max_bytes or number == 1
        assert number == 1 or not alone & set(range(place, place + number))
        place += number


def test_record_never_holds_more_than_500_events() -> None:
    assert [number for number, _ in aggregate([b"1"] * 1201, max_bytes=5120)] == [500, 500, 201]


@pytest.mark.parametrize(("max_bytes", "records"), [(5120, [2, 1]), (5121, [3])], ids=["one-byte-short", "just-fits"])
def test_record_is_filled_to_the_last_byte(max_bytes: int, records: list[int]) -> None:
    events = [b"x" * 2000, b"y" * 2000, b"z" * (5121 - 4002)]
    assert [number for number, _ in aggregate(events, max_bytes=max_bytes)] == records


def test_one_billing_step_instead_of_one_an_event() -> None:
    events = [b"e" * 300] * 17  # 17 * 300 + 16 newlines = 5,116 bytes
    records = list(aggregate(events))
    assert sum(billed_bytes(len(record)) for _, record in records) == BILLING_STEP_BYTES
    assert sum(billed_bytes(len(event)) for event in events) == 17 * BILLING_STEP_BYTES
