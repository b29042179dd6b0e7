"""The time as local_firehose sees it: real time that can be moved forward or made to run faster.

Talks to: the system clock, and nothing else asks it. A `ClockSetting` travels between the two processes, which share the machine's wall
clock, so that both read the same time.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class ClockSetting:
    """A straight line from real to local time, both in epoch milliseconds: ``local + (now - real) * speed``."""

    real_ms: int = 0
    local_ms: int = 0
    speed: float = 1.0

    def at(self, real_ms: int) -> int:
        """Return the local time at a real one, in epoch milliseconds."""
        return self.local_ms + int((real_ms - self.real_ms) * self.speed)


MAX_SPEED = 1_000_000
MAX_ADVANCE_SECONDS = 315_360_000
_LAST_MS = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp() * 1000)


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000


class Clock:
    """A clock that several threads may read and move; it never runs backwards by a call of ours.

    >>> clock = Clock(real_ms=lambda: 1_000)
    >>> clock.advance(2.5)
    >>> clock.now_ms()
    3500
    """

    def __init__(self, setting: ClockSetting | None = None, *, real_ms: Callable[[], int] = _wall_ms) -> None:
        self._real_ms = real_ms
        self._setting = setting or ClockSetting()
        self._lock = threading.Lock()

    def now_ms(self) -> int:
        """Return the time in epoch milliseconds."""
        return self._setting.at(self._real_ms())

    def now(self) -> datetime:
        """Return the time as an aware datetime in UTC, to the millisecond."""
        return datetime.fromtimestamp(self.now_ms() / 1000, UTC)

    @property
    def setting(self) -> ClockSetting:
        """Where the clock stands; hand it to `apply` of another process's clock."""
        return self._setting

    @property
    def speed(self) -> float:
        """Local seconds per real second."""
        return self._setting.speed

    @property
    def offset_seconds(self) -> float:
        """How far the clock is ahead of real time now."""
        real_ms = self._real_ms()
        return (self._setting.at(real_ms) - real_ms) / 1000

    def advance(self, seconds: float) -> None:
        """Move the clock forward.

        Raises:
            ValueError: `seconds` is negative (time that was handed out cannot be taken back), or leads out of this century.
        """
        if not 0 <= seconds <= MAX_ADVANCE_SECONDS or self.now_ms() + seconds * 1000 > _LAST_MS:
            raise ValueError(
                f"cannot advance by {seconds} seconds; give zero to {MAX_ADVANCE_SECONDS} (ten years), not beyond the year 2099"
            )
        self._set(self.speed, forward_ms=round(seconds * 1000))

    def set_speed(self, speed: float) -> None:
        """Run `speed` times as fast as real time from now on; the present does not jump.

        Raises:
            ValueError: `speed` is not above zero.
        """
        if not 0 < speed <= MAX_SPEED:
            raise ValueError(f"cannot run at speed {speed}; give a number above 0, at most {MAX_SPEED}")
        self._set(speed)

    def apply(self, setting: ClockSetting) -> None:
        """Take over the setting of another process's clock."""
        with self._lock:
            self._setting = setting

    def real_seconds(self, seconds: float) -> float:
        """Return how long a wait of that many seconds on this clock lasts in reality."""
        return seconds / self._setting.speed

    def _set(self, speed: float, *, forward_ms: int = 0) -> None:
        with self._lock:
            real_ms = self._real_ms()
            self._setting = ClockSetting(real_ms, self._setting.at(real_ms) + forward_ms, speed)
