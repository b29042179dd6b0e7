import asyncio
import logging

from local_firehose.clock import Clock
from local_firehose.settling import keep_settled


class ControlPlaneDouble:
    """Something is due at `due_ms`; `settle` fails as often as told."""

    def __init__(self, due_ms: int | None, failures: int = 0) -> None:
        self.due_ms, self.failures = due_ms, failures
        self.settled = asyncio.Event()
        self.calls = 0

    def next_settling_ms(self) -> int | None:
        return self.due_ms

    async def settle(self) -> None:
        self.calls += 1
        if self.calls <= self.failures:
            raise OSError("disk full")
        self.due_ms = None
        self.settled.set()


def test_what_is_due_is_settled_once() -> None:
    async def scenario() -> int:
        control_plane = ControlPlaneDouble(due_ms=0)
        async with keep_settled(control_plane, Clock()):
            await asyncio.wait_for(control_plane.settled.wait(), timeout=10)
        return control_plane.calls

    assert asyncio.run(scenario()) == 1


def test_what_is_not_due_waits_until_the_clock_is_moved() -> None:
    async def scenario() -> tuple[int, int]:
        clock = Clock()
        control_plane = ControlPlaneDouble(due_ms=clock.now_ms() + 3_600_000)
        async with keep_settled(control_plane, clock):
            await asyncio.sleep(0)
            before = control_plane.calls
            clock.advance(3_600)
            await asyncio.wait_for(control_plane.settled.wait(), timeout=10)
        return before, control_plane.calls

    assert asyncio.run(scenario()) == (0, 1)


def test_failure_is_logged_and_tried_again(caplog) -> None:
    async def scenario() -> int:
        control_plane = ControlPlaneDouble(due_ms=0, failures=1)
        async with keep_settled(control_plane, Clock()):
            await asyncio.wait_for(control_plane.settled.wait(), timeout=10)
        return control_plane.calls

    with caplog.at_level(logging.ERROR):
        assert asyncio.run(scenario()) == 2
    assert "statuses could not be settled" in caplog.text
