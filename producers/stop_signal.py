"""SIGTERM and Ctrl-C as a wish that the run looks at between steps: once to stop with the truth, twice to stop at once.

Talks to: the process's signal handlers, restored afterwards.
"""

import signal
from types import FrameType, TracebackType
from typing import Any, Self


class StopSignal:
    """Use as a context manager in the main thread."""

    def __init__(self) -> None:
        self._received: list[int] = []
        self._previous: dict[int, Any] = {}

    @property
    def requested(self) -> bool:
        """Whether to take no more records and flush what is in hand."""
        return bool(self._received)

    @property
    def insisted(self) -> bool:
        """Whether to flush no longer."""
        return len(self._received) > 1

    @property
    def exit_code(self) -> int:
        """128 + the signal's number, as shells count."""
        return 128 + self._received[0] if self._received else 0

    def request(self, number: int = signal.SIGTERM) -> None:
        """Act as if the signal had arrived."""
        self._received.append(number)

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._previous[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        self._received.append(number)
