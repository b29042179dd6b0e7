import threading
import time

import pytest

from validators import bucket
from validators.bucket import map_ordered


def test_results_come_in_order_whatever_finishes_first() -> None:
    gates = [threading.Event() for _ in range(4)]

    def work(number: int) -> int:
        if number < 3:
            assert gates[number + 1].wait(10)
        gates[number].set()
        return number * 10

    assert list(map_ordered(work, range(4), size_of=lambda _: 1, workers=4)) == [(n, n * 10) for n in range(4)]


def test_no_more_is_held_than_the_bounds_allow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bucket, "IN_FLIGHT_BYTES", 30)
    taken = 0

    def items():
        nonlocal taken
        for number in range(50):
            taken += 1
            yield number

    for number, _ in map_ordered(lambda item: item, items(), size_of=lambda _: 10, workers=2):
        assert taken - number <= 5


def test_item_larger_than_the_bound_still_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bucket, "IN_FLIGHT_BYTES", 30)
    assert [item for item, _ in map_ordered(lambda item: item, [1, 2], size_of=lambda _: 1000)] == [1, 2]


def test_error_in_a_thread_is_raised_and_the_rest_given_up() -> None:
    started = []

    def work(number: int) -> int:
        started.append(number)
        if number == 1:
            raise ValueError("broken")
        time.sleep(0)
        return number

    with pytest.raises(ValueError, match="broken"):
        list(map_ordered(work, range(10_000), size_of=lambda _: 1, workers=1))
    assert len(started) < 10_000
