import re

import pytest

from local_firehose.clock import MAX_ADVANCE_SECONDS, Clock, ClockSetting


class RealTime:
    def __init__(self) -> None:
        self.ms = 1_000_000

    def __call__(self) -> int:
        return self.ms


def test_runs_with_real_time() -> None:
    real = RealTime()
    clock = Clock(real_ms=real)
    real.ms += 250
    assert (clock.now_ms(), clock.speed, clock.offset_seconds) == (1_000_250, 1.0, 0.0)
    assert clock.now().isoformat() == "1970-01-01T00:16:40.250000+00:00"


def test_advancing_moves_it_once() -> None:
    real = RealTime()
    clock = Clock(real_ms=real)
    clock.advance(61.5)
    real.ms += 500
    assert (clock.now_ms(), clock.offset_seconds) == (1_062_000, 61.5)


def test_another_speed_does_not_make_the_present_jump() -> None:
    real = RealTime()
    clock = Clock(real_ms=real)
    real.ms += 1_000
    clock.set_speed(60)
    assert clock.now_ms() == 1_001_000
    real.ms += 1_000
    assert clock.now_ms() == 1_061_000
    clock.set_speed(1)
    real.ms += 1_000
    assert clock.now_ms() == 1_062_000
    assert clock.real_seconds(60) == 60.0


def test_wait_is_shorter_on_a_faster_clock() -> None:
    clock = Clock(real_ms=RealTime())
    clock.set_speed(30)
    assert clock.real_seconds(60) == 2.0


def test_setting_carries_over_to_another_process() -> None:
    real = RealTime()
    front = Clock(real_ms=real)
    front.advance(10)
    front.set_speed(5)
    child = Clock(real_ms=real)
    child.apply(front.setting)
    real.ms += 300
    assert child.now_ms() == front.now_ms() == 1_011_500
    assert front.setting == ClockSetting(real_ms=1_000_000, local_ms=1_010_000, speed=5)


@pytest.mark.parametrize(
    "seconds",
    [
        pytest.param(-1, id="backwards"),
        pytest.param(-0.001, id="slightly"),
        pytest.param(float("nan"), id="nowhere"),
        pytest.param(1e18, id="out-of-time"),
    ],
)
def test_going_back_or_too_far_is_refused(seconds: float) -> None:
    clock = Clock(real_ms=RealTime())
    before = clock.setting
    with pytest.raises(
        ValueError, match=rf"^cannot advance by {re.escape(str(seconds))} seconds; give zero to 315360000 "
    ):
        clock.advance(seconds)
    assert clock.setting == before


def test_the_clock_stays_in_this_century() -> None:
    clock = Clock(real_ms=lambda: 1_715_900_000_000)
    for _ in range(7):
        clock.advance(MAX_ADVANCE_SECONDS)
    with pytest.raises(ValueError, match=r"not beyond the year 2099$"):
        clock.advance(MAX_ADVANCE_SECONDS)
    assert clock.now().year == 2094


@pytest.mark.parametrize(
    "speed", [pytest.param(0, id="stopped"), pytest.param(-1, id="backwards"), pytest.param(float("nan"), id="nan")]
)
def test_speed_that_no_clock_has_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match=rf"^cannot run at speed {speed}; give a number above 0"):
        Clock(real_ms=RealTime()).set_speed(speed)
