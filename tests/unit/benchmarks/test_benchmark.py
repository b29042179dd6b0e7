from collections.abc import Callable

import pytest

from benchmarks.benchmark import Goal, Measurement, in_turn

AT_LEAST = Goal("g", "title", 0.5, "at least", "records/s", "reference")
AT_MOST = Goal("g", "title", 1.5, "at most", "s", "reference")


@pytest.mark.parametrize(
    ("goal", "ratio", "is_met"),
    [
        pytest.param(AT_LEAST, 0.5, True, id="at-least-on-the-bound"),
        pytest.param(AT_LEAST, 0.49, False, id="at-least-below"),
        pytest.param(AT_MOST, 1.5, True, id="at-most-on-the-bound"),
        pytest.param(AT_MOST, 1.51, False, id="at-most-above"),
    ],
)
def test_goal_is_met_on_its_own_side_of_the_bound(goal: Goal, ratio: float, *, is_met: bool) -> None:
    assert goal.is_met(ratio) is is_met


def test_ratio_is_the_median_of_the_rounds_ratios_not_the_ratio_of_medians() -> None:
    measurement = Measurement(ours=(10.0, 100.0, 30.0), theirs=(10.0, 50.0, 10.0))
    assert measurement.ratios == (1.0, 2.0, 3.0)
    assert measurement.ratio == 2.0


def test_one_reference_value_stands_for_all_rounds() -> None:
    assert Measurement(ours=(1.0, 2.0), theirs=(4.0,)).ratios == (0.25, 0.5)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [pytest.param((), (1.0,), id="nothing-of-ours"), pytest.param((1.0, 2.0, 3.0), (1.0, 2.0), id="unpaired")],
)
def test_values_without_partners_are_refused(ours: tuple[float, ...], theirs: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="give pairs, or one bound"):
        Measurement(ours, theirs)


def test_sides_run_in_turn_and_change_who_goes_first() -> None:
    order: list[str] = []

    def side(name: str, value: float) -> Callable[[], float]:
        def run() -> float:
            order.append(name)
            return value + len(order)

        return run

    measurement = in_turn(side("ours", 0), side("theirs", 100), rounds=3)
    assert order == ["ours", "theirs", "theirs", "ours", "ours", "theirs"]
    assert measurement == Measurement(ours=(1.0, 4.0, 5.0), theirs=(102.0, 103.0, 106.0))
