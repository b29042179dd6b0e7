"""Stands in for a stream whose ledger or journal cannot be opened: the other streams go on, and status says what is wrong.

Pure. What is accepted stays in the journal; a new configuration or the next start tries again.
"""

from collections.abc import Callable

from local_firehose.engine_port import DeliveryCounters, LastError, StreamView
from local_firehose.journal import CommittedEnd
from local_firehose.metrics import Marks


class StalledDelivery:
    """Delivers nothing and counts what waits."""

    def __init__(self, view: StreamView, error: LastError) -> None:
        self._view = view
        self._error = error
        self._waiting = 0

    def stop(self) -> None:
        """Nothing is under way."""

    def wake(self) -> None:
        """Nothing is due."""

    def published(self, marks: Marks) -> None:
        """Nothing is counted."""

    def committed(self, end: CommittedEnd) -> None:
        """Say how far the journal is durable."""
        self._waiting = end.next_sequence

    def flush(self, done: Callable[[int, int], None]) -> None:
        """Leave it to the patience of whoever asks."""

    def counters(self) -> DeliveryCounters:
        """Return what waits, and why."""
        return DeliveryCounters(
            self._view.stream,
            accepted_records=self._waiting,
            buffered_records=self._waiting,
            last_error=self._error,
        )
