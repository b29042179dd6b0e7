"""Objects on their way to S3: promised in the ledger, encoded and written by the upload threads, tried again until they are there.

Talks to: the ledger, and S3 through what it is given. Everything but the upload itself happens in the stream's own thread.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

import numpy as np

from firehose_spec.error_documents import FORMAT_CONVERSION_FAILED
from firehose_spec.quotas import DIRECT_PUT_RETENTION_SECONDS
from local_firehose.buffering import Buffer, Slice
from local_firehose.delivery_metrics import count_attempt
from local_firehose.delivery_rows import Identity
from local_firehose.delivery_setup import Setup
from local_firehose.delivery_tools import DeliveryTools, retry_seconds
from local_firehose.engine_port import StreamView
from local_firehose.ledger import Ledger, ObjectKind, PlannedObject
from local_firehose.object_store import ObjectStoreError, ObjectToPut
from local_firehose.upload_pool import Encode

_log = logging.getLogger(__name__)

_TRIED_FOREVER: Identity = (FORMAT_CONVERSION_FAILED,)
ROWS_A_PROMISE = 100_000
MAX_OBJECTS = 4_000  # beyond it nothing more is read: what S3 does not take waits in the journal


@dataclass(slots=True)
class OutgoingObject:
    """One promised object; `retry_at` is None while an attempt is under way."""

    planned: PlannedObject
    slices: list[Slice]
    size_bytes: int
    attempts: int = 0
    retry_at: float | None = None
    error: ObjectStoreError | None = None


class Outbox:
    """The promised objects of one stream.

    `signal` is called, in any thread, when no attempt is under way any more; in between, `settle` is to be called now and then.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        tools: DeliveryTools,
        signal: Callable[[], None],
        on_error: Callable[[str, str], None],
    ) -> None:
        self._ledger = ledger
        self._tools = tools
        self._signal = signal
        self._on_error = on_error
        self._objects: dict[int, OutgoingObject] = {}
        self._blocking: set[int] = set()
        self._landed: deque[OutgoingObject] = deque()
        self._under_way = 0  # attempts
        self._has_landed = threading.Condition()

    @property
    def is_full(self) -> bool:
        return len(self._objects) >= MAX_OBJECTS

    @property
    def is_blocked(self) -> bool:
        """Tell whether error lines of format conversion could not be written: nothing more is delivered before they are.

        documented: record-format-conversion-error-handling
        """
        return bool(self._blocking)

    @property
    def is_busy(self) -> bool:
        """Whether attempts are under way."""
        return self._under_way > 0

    @property
    def ids(self) -> set[int]:
        """The objects that are not in S3 yet."""
        return set(self._objects)

    def waiting(self) -> list[OutgoingObject]:
        """Return the objects that are not in S3 yet, source record backups left out."""
        return [outgoing for outgoing in self._objects.values() if outgoing.planned.kind != "backup"]

    def partitions(self) -> set[Identity]:
        """Return the partitions that have an object under way: they are still active (documented)."""
        return {outgoing.planned.identity for outgoing in self._objects.values() if outgoing.planned.kind == "data"}

    def first_row(self) -> int | None:
        """Return the lowest row id that is not in S3 yet."""
        return min((int(outgoing.planned.rows[0]) for outgoing in self._objects.values()), default=None)

    def next_retry(self) -> float | None:
        """Return when the next attempt is due, on the monotonic clock."""
        return min((at for outgoing in self._objects.values() if (at := outgoing.retry_at) is not None), default=None)

    def plan(self, due: Iterable[tuple[ObjectKind, Buffer]], setup: Setup, view: StreamView) -> None:
        """Promise an object for each buffer, then write them; many rows go in turns, so that encoding begins soon."""
        promised: list[OutgoingObject] = []
        rows = 0
        for kind, buffer in due:
            promised.append(OutgoingObject(self._promise(kind, buffer, setup), buffer.slices, buffer.size_bytes))
            rows += buffer.rows
            if rows >= ROWS_A_PROMISE:
                self._begin(promised, setup, view)
                promised, rows = [], 0
        if promised:
            self._begin(promised, setup, view)

    def _begin(self, promised: list[OutgoingObject], setup: Setup, view: StreamView) -> None:
        self._ledger.plan([each.planned for each in promised])
        self.submit(promised, setup, view)

    def submit(self, objects: Iterable[OutgoingObject], setup: Setup, view: StreamView) -> None:
        """Begin an attempt for each."""
        jobs: list[tuple[int, Encode]] = []
        for outgoing in objects:
            outgoing.retry_at = None
            outgoing.attempts += 1
            self._objects[outgoing.planned.id] = outgoing
            jobs.append((outgoing.size_bytes, partial(self._encode, outgoing, setup, view)))
        with self._has_landed:
            self._under_way += len(jobs)
        self._tools.uploads.submit(jobs)

    def retry_due(self, setup: Setup, view: StreamView) -> None:
        """Begin the attempts that are due."""
        now = self._tools.monotonic()
        due = [each for each in self._objects.values() if each.retry_at is not None and each.retry_at <= now]
        if due:
            self.submit(due, setup, view)

    def settle(self, view: StreamView) -> list[PlannedObject]:
        """Note what has become of the attempts; return the objects that are in S3 now."""
        with self._has_landed:
            landed = list(self._landed)
        done = [outgoing for outgoing in landed if outgoing.error is None]
        now_ms = self._tools.clock.now_ms()
        if done:
            self._ledger.finish([outgoing.planned for outgoing in done], now_ms=now_ms)
        with self._has_landed:  # only now: had the ledger failed, the next call would meet the same objects
            for _ in landed:
                self._landed.popleft()
        for outgoing in landed:
            planned = outgoing.planned
            count_attempt(
                self._tools.metrics,
                view.stream,
                planned,
                size_bytes=outgoing.size_bytes,
                is_delivered=outgoing.error is None,
                is_partitioned=view.config.is_partitioned,
                now_ms=now_ms,
            )
            if outgoing.error is not None:
                self._settle_failure(outgoing, outgoing.error, now_ms)
            else:
                del self._objects[planned.id]
                self._blocking.discard(planned.id)
                _log.debug(
                    "delivered object  key=%s records=%d bytes=%d", planned.key, planned.records, outgoing.size_bytes
                )
        return [outgoing.planned for outgoing in done]

    def drain(self, view: StreamView) -> list[PlannedObject]:
        """Wait until no attempt is under way, then forget all objects; return those that got to S3 meanwhile."""
        done: list[PlannedObject] = []
        while any(outgoing.retry_at is None for outgoing in self._objects.values()):
            with self._has_landed:
                self._has_landed.wait_for(lambda: bool(self._landed))
            done += self.settle(view)
        self._objects.clear()
        self._blocking.clear()
        return done

    def _promise(self, kind: ObjectKind, buffer: Buffer, setup: Setup) -> PlannedObject:
        rows = np.concatenate([cut.run.row_ids(cut.start, cut.stop) for cut in buffer.slices])
        steps = np.diff(rows)
        if bool((steps <= 0).any()):  # a record of several documents counts once
            rows = np.unique(rows)
        return PlannedObject(
            id=self._ledger.next_id(),
            kind=kind,
            identity=buffer.identity,
            bucket=setup.destination(kind).bucket,
            key=setup.key(kind, buffer.identity, arrived_ms=buffer.arrived_ms),
            arrived_ms=buffer.arrived_ms,
            records=len(rows),
            rows=rows,
        )

    def _encode(self, outgoing: OutgoingObject, setup: Setup, view: StreamView) -> Callable[[], None]:
        """Encode one object and return what writes it; both run in an upload thread."""
        planned = outgoing.planned
        try:
            batches = [batch for cut in outgoing.slices for batch in cut.run.batches(cut.start, cut.stop)]
            body = setup.encode(planned.kind, batches)
        except Exception as error:
            return partial(self._end, outgoing, self._unexpected(planned, error))
        target = ObjectToPut(
            stream_name=view.stream.name,
            region=view.stream.region,
            bucket=planned.bucket,
            key=planned.key,
            body=body.data,
            content_encoding=body.content_encoding,
            kms_key_arn=setup.destination(planned.kind).kms_key_arn,
        )
        return partial(self._write, outgoing, target)

    def _write(self, outgoing: OutgoingObject, target: ObjectToPut) -> None:
        try:
            self._tools.put(target)
        except ObjectStoreError as error:
            self._end(outgoing, error)
        except Exception as error:
            self._end(outgoing, self._unexpected(outgoing.planned, error))
        else:
            self._end(outgoing, None)

    @staticmethod
    def _unexpected(planned: PlannedObject, error: Exception) -> ObjectStoreError:
        _log.error("object could not be made  key=%s", planned.key, exc_info=error)
        return ObjectStoreError("InternalError", f"{type(error).__name__}: {error}")

    def _end(self, outgoing: OutgoingObject, error: ObjectStoreError | None) -> None:
        """Note the end of an attempt; the stream's thread hears of the last one at once, of others when it looks."""
        outgoing.error = error
        with self._has_landed:
            self._landed.append(outgoing)
            self._under_way -= 1
            is_last = self._under_way == 0
            self._has_landed.notify_all()
        if is_last:
            self._signal()

    def _settle_failure(self, outgoing: OutgoingObject, error: ObjectStoreError, now_ms: int) -> None:
        self._on_error(error.code, error.message)
        planned = outgoing.planned
        outgoing.retry_at = self._tools.monotonic() + retry_seconds(outgoing.attempts)
        if planned.kind == "error" and planned.identity == _TRIED_FOREVER:
            self._blocking.add(planned.id)
            return
        # documented: what cannot be delivered within the retention is lost. decided: never before an attempt has failed
        if now_ms - planned.arrived_ms > DIRECT_PUT_RETENTION_SECONDS * 1000:
            self._ledger.discard([planned])
            del self._objects[planned.id]
            _log.error("discarded after 24 hours  key=%s records=%d", planned.key, planned.records)
