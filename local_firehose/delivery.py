"""Deliver one stream: journal to buffers to objects, with every promise in the ledger before it is kept.

Talks to: the journal, the ledger, and S3 through what it is given. What is buffered can always be made again from the journal: a restart
and a new configuration both begin where the journal was trimmed to, and leave out the rows of objects that are in S3.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from firehose_spec.quotas import DIRECT_PUT_RETENTION_SECONDS
from local_firehose.buffering import Buffer, Buffers, Slice, Sorted
from local_firehose.clock import Clock
from local_firehose.delivery_metrics import count_attempt, count_partitions, count_processed
from local_firehose.delivery_rows import ROW_ID, Identity, Rows
from local_firehose.delivery_run import RunStore
from local_firehose.delivery_setup import Setup, SetupError
from local_firehose.engine_port import DeliveryCounters, LastError, StreamView
from local_firehose.errors import BackingServiceError
from local_firehose.journal import CommittedEnd
from local_firehose.journal_chunk import Int64Array, JournalChunk
from local_firehose.journal_reader import JournalReader
from local_firehose.ledger import Ledger, ObjectKind, PlannedObject
from local_firehose.ledger_rows import UNCLAIMED, RowClaims, sequence_of
from local_firehose.metrics import MetricBook
from local_firehose.object_store import ObjectStoreError, ObjectToPut
from local_firehose.stream_config import DeliveryConfig
from local_firehose.upload_pool import UploadPool

_log = logging.getLogger(__name__)

CHUNK_RECORDS = 48_000
CHUNK_BYTES = 16 * 1024 * 1024
GATHER_SECONDS = 0.2  # small puts are processed together: a chunk costs about as much as a thousand records
MAX_IN_FLIGHT_OBJECTS = 4_000
FIRST_RETRY_SECONDS, MAX_RETRY_SECONDS = 0.5, 30.0
IDLE_SECONDS = 3600.0
_DONE = -2  # owner of rows that are in S3
_KINDS: tuple[ObjectKind, ...] = ("data", "error", "backup")


@dataclass(frozen=True, slots=True)
class DeliveryTools:
    """What all streams share."""

    clock: Clock
    runs: RunStore
    uploads: UploadPool
    prepare: Callable[[DeliveryConfig], Setup]
    put: Callable[[ObjectToPut], None]
    report: Callable[[StreamView, str, str], None] = lambda _view, _code, _message: None
    metrics: MetricBook = field(default_factory=MetricBook)
    monotonic: Callable[[], float] = time.monotonic


@dataclass(slots=True)
class _InFlight:
    planned: PlannedObject
    slices: list[Slice]
    size_bytes: int
    attempts: int = 0
    retry_at: float | None = None  # None: under way
    error: ObjectStoreError | None = None


@dataclass(slots=True)
class _Restored:
    planned: PlannedObject
    slices: list[Slice] = field(default_factory=list)
    size_bytes: int = 0


@dataclass(slots=True)
class _FlushWait:
    target: int
    done: Callable[[int, int], None]
    waiting: set[int] | None = None  # None: not everything is read yet
    objects: int = 0
    records: int = 0


class StreamDelivery:
    """Delivery of one stream, in a thread of its own; every method may be called from any thread."""

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
        self._is_stopping = False
        self._is_woken = False
        self._end = CommittedEnd(0, 0, 0)
        self._next_view: StreamView | None = None
        self._landed: deque[_InFlight] = deque()
        self._new_flushes: deque[_FlushWait] = deque()
        self._ledger = Ledger(folder / "ledger.sqlite")
        self._reader = JournalReader(folder, on_damage=self._note_damage)
        self._setup: Setup | None = None
        self._setup_retry = _Backoff()
        self._setup_retry_at = 0.0
        self._buffers: dict[ObjectKind, Buffers] = {}
        self._in_flight: dict[int, _InFlight] = {}
        self._restored: dict[int, _Restored] = {}
        self._claims = RowClaims(())
        self._backup_claims = RowClaims(())
        self._flushes: list[_FlushWait] = []
        self._last_error: LastError | None = None
        self._unread_since: float | None = None
        self._held: list[JournalChunk] = []
        self._ingested = 0
        self._process_retry = _Backoff()
        self._process_retry_at = 0.0
        self._trimmed = self._ledger.progress().trimmed_sequence
        self._counters = DeliveryCounters(view.stream)
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
        while any(job.retry_at is None for job in self._in_flight.values()):
            with self._changed:
                self._changed.wait_for(lambda: bool(self._landed))
            self._settle()
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

    def flush(self, done: Callable[[int, int], None]) -> None:
        """Deliver what is committed now, then call `done` with the number of objects and records delivered for it."""
        with self._changed:
            self._new_flushes.append(_FlushWait(self._end.next_sequence, done))
            self._signal()

    def wake(self) -> None:
        """Look again at what is due: the clock has moved."""
        with self._changed:
            self._signal()

    def counters(self) -> DeliveryCounters:
        """Return how far delivery has come."""
        with self._changed:
            return self._counters

    # ------------------------------------------------------------------------------------------------ the thread

    def _run(self) -> None:
        while True:
            with self._changed:
                if self._is_stopping:
                    return
                self._is_woken = False
            try:
                wait_seconds = self._step()
            except Exception as error:  # a stream's trouble must not end delivery of the others
                _log.exception("delivery step failed  stream=%s", self._view.stream.name)
                self._note_error("InternalError", f"{type(error).__name__}: {error}")
                wait_seconds = 1.0
                self._begin_again()
            self._count()
            with self._changed:
                self._changed.wait_for(lambda: self._is_woken, timeout=wait_seconds)

    def _signal(self) -> None:
        """Let the thread look again; the lock is held."""
        self._is_woken = True
        self._changed.notify_all()

    def _step(self) -> float:
        """Do what can be done now; return how long there is nothing to do unless something changes."""
        self._take_view()
        self._settle()
        with self._changed:
            end = self._end
            while self._new_flushes:
                self._flushes.append(self._new_flushes.popleft())
        if not self._is_ready():
            return max(self._setup_retry_at - self._tools.monotonic(), 0.01)
        read_wait = self._read(end)
        self._cut_due()
        self._flush_step()
        self._retry_due()
        self._trim()
        return min(read_wait, self._seconds_to_next())

    def _take_view(self) -> None:
        with self._changed:
            view, self._next_view = self._next_view, None
        if view is None:
            return
        changed = view.config != self._view.config
        self._view = view
        if changed:
            # observed: what is buffered is delivered under the configuration in force at delivery time
            self._begin(abandon=True)

    def _is_ready(self) -> bool:
        if self._setup is not None and self._setup.is_current():
            return True
        if self._setup is not None:
            self._begin(abandon=True)
        if self._tools.monotonic() < self._setup_retry_at:
            return False
        try:
            self._setup = self._tools.prepare(self._view.config)
        except SetupError as error:
            self._note_error(error.code, error.message)
            self._setup_retry_at = self._tools.monotonic() + self._setup_retry.next_seconds()
            return False
        self._setup_retry = _Backoff()
        self._buffers = {kind: Buffers(self._setup.destination(kind).buffering) for kind in _KINDS}
        return True

    def _begin_again(self) -> None:
        try:
            self._begin(abandon=False)
        except Exception:
            _log.exception("delivery could not begin again  stream=%s", self._view.stream.name)

    def _begin(self, *, abandon: bool) -> None:
        """Forget what is buffered and read the journal again from where it is trimmed to."""
        while any(job.retry_at is None for job in self._in_flight.values()):
            with self._changed:
                self._changed.wait_for(lambda: bool(self._landed))
            self._settle()
        self._in_flight.clear()
        self._setup, self._setup_retry_at = None, 0.0
        self._buffers = {}
        if abandon:
            self._ledger.abandon(planned.id for planned in self._ledger.planned())
        self._restored = {planned.id: _Restored(planned) for planned in self._ledger.planned()}
        self._claims = self._ledger.claims(backup=False, done_owner=_DONE)
        self._backup_claims = self._ledger.claims(backup=True, done_owner=_DONE)
        self._reader.seek(self._trimmed)
        self._held, self._ingested, self._process_retry_at = [], self._trimmed, 0.0
        for flush in self._flushes:
            flush.waiting = None

    # ------------------------------------------------------------------------------------------------ reading

    def _read(self, end: CommittedEnd) -> float:
        """Process the next records if it is time to; return how long to wait before looking again."""
        setup = self._require_setup()
        now = self._tools.monotonic()
        if now < self._process_retry_at:
            return self._process_retry_at - now
        if len(self._in_flight) >= MAX_IN_FLIGHT_OBJECTS:
            return IDLE_SECONDS  # an object that lands wakes us
        wait = self._gather(end)
        if wait <= 0:
            chunk = self._reader.read(end, max_records=CHUNK_RECORDS, max_bytes=CHUNK_BYTES)
            self._unread_since = None
            if chunk is not None:
                self._held.append(chunk)
        if self._held and self._is_enough(setup, end):
            self._ingest(JournalChunk.joined(self._held))
        self._submit_restored()
        if self._process_retry_at > now:
            return self._process_retry_at - now
        if wait <= 0:
            return 0.0
        hints = setup.pipeline.lambda_hints
        if hints is not None and self._held:
            due_ms = int(self._held[0].arrived_ms[0]) + hints.interval_seconds * 1000
            wait = min(wait, self._tools.clock.real_seconds((due_ms - self._tools.clock.now_ms()) / 1000))
        return max(wait, 0.001)

    def _gather(self, end: CommittedEnd) -> float:
        """Return how long to leave unread records for others to join them; zero or less: read now."""
        unread = end.next_sequence - self._reader.sequence
        if unread <= 0:
            self._unread_since = None
            return IDLE_SECONDS
        now = self._tools.monotonic()
        if self._unread_since is None:
            self._unread_since = now
        if unread >= CHUNK_RECORDS or self._flushes:
            return 0.0
        return self._unread_since + GATHER_SECONDS - now

    def _is_enough(self, setup: Setup, end: CommittedEnd) -> bool:
        """Say whether what is held goes on to be processed: at once, or when a Lambda's own buffer hints are met."""
        hints = setup.pipeline.lambda_hints
        if hints is None or sum(chunk.size_bytes for chunk in self._held) >= hints.size_bytes:
            return True
        if self._flushes and self._reader.sequence >= min(end.next_sequence, self._flushes[0].target):
            return True
        age_ms = self._tools.clock.now_ms() - int(self._held[0].arrived_ms[0])
        return age_ms >= hints.interval_seconds * 1000

    def _ingest(self, chunk: JournalChunk) -> None:
        """Take records through the stages into the buffers."""
        setup = self._require_setup()
        now_ms = self._tools.clock.now_ms()
        try:
            parts = list(setup.pipeline.run(chunk, now_ms=now_ms))
        except (BackingServiceError, OSError, MemoryError) as error:
            self._held = [chunk]
            self._process_retry_at = self._tools.monotonic() + self._process_retry.next_seconds()
            self._note_error(type(error).__name__.removesuffix("Error"), str(error))
            return
        self._process_retry = _Backoff()
        self._held = []
        self._ingested = chunk.next_sequence
        due: list[tuple[ObjectKind, Buffer]] = []
        for part, processed in parts:
            count_processed(self._tools.metrics, setup.config, rows=processed.rows, errors=processed.errors)
            for code, message in processed.reasons.items():
                self._tools.report(self._view, code, message)
            rows, owners = self._unclaimed(processed.rows, self._claims)
            rows = self._restore("data", rows, owners)
            if setup.config.is_partitioned:
                rows = self._admit(setup, rows, part, now_ms, due)
            due += self._add("data", rows)
            errors, owners = self._unclaimed(processed.errors, self._claims)
            due += self._add("error", self._restore("error", errors, owners))
        if setup.config.backup is not None:
            copies, owners = self._unclaimed(setup.pipeline.backup(chunk), self._backup_claims)
            due += self._add("backup", self._restore("backup", copies, owners))
        self._plan(due)

    def _unclaimed(self, rows: Rows, claims: RowClaims) -> tuple[Rows, Int64Array]:
        """Leave out the rows that are in S3; return the others with the objects that they are promised to."""
        owners = claims.owners(rows.row_ids)
        missing = owners != _DONE
        return rows.where(missing), owners[missing]

    def _restore(self, kind: ObjectKind, rows: Rows, owners: Int64Array) -> Rows:
        """Give rows back to the objects that they were promised to before a restart; return the others."""
        if not self._restored or bool((owners == UNCLAIMED).all()):
            return rows
        free = np.ones(len(rows), dtype=np.bool_)
        for owner in np.unique(owners[owners != UNCLAIMED]).tolist():
            restored = self._restored.get(owner)
            if restored is None or restored.planned.kind != kind:
                continue
            own = owners == owner
            part = rows.where(own)
            run = self._tools.runs.keep(part.run_table())
            restored.slices.append(Slice(run, 0, len(part)))
            restored.size_bytes += int(part.sizes.sum())
            free &= ~own
        return rows.where(free)

    def _submit_restored(self) -> None:
        """Write again the objects whose rows have all been read by now."""
        for object_id, restored in list(self._restored.items()):
            if sequence_of(int(restored.planned.rows[-1])) >= self._ingested:
                continue
            del self._restored[object_id]
            if restored.slices:
                self._submit(_InFlight(restored.planned, restored.slices, restored.size_bytes))
            else:
                self._ledger.abandon([object_id])

    def _admit(
        self, setup: Setup, rows: Rows, chunk: JournalChunk, now_ms: int, due: list[tuple[ObjectKind, Buffer]]
    ) -> Rows:
        """Keep the rows that find room among the active partitions; the others become error lines."""
        active = self._active_partitions()
        refused: set[int] = set()
        codes, first_places = np.unique(rows.codes, return_index=True)
        for code in codes[np.argsort(first_places)].tolist():
            identity = rows.identities[code]
            if identity in active:
                continue
            if len(active) < setup.max_partitions:
                active.add(identity)
            else:
                refused.add(code)
        count_partitions(self._tools.metrics, self._view.stream, active=len(active), is_exceeded=bool(refused))
        if not refused:
            return rows
        over = np.isin(rows.codes, list(refused))
        lines = setup.pipeline.overflow(rows.where(over), chunk, now_ms=now_ms)
        lines, owners = self._unclaimed(lines, self._claims)
        due += self._add("error", self._restore("error", lines, owners))
        return rows.where(~over)

    def _add(self, kind: ObjectKind, rows: Rows) -> list[tuple[ObjectKind, Buffer]]:
        if not len(rows):
            return []
        grouped, identities, bounds = rows.by_identity()
        run = self._tools.runs.keep(grouped.run_table())
        full = self._buffers[kind].add(
            Sorted(run, identities, bounds, grouped.row_ids, grouped.arrived_ms, grouped.opened_ms, grouped.sizes)
        )
        return [(kind, buffer) for buffer in full]

    # ------------------------------------------------------------------------------------------------ objects

    def _cut_due(self) -> None:
        now_ms = self._tools.clock.now_ms()
        self._plan([(kind, buffer) for kind in _KINDS for buffer in self._buffers[kind].take_due(now_ms)])

    def _plan(self, due: Iterable[tuple[ObjectKind, Buffer]]) -> None:
        """Promise an object for each buffer, then write them."""
        setup = self._require_setup()
        jobs = []
        for kind, buffer in due:
            rows = np.concatenate(
                [cut.run.slice(cut.start, cut.stop).column(ROW_ID).to_numpy() for cut in buffer.slices]
            )
            rows = rows[np.concatenate(([True], rows[1:] != rows[:-1]))]  # a record of several documents counts once
            planned = PlannedObject(
                id=self._ledger.next_id(),
                kind=kind,
                identity=buffer.identity,
                bucket=setup.destination(kind).bucket,
                key=setup.key(kind, buffer.identity, arrived_ms=buffer.arrived_ms),
                arrived_ms=buffer.arrived_ms,
                records=len(rows),
                rows=rows,
            )
            jobs.append(_InFlight(planned, buffer.slices, buffer.size_bytes))
        if jobs:
            self._ledger.plan([job.planned for job in jobs])
        for job in jobs:
            self._submit(job)

    def _submit(self, job: _InFlight) -> None:
        setup, view = self._require_setup(), self._view
        job.retry_at = None
        job.attempts += 1
        self._in_flight[job.planned.id] = job
        self._tools.uploads.submit(job.size_bytes, lambda: self._upload(job, setup, view))

    def _upload(self, job: _InFlight, setup: Setup, view: StreamView) -> None:
        """Encode and write one object; runs in a thread of the pool."""
        planned = job.planned
        destination = setup.destination(planned.kind)
        try:
            body = setup.encode(planned.kind, [cut.run.slice(cut.start, cut.stop) for cut in job.slices])
            self._tools.put(
                ObjectToPut(
                    stream_name=view.stream.name,
                    region=view.stream.region,
                    bucket=planned.bucket,
                    key=planned.key,
                    body=body.data,
                    content_encoding=body.content_encoding,
                    kms_key_arn=destination.kms_key_arn,
                )
            )
            job.error = None
        except ObjectStoreError as error:
            job.error = error
        except Exception as error:
            _log.exception("object could not be made  key=%s", planned.key)
            job.error = ObjectStoreError("InternalError", f"{type(error).__name__}: {error}")
        with self._changed:
            self._landed.append(job)
            self._signal()

    def _settle(self) -> None:
        """Note what has become of the objects under way."""
        with self._changed:
            landed = list(self._landed)
            self._landed.clear()
        done = [job for job in landed if job.error is None]
        now_ms = self._tools.clock.now_ms()
        if done:
            self._ledger.finish([job.planned for job in done], now_ms=now_ms)
        for job in done:
            del self._in_flight[job.planned.id]
            _log.info(
                "delivered object  key=%s records=%d bytes=%d", job.planned.key, job.planned.records, job.size_bytes
            )
            for flush in self._flushes:
                flush.objects += 1
                flush.records += job.planned.records if job.planned.kind != "backup" else 0
        for job in landed:
            count_attempt(
                self._tools.metrics,
                self._view.stream,
                job.planned,
                size_bytes=job.size_bytes,
                is_delivered=job.error is None,
                now_ms=now_ms,
            )
            if job.error is not None:
                self._settle_failure(job, job.error, now_ms)

    def _settle_failure(self, job: _InFlight, error: ObjectStoreError, now_ms: int) -> None:
        self._note_error(error.code, error.message)
        # documented: what cannot be delivered within the retention is lost; decided: never before one attempt was made
        if now_ms - job.planned.arrived_ms > DIRECT_PUT_RETENTION_SECONDS * 1000:
            self._ledger.discard([job.planned])
            del self._in_flight[job.planned.id]
            _log.error("discarded after 24 hours  key=%s records=%d", job.planned.key, job.planned.records)
            return
        delay = min(FIRST_RETRY_SECONDS * 2 ** (job.attempts - 1), MAX_RETRY_SECONDS)
        job.retry_at = self._tools.monotonic() + delay

    def _retry_due(self) -> None:
        now = self._tools.monotonic()
        for job in list(self._in_flight.values()):
            if job.retry_at is not None and job.retry_at <= now:
                self._submit(job)

    def _flush_step(self) -> None:
        for flush in list(self._flushes):
            if flush.waiting is None and self._ingested >= flush.target:
                self._plan([(kind, buffer) for kind in _KINDS for buffer in self._buffers[kind].take_all()])
                flush.waiting = set(self._in_flight)
            if flush.waiting is not None and flush.waiting.isdisjoint(self._in_flight):
                self._flushes.remove(flush)
                self._trim()
                self._count()
                flush.done(flush.objects, flush.records)

    def _trim(self) -> None:
        low = self._ingested
        waiting = [buffers.first_row() for buffers in self._buffers.values()]
        waiting += [int(job.planned.rows[0]) for job in self._in_flight.values()]
        waiting += [int(restored.planned.rows[0]) for restored in self._restored.values()]
        for row in waiting:
            if row is not None:
                low = min(low, sequence_of(row))
        if low > self._trimmed:
            self._ledger.trim(low)
            self._trimmed = low
            self._on_released(self._view, low)

    # ------------------------------------------------------------------------------------------------ looking

    def _seconds_to_next(self) -> float:
        due = [buffers.next_due_ms() for buffers in self._buffers.values()]
        now_ms, now = self._tools.clock.now_ms(), self._tools.monotonic()
        waits = [self._tools.clock.real_seconds((at - now_ms) / 1000) for at in due if at is not None]
        waits += [job.retry_at - now for job in self._in_flight.values() if job.retry_at is not None]
        return max(min(waits, default=IDLE_SECONDS), 0.001)

    def _active_partitions(self) -> set[Identity]:
        active = {buffer.identity for buffer in self._buffers.get("data", ())}
        active |= {job.planned.identity for job in self._in_flight.values() if job.planned.kind == "data"}
        return active

    def _require_setup(self) -> Setup:
        if self._setup is None:
            raise RuntimeError("delivery has no configuration at work")
        return self._setup

    def _note_damage(self, first_sequence: int, count: int) -> None:
        self._note_error(
            "Journal.Damaged", f"records {first_sequence} to {first_sequence + count - 1} could not be read back"
        )

    def _note_error(self, code: str, message: str) -> None:
        _log.warning("delivery error  stream=%s code=%s message=%s", self._view.stream.name, code, message)
        self._last_error = LastError(self._tools.clock.now(), code, message)
        self._tools.report(self._view, code, message)

    def _count(self) -> None:
        progress = self._ledger.progress()
        buffers = [self._buffers[kind] for kind in ("data", "error") if kind in self._buffers]
        waiting = [job for job in self._in_flight.values() if job.planned.kind != "backup"]
        arrivals = [at for buffers_ in buffers if (at := buffers_.oldest_arrived_ms()) is not None]
        arrivals += [job.planned.arrived_ms for job in waiting]
        now_ms = self._tools.clock.now_ms()
        partitions = len(self._active_partitions()) if self._view.config.is_partitioned else 0
        with self._changed:
            unread = max(self._end.next_sequence - self._ingested, 0)
            self._counters = DeliveryCounters(
                stream=self._view.stream,
                accepted_records=self._end.next_sequence,
                buffered_records=unread
                + sum(buffer.rows for buffers_ in buffers for buffer in buffers_)
                + sum(job.planned.records for job in waiting),
                buffered_bytes=sum(buffer.size_bytes for buffers_ in buffers for buffer in buffers_)
                + sum(job.size_bytes for job in waiting),
                oldest_age_seconds=(now_ms - min(arrivals)) / 1000 if arrivals else None,
                active_partitions=partitions,
                delivered_records=progress.delivered_records,
                delivered_objects=progress.delivered_objects,
                quarantined_records=progress.quarantined_records,
                last_delivered_at=None
                if progress.last_delivered_ms is None
                else datetime.fromtimestamp(progress.last_delivered_ms / 1000, UTC),
                last_error=self._last_error,
            )


class _Backoff:
    """Delays that double up to a cap."""

    def __init__(self) -> None:
        self._next = FIRST_RETRY_SECONDS

    def next_seconds(self) -> float:
        """Return the next delay."""
        delay, self._next = self._next, min(self._next * 2, MAX_RETRY_SECONDS)
        return delay
