"""Send records to one delivery stream: several calls in flight, failed entries sent again, nothing dropped in silence.

Talks to: Firehose through a `put` function, and the dead-letter file through `on_given_up`. The policy is `outbox`'s; this module gives
it threads: the caller adds records, each connection's thread takes a batch, waits for its turn under the rate limit, calls, and books
the result.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import random as uniform
from types import TracebackType
from typing import Self

from producers.backoff import Backoff
from producers.errors import SendRefusedError
from producers.outbox import STOPPED, Batch, Counts, GivenUp, Outbox
from producers.put_result import CallFailure, PutResult
from producers.rate_limit import RateLimit, RateLimiter

_POLL_SECONDS = 0.2  # how late a waiting thread notices a signal at the latest


@dataclass(frozen=True, slots=True)
class SenderSettings:
    """How to send; times in seconds.

    A caller waits while `max_records_in_hand` records or `max_bytes_in_hand` bytes wait for their (next) call. `window_records` bounds
    what a source that resumes from a checkpoint would send twice, see `Outbox`.
    """

    connections: int = 4
    backoff: Backoff = field(default_factory=Backoff)
    retry_budget_seconds: float = 300.0
    linger_seconds: float = 1.0
    rate_limit: RateLimit = field(default_factory=RateLimit)
    max_records_in_hand: int = 10_000
    max_bytes_in_hand: int = 64 * 1024 * 1024
    window_records: int | None = None


class Sender:
    """Sends records in the order they are put; use as a context manager, which closes it.

    >>> with Sender("events", PutClient("events").put, on_given_up=dead_letters.write) as sender:  # doctest: +SKIP
    ...     sender.put_many([b"one", b"two"])
    """

    def __init__(
        self,
        stream: str,
        put: Callable[[Sequence[bytes]], PutResult],
        *,
        on_given_up: Callable[[list[GivenUp]], None],
        on_settled: Callable[[int], None] | None = None,
        settings: SenderSettings | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        random: Callable[[], float] = uniform,
    ) -> None:
        """Start no thread yet.

        Args:
            stream: its name, for messages.
            put: one PutRecordBatch call; called from several threads at once, must not raise.
            on_given_up: called once for each record that is not accepted, before the record counts as settled.
            on_settled: called after each call with the sequence below which every record is accepted or given up.
            settings: limits and waits.
            clock: monotonic seconds.
            now: the wall clock, aware.
            random: uniform in [0, 1).
        """
        self._stream, self._put = stream, put
        self._on_given_up, self._on_settled = on_given_up, on_settled
        self._settings = settings or SenderSettings()
        self._clock, self._now = clock, now
        self._outbox = Outbox(
            backoff=self._settings.backoff,
            retry_budget_seconds=self._settings.retry_budget_seconds,
            linger_seconds=self._settings.linger_seconds,
            random=random,
            window_records=self._settings.window_records,
        )
        self._limiter = RateLimiter(self._settings.rate_limit)
        lock = threading.Lock()  # guards all that follows
        self._changed = threading.Condition(lock)  # callers wait here for room, or for the end
        self._work_ready = threading.Condition(lock)  # connections wait here for a batch
        self._hurry = threading.Event()
        self._threads: list[threading.Thread] = []
        self._draining = False
        self._closed = False
        self._error: BaseException | None = None
        self.first_accepted_at: datetime | None = None
        self.last_accepted_at: datetime | None = None

    @property
    def counts(self) -> Counts:
        """The numbers so far."""
        return self._outbox.counts

    @property
    def records_in_hand(self) -> int:
        """Records put but neither accepted nor given up."""
        return self._outbox.records_in_hand

    def put(self, record: bytes) -> None:
        """Hand over one record; see `put_many`."""
        self.put_many((record,))

    def put_many(self, records: Sequence[bytes], *, stopped: Callable[[], bool] = lambda: False) -> bool:
        """Hand over records, which are numbered on from the last; wait while too many are in hand.

        Return False, with nothing handed over, when `stopped` says so during the wait.

        Raises:
            SendRefusedError: Firehose refused for good, nothing was handed over.
        """
        with self._changed:
            while self._is_full() and self._error is None:
                if stopped():
                    return False
                self._changed.wait(_POLL_SECONDS)
            self._raise_error()
            if self._closed:
                raise ValueError("the sender is closed")
            self._give_up(self._outbox.add(records, self._clock()))
            if not self._threads:
                self._start_threads()
            self._work_ready.notify()
        return True

    def flush(self, *, timeout_seconds: float | None = None, abandoned: Callable[[], bool] = lambda: False) -> bool:
        """Send what is in hand without waiting for batches to fill; return whether every record is accepted or given up.

        The wait ends early when `abandoned` says so.
        """
        deadline = None if timeout_seconds is None else self._clock() + timeout_seconds
        with self._changed:
            self._draining = True
            self._work_ready.notify_all()
            try:
                while self._outbox.records_in_hand and self._error is None:
                    if abandoned() or (deadline is not None and self._clock() >= deadline):
                        return False
                    self._changed.wait(_POLL_SECONDS)
            finally:
                self._draining = False
            self._raise_error()
        return True

    def close(self, *, timeout_seconds: float | None = None, abandoned: Callable[[], bool] = lambda: False) -> Counts:
        """Flush, then stop; what cannot be sent in time, or after a refusal, is given up. Afterwards every record is settled.

        Calls under way are waited for unless `abandoned` says so; then their records are given up with an unknown outcome.
        """
        if self._closed:
            return self.counts
        try:
            self.flush(timeout_seconds=timeout_seconds, abandoned=abandoned)
        except SendRefusedError as refusal:
            self._abandon(refusal.code, str(refusal), in_flight_too=False)
        finally:
            with self._changed:
                self._closed = True
                self._hurry.set()
                self._work_ready.notify_all()
        self._abandon(STOPPED, "the run was stopped before this record was accepted", in_flight_too=False)
        for thread in self._threads:
            while thread.is_alive() and not abandoned():
                thread.join(_POLL_SECONDS)
        self._abandon(STOPPED, "the run was stopped before this record was accepted", in_flight_too=True)
        with self._changed:
            if self._error is not None and not isinstance(self._error, SendRefusedError):
                raise self._error
        return self.counts

    @property
    def refusal(self) -> SendRefusedError | None:
        """Why Firehose refused for good, if it did."""
        return self._error if isinstance(self._error, SendRefusedError) else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _is_full(self) -> bool:
        outbox, settings = self._outbox, self._settings
        return (
            outbox.records_waiting >= settings.max_records_in_hand or outbox.bytes_waiting >= settings.max_bytes_in_hand
        )

    def _raise_error(self) -> None:
        if self._error is not None:
            raise self._error

    def _start_threads(self) -> None:
        for number in range(self._settings.connections):
            thread = threading.Thread(target=self._work, name=f"firehose-{self._stream}-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _work(self) -> None:
        try:
            while (batch := self._next_batch()) is not None:
                self._settle(batch, self._put(batch.records))
        except BaseException as error:  # handed to the caller by put_many, flush and close
            with self._changed:
                self._error = self._error or error
                self._changed.notify_all()
                self._work_ready.notify_all()

    def _next_batch(self) -> Batch | None:
        with self._work_ready:
            while True:
                if self._error is not None or self._closed:
                    return None
                now = self._clock()
                batch = self._outbox.take(now, drain=self._draining)
                if batch is not None:
                    pause = self._limiter.reserve(len(batch.records), batch.size_bytes, now)
                    if self._outbox.wait_seconds(now, drain=self._draining) is not None:
                        self._work_ready.notify()  # there is, or will be, something for another connection
                    break
                self._work_ready.wait(self._outbox.wait_seconds(now, drain=self._draining))
        if pause > 0:
            self._hurry.wait(pause)  # close() ends the wait, so that stopping is never slowed by a rate limit
        return batch

    def _settle(self, batch: Batch, result: PutResult) -> None:
        with self._changed:
            accepted_before = self.counts.accepted
            given_up = self._outbox.settle(batch, result, self._clock())
            self._give_up(given_up)
            if self.counts.accepted > accepted_before:
                self.last_accepted_at = self._now()
                self.first_accepted_at = self.first_accepted_at or self.last_accepted_at
            if isinstance(result, CallFailure) and result.is_final:
                self._error = self._error or SendRefusedError(self._stream, result.code, result.message)
                self._work_ready.notify_all()
            if self._on_settled is not None:
                self._on_settled(self._outbox.settled_below)
            self._changed.notify_all()

    def _abandon(self, code: str, message: str, *, in_flight_too: bool) -> None:
        with self._changed:
            self._give_up(self._outbox.abandon(code=code, message=message, in_flight_too=in_flight_too))
            if self._on_settled is not None:
                self._on_settled(self._outbox.settled_below)

    def _give_up(self, given_up: list[GivenUp]) -> None:
        if given_up:
            self._on_given_up(given_up)
