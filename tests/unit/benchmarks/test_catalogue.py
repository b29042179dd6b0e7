import pytest

from benchmarks.benchmark import Benchmark, Goal
from benchmarks.catalogue import UnknownBenchmarkError, benchmarks_found, chosen


def benchmark(name: str, *goals: str) -> Benchmark:
    return Benchmark(name, tuple(Goal(goal, "", 1.0, "at least", "s", "") for goal in goals), lambda _setting: {})


FIRST, SECOND = benchmark("first", "a", "b"), benchmark("second", "c")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        pytest.param([], [FIRST, SECOND], id="all"),
        pytest.param(["second"], [SECOND], id="by-name"),
        pytest.param(["b"], [FIRST], id="by-goal"),
        pytest.param(["b", "first", "a"], [FIRST], id="each-once"),
    ],
)
def test_benchmarks_are_chosen_by_name_or_goal(names: list[str], expected: list[Benchmark]) -> None:
    assert chosen([FIRST, SECOND], names) == expected


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UnknownBenchmarkError, match="no benchmark 'x'; there are: first, a, b, second, c, and peers"):
        chosen([FIRST, SECOND], ["x"])


def test_no_goal_is_claimed_by_two_benchmarks() -> None:
    ids = [goal.id for found in benchmarks_found() for goal in found.goals]
    assert sorted(ids) == sorted(set(ids))
