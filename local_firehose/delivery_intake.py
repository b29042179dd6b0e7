"""From the journal into buffers: read, process, leave out what is in S3, give back what was promised, keep within the partition limit.

Talks to: the journal. Everything here happens in the stream's own thread.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from local_firehose.buffering import Buffer, Buffers, Slice, Sorted
from local_firehose.delivery_metrics import count_partitions, processed_values
from local_firehose.delivery_outbox import OutgoingObject
from local_firehose.delivery_pipeline import Processed
from local_firehose.delivery_rows import Identity, Rows
from local_firehose.delivery_setup import Setup
from local_firehose.delivery_tools import IDLE_SECONDS, DeliveryTools, retry_seconds
from local_firehose.engine_port import StreamView
from local_firehose.errors import BackingServiceError
from local_firehose.journal import CommittedEnd
from local_firehose.journal_chunk import Int64Array, JournalChunk, value_lengths
from local_firehose.journal_reader import JournalReader
from local_firehose.ledger import ObjectKind, PlannedObject
from local_firehose.ledger_rows import UNCLAIMED, RowClaims, sequence_of
from local_firehose.metrics import MarkOwner

CHUNK_RECORDS = 48_000
BEGIN_RECORDS = 12_000  # enough for one who has nothing else to do
CHUNK_BYTES = 16 * 1024 * 1024
GATHER_SECONDS = 0.2  # small puts are processed together: a chunk costs about as much as a thousand records
DONE = -2  # owner of rows that are in S3
KINDS: tuple[ObjectKind, ...] = ("data", "error", "backup")

Due = list[tuple[ObjectKind, Buffer]]


@dataclass(slots=True)
class _Restored:
    """An object promised before a restart, whose rows are being read again."""

    planned: PlannedObject
    slices: list[Slice] = field(default_factory=list)
    size_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """What one step of reading gave: buffers that are full, objects to write again or to forget, and how long to wait."""

    due: Due
    again: list[OutgoingObject]
    forgotten: list[int]
    wait_seconds: float


class Intake:
    """The reading side of one stream."""

    def __init__(self, reader: JournalReader, *, tools: DeliveryTools) -> None:
        self._reader = reader
        self._tools = tools
        self._setup: Setup | None = None
        self.buffers: dict[ObjectKind, Buffers] = {}
        self.ingested = 0  # records before this sequence are in buffers, promised, delivered or left out
        self.counted = (
            0  # records before this sequence are counted for CloudWatch: processing them again counts nothing
        )
        self._claims = self._backup_claims = RowClaims(())
        self._restored: dict[int, _Restored] = {}
        self._held: list[JournalChunk] = []
        self._unread_since: float | None = None
        self._is_behind = False  # records come faster than one looks
        self._failures = 0
        self._retry_at = 0.0

    def begin(
        self, sequence: int, *, claims: RowClaims, backup_claims: RowClaims, planned: Sequence[PlannedObject]
    ) -> None:
        """Forget all buffers and read again from `sequence`; objects in `planned` get their rows back."""
        self._setup = None
        self.buffers = {}
        self._claims, self._backup_claims = claims, backup_claims
        self._restored = {each.id: _Restored(each) for each in planned}
        self._held, self.ingested = [], sequence
        self._unread_since, self._failures, self._retry_at = None, 0, 0.0
        self._reader.seek(sequence)

    def use(self, setup: Setup) -> None:
        """Fill buffers by this configuration from now on; they are empty yet."""
        self._setup = setup
        self.buffers = {kind: Buffers(setup.destination(kind).buffering) for kind in KINDS}

    def first_row(self) -> int | None:
        """Return the lowest row id that waits in a buffer or belongs to an object that is to be written again."""
        rows = [row for buffers in self.buffers.values() if (row := buffers.first_row()) is not None]
        rows += [int(restored.planned.rows[0]) for restored in self._restored.values()]
        return min(rows, default=None)

    def partitions(self) -> set[Identity]:
        """Return the partitions that hold records."""
        return {buffer.identity for buffer in self.buffers.get("data", ())}

    def take(self, end: CommittedEnd, view: StreamView, *, elsewhere: set[Identity], flush_target: int | None) -> Taken:
        """Process the next records if it is time to.

        Args:
            end: how far the journal is durable.
            view: for the log.
            elsewhere: partitions that are active though no buffer holds them.
            flush_target: the sequence up to which nothing may wait, if a flush is under way.

        Raises:
            BackingServiceError, OSError, MemoryError: a stage cannot work for now; the records are kept and tried again.
        """
        now = self._tools.monotonic()
        if now < self._retry_at:
            return Taken([], [], [], self._retry_at - now)
        wait = self._gather_seconds(end, is_flushing=flush_target is not None)
        if wait <= 0:
            chunk = self._reader.read(end, max_records=CHUNK_RECORDS, max_bytes=CHUNK_BYTES)
            self._unread_since = None
            self._is_behind = True
            if chunk is not None:
                self._held.append(chunk)
        due: Due = []
        if self._held and self._is_enough(end, flush_target):
            due = self._ingest(JournalChunk.joined(self._held), view, elsewhere)
        again, forgotten = self._complete()
        return Taken(due, again, forgotten, 0.0 if wait <= 0 else min(wait, self._held_seconds()))

    def _gather_seconds(self, end: CommittedEnd, *, is_flushing: bool) -> float:
        """Return how long to leave unread records for others to join them; zero or less: read now."""
        unread = end.next_sequence - self._reader.sequence
        if unread <= 0:
            self._unread_since, self._is_behind = None, False
            return IDLE_SECONDS
        now = self._tools.monotonic()
        if self._unread_since is None:
            self._unread_since = now
        if unread >= (CHUNK_RECORDS if self._is_behind else BEGIN_RECORDS) or is_flushing:
            return 0.0
        return self._unread_since + GATHER_SECONDS - now

    def _held_seconds(self) -> float:
        """Return how long a Lambda stage still gathers."""
        hints = self._require_setup().pipeline.lambda_hints
        if hints is None or not self._held:
            return IDLE_SECONDS
        due_ms = int(self._held[0].arrived_ms[0]) + hints.interval_seconds * 1000
        return max(self._tools.clock.real_seconds((due_ms - self._tools.clock.now_ms()) / 1000), 0.001)

    def _is_enough(self, end: CommittedEnd, flush_target: int | None) -> bool:
        """Say whether what is held goes on to be processed: at once, or when a Lambda's own buffer hints are met."""
        hints = self._require_setup().pipeline.lambda_hints
        if hints is None or sum(chunk.size_bytes for chunk in self._held) >= hints.size_bytes:
            return True
        if flush_target is not None and self._reader.sequence >= min(end.next_sequence, flush_target):
            return True
        age_ms = self._tools.clock.now_ms() - int(self._held[0].arrived_ms[0])
        return age_ms >= hints.interval_seconds * 1000

    def _ingest(self, chunk: JournalChunk, view: StreamView, elsewhere: set[Identity]) -> Due:
        """Take records through the stages into the buffers; return the buffers that are full."""
        setup = self._require_setup()
        now_ms = self._tools.clock.now_ms()
        try:
            parts = list(setup.pipeline.run(chunk, now_ms=now_ms))
        except (BackingServiceError, OSError, MemoryError):
            self._held = [chunk]
            self._failures += 1
            self._retry_at = self._tools.monotonic() + retry_seconds(self._failures)
            raise
        self._failures = 0
        self._held = []
        self.ingested = chunk.next_sequence
        due: Due = []
        self._count(setup, view, parts)
        for part, processed in parts:
            for code, message in processed.reasons.items():
                self._tools.report(view, code, message)
            rows = self._mine("data", processed.rows, self._claims)
            if setup.config.is_partitioned:
                rows = self._admit(setup, rows, part, elsewhere, due)
            due += self._add("data", rows)
            due += self._add("error", self._mine("error", processed.errors, self._claims))
        if setup.config.backup is not None:
            due += self._add("backup", self._mine("backup", setup.pipeline.backup(chunk), self._backup_claims))
        return due

    def _count(self, setup: Setup, view: StreamView, parts: Sequence[tuple[JournalChunk, Processed]]) -> None:
        if self.ingested <= self.counted:
            return
        values = [
            value
            for part, processed in parts
            for value in processed_values(
                setup.config,
                value_lengths(part.data),
                rows=processed.rows,
                errors=processed.errors,
                stages=processed.counts,
                since=self.counted,
            )
        ]
        self._tools.metrics.add_up_to(MarkOwner(view.stream, view.incarnation), self.ingested, values)
        self.counted = self.ingested

    def _mine(self, kind: ObjectKind, rows: Rows, claims: RowClaims) -> Rows:
        """Leave out the rows that are in S3 and those that go back to the object they were promised to."""
        if len(claims) == 0:
            return rows
        owners = claims.owners(rows.row_ids)
        missing = owners != DONE
        rows, owners = rows.where(missing), owners[missing]
        return self._restore(kind, rows, owners)

    def _restore(self, kind: ObjectKind, rows: Rows, owners: Int64Array) -> Rows:
        free = np.ones(len(rows), dtype=np.bool_)
        for owner in np.unique(owners[owners != UNCLAIMED]).tolist():
            restored = self._restored.get(owner)
            if restored is None or restored.planned.kind != kind:
                continue  # what was promised as data fails now, or the other way round: it is a new row
            own = owners == owner
            part = rows.where(own)
            run = self._tools.runs.keep(part.table, part.row_ids, [0, len(part)], [owner])
            restored.slices.append(Slice(run, 0, len(part)))
            restored.size_bytes += int(part.sizes.sum())
            free &= ~own
        return rows.where(free)

    def _complete(self) -> tuple[list[OutgoingObject], list[int]]:
        """Return the promised objects whose rows have all been read by now, and those that turned out empty."""
        again: list[OutgoingObject] = []
        forgotten: list[int] = []
        for object_id, restored in list(self._restored.items()):
            if sequence_of(int(restored.planned.rows[-1])) >= self.ingested:
                continue
            del self._restored[object_id]
            if restored.slices:
                again.append(OutgoingObject(restored.planned, restored.slices, restored.size_bytes))
            else:
                forgotten.append(object_id)
        return again, forgotten

    def _admit(self, setup: Setup, rows: Rows, chunk: JournalChunk, elsewhere: set[Identity], due: Due) -> Rows:
        """Keep the rows that find room among the active partitions; the others become error lines.

        decided: docs/fidelity/delivery.md#partition-overflow
        """
        active = self.partitions() | elsewhere
        max_partitions = self._tools.max_partitions()
        refused = _beyond(rows, active, max_partitions)
        count_partitions(
            self._tools.metrics,
            setup.config.stream,
            active=len(active),
            limit=max_partitions,
            is_exceeded=bool(refused),
        )
        if not refused:
            return rows
        over = np.isin(rows.codes, list(refused))
        lines = setup.pipeline.overflow(rows.where(over), chunk, now_ms=self._tools.clock.now_ms())
        due += self._add("error", self._mine("error", lines, self._claims))
        return rows.where(~over)

    def _add(self, kind: ObjectKind, rows: Rows) -> Due:
        if not len(rows):
            return []
        grouped, identities, bounds = rows.by_identity()
        run = self._tools.runs.keep(grouped.table, grouped.row_ids, bounds, [(kind, each) for each in identities])
        full = self.buffers[kind].add(
            Sorted(run, identities, bounds, grouped.row_ids, grouped.arrived_ms, grouped.opened_ms, grouped.sizes)
        )
        return [(kind, buffer) for buffer in full]

    def _require_setup(self) -> Setup:
        if self._setup is None:
            raise RuntimeError("no configuration is at work; call use() first")
        return self._setup


def _beyond(rows: Rows, active: set[Identity], most: int) -> set[int]:
    """Add the partitions of these rows to the active ones as they come, up to so many; return the codes of those left over."""
    present = np.flatnonzero(np.bincount(rows.codes, minlength=len(rows.identities))).tolist()
    new = [code for code in present if rows.identities[code] not in active]
    if len(active) + len(new) > most:
        codes, first_places = np.unique(rows.codes, return_index=True)
        place = dict(zip(codes.tolist(), first_places.tolist(), strict=True))
        new.sort(key=place.__getitem__)
    room = max(most - len(active), 0)
    active.update(rows.identities[code] for code in new[:room])
    return set(new[room:])
