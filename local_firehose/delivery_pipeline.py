"""Records into rows to deliver and lines for the error output, in AWS's fixed order of stages.

Pure but for the stages it is given (jq's process, a Lambda). Source: https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning.html
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from firehose_spec.error_documents import (
    FORMAT_CONVERSION_FAILED,
    METADATA_EXTRACTION_CODE,
    METADATA_EXTRACTION_FAILED,
    PROCESSING_FAILED,
)
from local_firehose.conversion import Begun, Converted
from local_firehose.delivery_errors import ChunkFailures, ErrorLine, overflowing
from local_firehose.delivery_metrics import StageCount
from local_firehose.delivery_partitions import LambdaKeys, Partitioner
from local_firehose.delivery_rows import Identity, Rows, raw_table
from local_firehose.errors import BackingServiceError
from local_firehose.journal_chunk import Int64Array, JournalChunk, value_lengths
from local_firehose.ledger_rows import row_id_of, row_ids
from local_firehose.processing import Process
from local_firehose.records import Record

_log = logging.getLogger(__name__)


class RecordConverter(Protocol):
    """Turns records into rows of the Glue table."""

    def begin(self, records: pa.BinaryArray, leaf_keys: Sequence[str] = ()) -> Begun:
        """Read what can be read of all at once, and with it the values of these keys."""
        ...

    def complete(self, begun: Begun, kept: Int64Array) -> Converted:
        """Return the rows of the records kept, and the records that have none."""
        ...


@dataclass(frozen=True, slots=True)
class LambdaHints:
    """How much, or how long, the Lambda stage gathers before it invokes; a stage of its own, before the buffers (documented)."""

    size_bytes: int
    interval_seconds: float


@dataclass(frozen=True, slots=True)
class Processed:
    """What became of a chunk: rows to deliver, and one row a failed record, whose only column is its error line.

    `reasons` has one message for each error code that occurred, `counts` what stages count for CloudWatch.
    """

    rows: Rows
    errors: Rows
    reasons: dict[str, str]
    counts: Sequence[StageCount] = ()


@dataclass(frozen=True, slots=True)
class _Work:
    """Records after the processors: their data, row ids, and the place in the chunk that each came from."""

    data: pa.BinaryArray
    row_ids: Int64Array
    origins: Int64Array
    lambda_keys: LambdaKeys | None
    counts: Sequence[StageCount] = ()


class Pipeline:
    """The stages of one stream under one configuration; use it from one thread at a time."""

    def __init__(
        self,
        *,
        partitioner: Partitioner,
        error_line: ErrorLine,
        process: Process | None = None,
        converter: RecordConverter | None = None,
        delimiter: bytes = b"",
        lambda_hints: LambdaHints | None = None,
    ) -> None:
        self._partitioner = partitioner
        self._error_line = error_line
        self._process = process
        self._converter = converter
        self._delimiter = delimiter
        self.lambda_hints = lambda_hints

    def run(self, chunk: JournalChunk, *, now_ms: int) -> Iterator[tuple[JournalChunk, Processed]]:
        """Take a chunk through all stages; yield it whole, or in parts where one record breaks a stage.

        Such a record goes to the error output alone, as ``processing-failed``.

        Raises:
            BackingServiceError, OSError, MemoryError: our environment's trouble, not a record's; try again later.
        """
        try:
            processed = self._run(chunk, now_ms=now_ms)
        except (BackingServiceError, OSError, MemoryError):
            raise
        except Exception as error:
            if len(chunk) > 1:
                middle = len(chunk) // 2
                yield from self.run(chunk.part(0, middle), now_ms=now_ms)
                yield from self.run(chunk.part(middle, len(chunk)), now_ms=now_ms)
                return
            _log.exception("record broke a stage  sequence=%d", chunk.first_sequence)
            processed = self._broken(chunk, error, now_ms)
        yield chunk, processed

    def overflow(self, rows: Rows, chunk: JournalChunk, *, now_ms: int) -> Rows:
        """Return these rows as error lines: they would have needed a partition beyond the limit."""
        return self._error_rows(overflowing(chunk, rows), now_ms)

    def backup(self, chunk: JournalChunk) -> Rows:
        """Return the records as they were put, for the source record backup."""
        sequences = np.arange(chunk.first_sequence, chunk.next_sequence, dtype=np.int64)
        return Rows(
            table=raw_table(chunk.data),
            row_ids=row_ids(sequences),
            arrived_ms=chunk.arrived_ms,
            opened_ms=chunk.arrived_ms,
            sizes=value_lengths(chunk.data),
            origins=sequences - chunk.first_sequence,
            codes=np.zeros(len(chunk), dtype=np.int64),
            identities=[()],
        )

    def folder(self, identity: Identity, *, arrived_at: datetime, random_string: Callable[[], str]) -> str:
        """Return the evaluated prefix of a buffer."""
        return self._partitioner.folder(identity, arrived_at=arrived_at, random_string=random_string)

    def _run(self, chunk: JournalChunk, *, now_ms: int) -> Processed:
        failures = ChunkFailures(chunk)
        work = self._processed(chunk, failures)
        # one parse serves both: what conversion reads in bulk tells the partitions of most records
        begun = None if self._converter is None else self._converter.begin(work.data, self._partitioner.leaf_keys)
        partitioned = self._partitioner.partition(work.data, work.lambda_keys, begun.leaves if begun else None)
        for place, message in partitioned.refused:
            failures.refuse(
                int(work.origins[place]),
                int(work.row_ids[place]),
                METADATA_EXTRACTION_FAILED,
                METADATA_EXTRACTION_CODE,
                message,
            )
        rows = self._converted(chunk, work, begun, partitioned.codes, partitioned.identities, failures, now_ms)
        return Processed(rows, self._error_rows(failures, now_ms), failures.reasons(), work.counts)

    def _broken(self, chunk: JournalChunk, error: Exception, now_ms: int) -> Processed:
        """Return the outcome of a chunk of one record that no stage survives."""
        failures = ChunkFailures(chunk)
        # decided: docs/fidelity/delivery.md#broken-record
        failures.refuse(
            0,
            row_id_of(chunk.first_sequence, 0),
            PROCESSING_FAILED,
            "InternalFailure",
            f"{type(error).__name__}: {error}",
        )
        none = np.empty(0, dtype=np.int64)
        rows = Rows(raw_table(chunk.data[:0]), none, none, none, none, none, none, [()])
        return Processed(rows, self._error_rows(failures, now_ms), failures.reasons())

    def _processed(self, chunk: JournalChunk, failures: ChunkFailures) -> _Work:
        sequences = np.arange(chunk.first_sequence, chunk.next_sequence, dtype=np.int64)
        if self._process is None:
            return _Work(chunk.data, row_ids(sequences), sequences - chunk.first_sequence, None)
        columns = (sequences.tolist(), chunk.arrived_ms.tolist(), chunk.data.to_pylist())
        records = [Record(sequence, arrived, data, data) for sequence, arrived, data in zip(*columns, strict=True)]
        taken, failed, counts = self._process(records)
        for failure in failed:
            record = failure.record
            failures.add(record.sequence - chunk.first_sequence, row_id_of(record.sequence, record.ordinal), failure)
        ids = np.fromiter((row_id_of(record.sequence, record.ordinal) for record in taken), np.int64, len(taken))
        found = np.fromiter((record.sequence for record in taken), np.int64, len(taken))
        return _Work(
            pa.array([record.data for record in taken], type=pa.binary()),
            ids,
            found - chunk.first_sequence,
            [dict(record.lambda_keys) if record.lambda_keys else None for record in taken],
            counts,
        )

    def _converted(
        self,
        chunk: JournalChunk,
        work: _Work,
        begun: Begun | None,
        codes: Int64Array,
        identities: list[Identity],
        failures: ChunkFailures,
        now_ms: int,
    ) -> Rows:
        kept = np.flatnonzero(codes >= 0)
        sizes = value_lengths(work.data)[kept]
        if self._converter is None or begun is None:
            data = work.data if len(kept) == len(codes) else work.data.take(pa.array(kept))
            table = raw_table(pc.binary_join_element_wise(data, self._delimiter, b"") if self._delimiter else data)
        else:
            converted = self._converter.complete(begun, kept)
            for refused in converted.failures:
                place = int(kept[refused.index])
                failures.refuse(
                    int(work.origins[place]),
                    int(work.row_ids[place]),
                    FORMAT_CONVERSION_FAILED,
                    refused.error_code,
                    refused.error_message,
                )
            table, of_row = converted.table, converted.record_of_row
            sizes = sizes[of_row]
            sizes[1:][of_row[1:] == of_row[:-1]] = 0  # a record of several documents counts once
            kept = kept[of_row]
        origins = work.origins[kept]
        arrived = chunk.arrived_ms[origins]
        opened = np.full(len(kept), now_ms, dtype=np.int64) if self.lambda_hints else arrived
        return Rows(table, work.row_ids[kept], arrived, opened, sizes, origins, codes[kept], identities)

    def _error_rows(self, failures: ChunkFailures, now_ms: int) -> Rows:
        return failures.rows(self._error_line, now_ms=now_ms, opens_now=self.lambda_hints is not None)
