"""Deliver one stream: journal to buffers to objects, with every promise in the ledger before it is kept.

Talks to: the journal, the ledger, and S3 through what it is given. What is buffered can always be made again from the journal: a restart,
a new configuration and a new version of the table all begin where the journal was trimmed to, and leave out the rows that are in S3.
"""

import logging
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from local_firehose.delivery_intake import DONE, KINDS, Intake
from local_firehose.delivery_outbox import Outbox
from local_firehose.delivery_setup import Setup, SetupError
from local_firehose.delivery_tools import IDLE_SECONDS, SETTLE_SECONDS, DeliveryTools, retry_seconds
from local_firehose.engine_port import DeliveryCounters, LastError, StreamView
from local_firehose.errors import BackingServiceError
from local_firehose.journal import CommittedEnd
from local_firehose.journal_reader import JournalReader
from local_firehose.ledger import Ledger, PlannedObject
from local_firehose.ledger_rows import sequence_of
from local_firehose.metrics import MarkOwner, Marks

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _FlushWait:
    """A flush under way: up to `target` is read, then `waiting` objects are in S3, then `done` is told how many."""

    target: int
    done: Callable[[int, int], None]
    waiting: set[int] | None = None  # None: not everything is read yet
    objects: int = 0
    records: int = 0


class StreamDelivery:
    """Delivery of one stream, in a thread of its own; every public method may be called from any thread."""

    def __init__(
        self,
        view: StreamView,
        *,
        folder: Path,
        tools: DeliveryTools,
        on_released: Callable[[StreamView, int], None] = lambda _view, _sequence: None,
    ) -> None:
        self._view = view
        self._tools = tools
        self._on_released = on_released
        self._changed = threading.Condition()
        self._is_stopping = self._is_woken = False
        self._end = CommittedEnd(0, 0, 0)
        self._next_view: StreamView | None = None
        self._new_flushes: deque[_FlushWait] = deque()
        self._flushes: list[_FlushWait] = []
        self._last_error: LastError | None = None
        self._setup: Setup | None = None
        self._setup_failures = 0
        self._setup_retry_at = 0.0
        self._faults, self._is_broken = 0, False
        self._counters = DeliveryCounters(view.stream)
        self._ledger = Ledger(folder / "ledger.sqlite")
        self._reader = JournalReader(folder, on_damage=self._note_damage)
        self._intake = Intake(self._reader, tools=tools)
        self._outbox = Outbox(self._ledger, tools=tools, signal=self.wake, on_error=self._note_error)
        self._trimmed = self._ledger.progress().trimmed_sequence
        self._measured = self._published = self._intake.counted = self._ledger.measured_sequence()
        self._begin(abandon=False)
        self._thread = threading.Thread(target=self._run, name=f"deliver-{view.stream.name}", daemon=True)

    def start(self) -> None:
        """Begin to deliver."""
        self._thread.start()

    def stop(self) -> None:
        """End after the step that is under way; what is buffered stays in the journal."""
        with self._changed:
            self._is_stopping = True
            self._signal()
        if self._thread.is_alive():
            self._thread.join()
        self._outbox.drain(self._view)
        for flush in [*self._flushes, *self._new_flushes]:  # of a stream that is removed: nothing is left to deliver
            flush.done(flush.objects, flush.records)
        self._note_measured(self._intake.counted)  # an orderly end publishes what is counted
        self._reader.close()
        self._ledger.close()

    def configure(self, view: StreamView) -> None:
        """Put a configuration in force for all that is not yet delivered."""
        with self._changed:
            self._next_view = view
            self._signal()

    def committed(self, end: CommittedEnd) -> None:
        """Say how far the journal is durable."""
        with self._changed:
            self._end = end
            self._signal()

    def published(self, marks: Marks) -> None:
        """Say that metrics are published up to these marks: what they count is never counted again, not even after a crash."""
        with self._changed:
            self._published = max(self._published, marks.get(MarkOwner(self._view.stream, self._view.incarnation), 0))
            if self._published > self._measured:
                self._signal()

    def flush(self, done: Callable[[int, int], None]) -> None:
        """Deliver what is committed now, then call `done` with the number of objects and records delivered for it."""
        with self._changed:
            self._new_flushes.append(_FlushWait(self._end.next_sequence, done))
            self._signal()

    def wake(self) -> None:
        """Look again at what is due: the clock has moved, or an attempt has ended."""
        with self._changed:
            self._signal()

    def counters(self) -> DeliveryCounters:
        """Return how far delivery has come."""
        with self._changed:
            return self._counters

    def _signal(self) -> None:
        """Let the thread look again; the lock is held."""
        self._is_woken = True
        self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                if self._is_stopping:
                    return
                self._is_woken = False
            try:
                wait_seconds = self._step()
                self._count()
                self._faults = 0
            except (OSError, sqlite3.Error) as error:
                wait_seconds = self._stumble(f"the state folder cannot be used: {error}")
            except Exception as error:  # one stream's trouble must not end delivery of the others
                _log.exception("delivery step failed  stream=%s", self._view.stream.name)
                wait_seconds = self._stumble(f"{type(error).__name__}: {error}")
            with self._changed:
                self._changed.wait_for(lambda: self._is_woken, timeout=wait_seconds)

    def _stumble(self, message: str) -> float:
        """Tell what broke a step off; return how long to wait before all of it is done again."""
        self._note_error("InternalError", message)
        self._is_broken = True
        self._faults += 1
        with self._changed:
            self._counters = replace(self._counters, last_error=self._last_error)
        return retry_seconds(self._faults)

    def _step(self) -> float:
        """Do what can be done now; return how long there is nothing to do unless something changes."""
        if self._is_broken:  # a step broke off: what it held in its hands is only in the journal now
            self._begin(abandon=False)
            self._is_broken = False
        self._take_view()
        self._settle()
        with self._changed:
            end, published = self._end, self._published
            while self._new_flushes:
                self._flushes.append(self._new_flushes.popleft())
        self._note_measured(published)
        setup = self._ready_setup()
        if setup is None:
            return max(self._setup_retry_at - self._tools.monotonic(), 0.01)
        wait = self._read(setup, end)
        if not self._outbox.is_blocked:
            now_ms = self._tools.clock.now_ms()
            due = [(kind, buffer) for kind in KINDS for buffer in self._intake.buffers[kind].take_due(now_ms)]
            self._outbox.plan(due, setup, self._view)
        self._flush_step(setup)
        self._outbox.retry_due(setup, self._view)
        self._trim()
        return min(wait, self._seconds_to_next())

    def _take_view(self) -> None:
        with self._changed:
            view, self._next_view = self._next_view, None
        if view is None:
            return
        is_changed = view.config != self._view.config
        self._view = view
        if is_changed:
            # observed: what is buffered is delivered under the configuration in force at delivery time
            self._begin(abandon=True)

    def _ready_setup(self) -> Setup | None:
        """Return the configuration at work, made or made anew where it has to be; None: not for now."""
        if self._setup is not None and not self._setup.is_current():
            self._begin(abandon=True)
        if self._setup is None and self._tools.monotonic() >= self._setup_retry_at:
            try:
                self._setup = self._tools.prepare(self._view.config)
            except SetupError as error:
                self._note_error(error.code, error.message)
                self._setup_failures += 1
                self._setup_retry_at = self._tools.monotonic() + retry_seconds(self._setup_failures)
                return None
            self._setup_failures = 0
            self._intake.use(self._setup)
        return self._setup

    def _begin(self, *, abandon: bool) -> None:
        """Forget what is buffered and read the journal again from where it is trimmed to.

        Promised objects are written again under their keys, or abandoned where a new configuration would name them otherwise.
        """
        self._landed(self._outbox.drain(self._view))
        self._setup, self._setup_retry_at = None, 0.0
        planned = self._ledger.planned()
        if abandon:
            self._ledger.abandon(each.id for each in planned)
            planned = []
        self._intake.begin(
            self._trimmed,
            claims=self._ledger.claims(backup=False, done_owner=DONE),
            backup_claims=self._ledger.claims(backup=True, done_owner=DONE),
            planned=planned,
        )
        for flush in self._flushes:
            flush.waiting = None

    def _read(self, setup: Setup, end: CommittedEnd) -> float:
        if self._outbox.is_full or self._outbox.is_blocked:
            return IDLE_SECONDS  # until objects have landed, or are due again
        try:
            taken = self._intake.take(
                end,
                self._view,
                elsewhere=self._outbox.partitions() if setup.config.is_partitioned else set(),
                flush_target=max((flush.target for flush in self._flushes), default=None),
            )
        except (BackingServiceError, OSError, MemoryError) as error:
            self._note_error(type(error).__name__.removesuffix("Error"), str(error))
            return 0.0
        self._outbox.plan(taken.due, setup, self._view)
        self._outbox.submit(taken.again, setup, self._view)
        if taken.forgotten:
            self._ledger.abandon(taken.forgotten)
        return taken.wait_seconds

    def _settle(self) -> None:
        self._landed(self._outbox.settle(self._view))

    def _landed(self, objects: list[PlannedObject]) -> None:
        for flush in self._flushes:
            flush.objects += len(objects)
            flush.records += sum(planned.records for planned in objects if planned.kind != "backup")

    def _flush_step(self, setup: Setup) -> None:
        for flush in list(self._flushes):
            if flush.waiting is None and self._intake.ingested >= flush.target and not self._outbox.is_blocked:
                everything = [(kind, buffer) for kind in KINDS for buffer in self._intake.buffers[kind].take_all()]
                self._outbox.plan(everything, setup, self._view)
                flush.waiting = self._outbox.ids
            if flush.waiting is not None and flush.waiting.isdisjoint(self._outbox.ids):
                self._flushes.remove(flush)
                self._trim()
                self._count()
                flush.done(flush.objects, flush.records)

    def _trim(self) -> None:
        """Let go of the journal up to the first record that is not in S3."""
        low = self._intake.ingested
        for row in (self._intake.first_row(), self._outbox.first_row()):
            if row is not None:
                low = min(low, sequence_of(row))
        if low > self._trimmed:
            self._ledger.trim(low)
            self._trimmed = low
            self._on_released(self._view, low)

    def _seconds_to_next(self) -> float:
        now_ms = self._tools.clock.now_ms()
        due = [buffers.next_due_ms() for buffers in self._intake.buffers.values()]
        is_blocked = self._outbox.is_blocked
        waits = [
            self._tools.clock.real_seconds((at - now_ms) / 1000) for at in due if at is not None and not is_blocked
        ]
        if self._outbox.is_busy:
            waits.append(SETTLE_SECONDS)
        retry_at = self._outbox.next_retry()
        if retry_at is not None:
            waits.append(retry_at - self._tools.monotonic())
        return max(min(waits, default=IDLE_SECONDS), 0.001)

    def _note_measured(self, sequence: int) -> None:
        if sequence > self._measured:
            try:
                self._ledger.note_measured(sequence)
            except sqlite3.Error as error:  # metrics are worth no delivery: a crash now may count records twice
                _log.warning("metrics mark is not kept  stream=%s error=%s", self._view.stream.name, error)
            self._measured = sequence

    def _note_damage(self, first_sequence: int, count: int) -> None:
        last = first_sequence + count - 1
        self._note_error("Journal.Damaged", f"records {first_sequence} to {last} could not be read back and are lost")

    def _note_error(self, code: str, message: str) -> None:
        _log.warning("delivery error  stream=%s code=%s message=%s", self._view.stream.name, code, message)
        self._last_error = LastError(self._tools.clock.now(), code, message)
        self._tools.report(self._view, code, message)

    def _count(self) -> None:
        progress = self._ledger.progress()
        buffers = [buffers for kind, buffers in self._intake.buffers.items() if kind != "backup"]
        outgoing = self._outbox.waiting()
        arrivals = [at for each in buffers if (at := each.oldest_arrived_ms()) is not None]
        arrivals += [each.planned.arrived_ms for each in outgoing]
        age_ms = self._tools.clock.now_ms() - min(arrivals) if arrivals else None
        is_partitioned = self._view.config.is_partitioned
        delivered_ms = progress.last_delivered_ms
        with self._changed:
            unread = max(self._end.next_sequence - self._intake.ingested, 0)
            self._counters = DeliveryCounters(
                stream=self._view.stream,
                accepted_records=self._end.next_sequence,
                buffered_records=unread
                + sum(buffer.rows for each in buffers for buffer in each)
                + sum(each.planned.records for each in outgoing),
                buffered_bytes=sum(buffer.size_bytes for each in buffers for buffer in each)
                + sum(each.size_bytes for each in outgoing),
                oldest_age_seconds=None if age_ms is None else age_ms / 1000,
                active_partitions=len(self._intake.partitions() | self._outbox.partitions()) if is_partitioned else 0,
                delivered_records=progress.delivered_records,
                delivered_objects=progress.delivered_objects,
                quarantined_records=progress.quarantined_records,
                last_delivered_at=None if delivered_ms is None else datetime.fromtimestamp(delivered_ms / 1000, UTC),
                last_error=self._last_error,
            )
