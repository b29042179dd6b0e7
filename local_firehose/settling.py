"""End passing statuses (CREATING, DELETING, ENABLING, DISABLING) when their time is over by the clock.

Talks to: the control plane, on the event loop.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from local_firehose.clock import Clock
from local_firehose.control_plane import ControlPlane

_log = logging.getLogger(__name__)
_LOOK_SECONDS = 0.1  # real time; the clock may be moved at any moment


@contextlib.asynccontextmanager
async def keep_settled(control_plane: ControlPlane, clock: Clock) -> AsyncIterator[None]:
    """Look after passing statuses for as long as the block runs."""
    task = asyncio.create_task(_watch(control_plane, clock))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _watch(control_plane: ControlPlane, clock: Clock) -> None:
    while True:
        due_ms = control_plane.next_settling_ms()
        if due_ms is not None and due_ms <= clock.now_ms():
            try:
                await control_plane.settle()
            except Exception:
                _log.exception("statuses could not be settled, trying again")
                await asyncio.sleep(1)
        await asyncio.sleep(_LOOK_SECONDS)
