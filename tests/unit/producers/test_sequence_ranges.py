from hypothesis import given
from hypothesis import strategies as st

from producers.sequence_ranges import ranges_without


@given(st.integers(0, 60), st.lists(st.tuples(st.integers(0, 59), st.integers(1, 5)), max_size=12))
def test_ranges_hold_exactly_what_is_not_missing(count: int, missing: list[tuple[int, int]]) -> None:
    missing = [(first, number) for first, number in missing if first + number <= count]
    absent = {first + step for first, number in missing for step in range(number)}
    ranges = ranges_without(count, missing)
    assert [number for low, high in ranges for number in range(low, high + 1)] == [
        number for number in range(count) if number not in absent
    ]
    assert all(ranges[place][1] + 1 < ranges[place + 1][0] for place in range(len(ranges) - 1))
