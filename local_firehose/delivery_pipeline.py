"""Records into rows to deliver and lines for the error output, in AWS's fixed order of stages.

Pure but for the stages it is given (jq's process, a Lambda). Source: https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning.html
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from firehose_spec.error_documents import (
    ACTIVE_PARTITION_EXCEEDED,
    ACTIVE_PARTITIONS_CODE,
    FORMAT_CONVERSION_FAILED,
    METADATA_EXTRACTION_CODE,
    METADATA_EXTRACTION_FAILED,
    NULL_KEY_MESSAGE,
    PROCESSING_FAILED,
)
from local_firehose.conversion import Converted
from local_firehose.delivery_rows import Identity, Rows, raw_table
from local_firehose.errors import BackingServiceError, PrefixExpressionError
from local_firehose.journal_chunk import Int64Array, JournalChunk, value_lengths
from local_firehose.ledger_rows import row_ids
from local_firehose.object_key import CompiledPrefix
from local_firehose.partition_keys import Extracted
from local_firehose.processing import Process
from local_firehose.records import ErrorOutputType, Failure, Record

_log = logging.getLogger(__name__)

_ANY_INSTANT = datetime(2000, 1, 1, tzinfo=UTC)
_MAX_KNOWN_PARTITIONS = 100_000
_UNPARTITIONED = -1


class KeyExtractor(Protocol):
    """Evaluates the metadata extraction query; yields the values of the prefix's query keys, in their order."""

    def extract(self, records: Sequence[bytes]) -> Extracted:
        """Return the keys of each record."""
        ...


class RecordConverter(Protocol):
    """Turns records into rows of the Glue table."""

    def convert(self, records: pa.BinaryArray) -> Converted:
        """Return the records' rows, and the records that have none."""
        ...


@dataclass(frozen=True, slots=True)
class LambdaHints:
    """How much, or how long, the Lambda stage gathers before it invokes; a stage of its own, before the buffers (documented)."""

    size_bytes: int
    interval_seconds: float


ErrorLine = Callable[[Failure, int], bytes]


@dataclass(frozen=True, slots=True)
class Processed:
    """What became of a chunk: rows to deliver, and one row a failed record, whose only column is its error line.

    `reasons` has one message for each error code that occurred.
    """

    rows: Rows
    errors: Rows
    reasons: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Work:
    """Records on their way through the stages: columns, and the place in the chunk that each came from."""

    data: pa.BinaryArray
    row_ids: Int64Array
    origins: Int64Array
    lambda_keys: Sequence[dict[str, str] | None] | None


class Pipeline:
    """The stages of one stream under one configuration; use it from one thread at a time."""

    def __init__(
        self,
        *,
        prefix: CompiledPrefix,
        error_line: ErrorLine,
        process: Process | None = None,
        extractor: KeyExtractor | None = None,
        is_partitioned: bool = False,
        converter: RecordConverter | None = None,
        delimiter: bytes = b"",
        lambda_hints: LambdaHints | None = None,
    ) -> None:
        self._prefix = prefix
        self._error_line = error_line
        self._process = process
        self._extractor = extractor
        self._is_partitioned = is_partitioned
        self._converter = converter
        self._delimiter = delimiter
        self.lambda_hints = lambda_hints
        self._canonical: dict[str, Identity] = {}

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

    def _broken(self, chunk: JournalChunk, error: Exception, now_ms: int) -> Processed:
        message = f"{type(error).__name__}: {error}"
        # decided: docs/fidelity/delivery.md#broken-record
        failure = Failure(_record(chunk, 0), PROCESSING_FAILED, "InternalFailure", message)
        row_id = int(row_ids(np.array([chunk.first_sequence], dtype=np.int64))[0])
        none = np.empty(0, dtype=np.int64)
        rows = Rows(raw_table(chunk.data[:0]), none, none, none, none, none, none, [()])
        return Processed(rows, self._error_rows(chunk, [(0, row_id, failure)], now_ms), {"InternalFailure": message})

    def _run(self, chunk: JournalChunk, *, now_ms: int) -> Processed:
        failures: list[tuple[int, int, Failure]] = []  # place in the chunk, row id, failure
        work = self._processed(chunk, failures)
        codes, identities = self._partitioned(chunk, work, failures)
        rows = self._converted(chunk, work, codes, identities, failures, now_ms)
        reasons = {failure.error_code: failure.error_message for _, _, failure in failures}
        return Processed(rows, self._error_rows(chunk, failures, now_ms), reasons)

    def overflow(self, rows: Rows, chunk: JournalChunk, *, now_ms: int) -> Rows:
        """Return these rows as error lines: they would have needed a partition beyond the limit."""
        failures = []
        for place, row_id in dict(zip(rows.origins.tolist(), rows.row_ids.tolist(), strict=True)).items():
            failure = Failure(
                _record(chunk, place), ACTIVE_PARTITION_EXCEEDED, ACTIVE_PARTITIONS_CODE, _OVERFLOW_MESSAGE
            )
            failures.append((place, row_id, failure))
        return self._error_rows(chunk, failures, now_ms)

    def backup(self, chunk: JournalChunk) -> Rows:
        """Return the records as they were put, for the source record backup."""
        sequences = np.arange(chunk.first_sequence, chunk.next_sequence, dtype=np.int64)
        places = np.arange(len(chunk), dtype=np.int64)
        sizes = value_lengths(chunk.data)
        arrived = chunk.arrived_ms
        return Rows(
            raw_table(chunk.data),
            row_ids(sequences),
            arrived,
            arrived,
            sizes,
            places,
            np.zeros(len(chunk), dtype=np.int64),
            [()],
        )

    def _processed(self, chunk: JournalChunk, failures: list[tuple[int, int, Failure]]) -> _Work:
        sequences = np.arange(chunk.first_sequence, chunk.next_sequence, dtype=np.int64)
        if self._process is None:
            return _Work(chunk.data, row_ids(sequences), np.arange(len(chunk), dtype=np.int64), None)
        records = [
            Record(sequence, arrived, data, data)
            for sequence, arrived, data in zip(
                sequences.tolist(), chunk.arrived_ms.tolist(), chunk.data.to_pylist(), strict=True
            )
        ]
        taken, failed = self._process(records)
        # an ordinal counts the sub-records of one record, delivered and failed alike, in the order of the output
        ordinals: dict[int, int] = {}
        for failure in failed:
            sequence = failure.record.sequence
            ordinal = ordinals.get(sequence, 0)
            ordinals[sequence] = ordinal + 1
            failures.append(
                (sequence - chunk.first_sequence, int(row_ids(np.int64(sequence), np.int64(ordinal))), failure)  # type: ignore[arg-type]
            )
        found = np.fromiter((record.sequence for record in taken), np.int64, len(taken))
        places = np.empty(len(taken), dtype=np.int64)
        for at, record in enumerate(taken):
            places[at] = ordinals.get(record.sequence, 0)
            ordinals[record.sequence] = int(places[at]) + 1
        lambda_keys = [dict(record.lambda_keys) if record.lambda_keys else None for record in taken]
        return _Work(
            pa.array([record.data for record in taken], type=pa.binary()),
            row_ids(found, places),
            found - chunk.first_sequence,
            lambda_keys,
        )

    def _partitioned(
        self, chunk: JournalChunk, work: _Work, failures: list[tuple[int, int, Failure]]
    ) -> tuple[Int64Array, list[Identity]]:
        if not self._is_partitioned:
            return np.zeros(len(work.row_ids), dtype=np.int64), [()]
        codes = np.zeros(len(work.row_ids), dtype=np.int64)
        found: list[Identity] = [()]
        if self._extractor is not None:
            extracted = self._extractor.extract(work.data.to_pylist())
            codes, found = extracted.codes.astype(np.int64), list(extracted.distinct)
            for place, message in extracted.failures.items():
                self._fail(chunk, work, place, METADATA_EXTRACTION_FAILED, METADATA_EXTRACTION_CODE, message, failures)
        if self._prefix.lambda_keys:
            codes, found = self._with_lambda_keys(codes, found, work.lambda_keys)
        identities: list[Identity] = []
        places: dict[Identity, int] = {}
        translated = np.empty(len(found) + 1, dtype=np.int64)
        translated[-1] = _UNPARTITIONED
        refused: dict[int, str] = {}
        for at, values in enumerate(found):
            if not all(values):  # decided: docs/fidelity/delivery.md#lambda-key-missing, as a null key of the query
                translated[at], refused[at] = _UNPARTITIONED, NULL_KEY_MESSAGE
                continue
            try:
                identity = self._identity(values)
            except PrefixExpressionError as error:
                translated[at], refused[at] = _UNPARTITIONED, str(error)
                continue
            translated[at] = places.setdefault(identity, len(places))
            if len(places) > len(identities):
                identities.append(identity)
        for at, message in refused.items():
            for place in np.flatnonzero(codes == at).tolist():
                self._fail(chunk, work, place, METADATA_EXTRACTION_FAILED, METADATA_EXTRACTION_CODE, message, failures)
        return translated[codes], identities or [()]

    def _with_lambda_keys(
        self,
        codes: Int64Array,
        found: list[Identity],
        lambda_keys: Sequence[dict[str, str] | None] | None,
    ) -> tuple[Int64Array, list[Identity]]:
        combined: dict[Identity, int] = {}
        result = np.full(len(codes), _UNPARTITIONED, dtype=np.int64)
        for at, code in enumerate(codes.tolist()):
            if code < 0:
                continue
            own = (lambda_keys[at] if lambda_keys else None) or {}
            values = (*found[code], *(own.get(name, "") for name in self._prefix.lambda_keys))
            result[at] = combined.setdefault(values, len(combined))
        return result, list(combined)

    def _identity(self, values: tuple[str, ...]) -> Identity:
        """Return the one set of values that stands for all that evaluate to the same prefix."""
        folder = self.folder(values, arrived_at=_ANY_INSTANT, random_string=lambda: "")
        if len(self._canonical) > _MAX_KNOWN_PARTITIONS:
            self._canonical.clear()
        return self._canonical.setdefault(folder, values)

    def folder(self, identity: Identity, *, arrived_at: datetime, random_string: Callable[[], str]) -> str:
        """Return the evaluated prefix of a buffer.

        Raises:
            PrefixExpressionError: a value is missing, or the result is too long.
        """
        split = len(self._prefix.query_keys)
        return self._prefix.evaluate(
            arrived_at=arrived_at,
            partition_keys=dict(zip(self._prefix.query_keys, identity[:split], strict=False)),
            lambda_keys=dict(zip(self._prefix.lambda_keys, identity[split:], strict=False)),
            random_string=random_string,
        )

    def _converted(
        self,
        chunk: JournalChunk,
        work: _Work,
        codes: Int64Array,
        identities: list[Identity],
        failures: list[tuple[int, int, Failure]],
        now_ms: int,
    ) -> Rows:
        kept = np.flatnonzero(codes >= 0)
        data = work.data if len(kept) == len(codes) else work.data.take(pa.array(kept))
        sizes = value_lengths(data)
        if self._converter is None:
            table = raw_table(pc.binary_join_element_wise(data, self._delimiter, b"") if self._delimiter else data)
        else:
            converted = self._converter.convert(data)
            for refused in converted.failures:
                self._fail(
                    chunk,
                    work,
                    int(kept[refused.index]),
                    FORMAT_CONVERSION_FAILED,
                    refused.error_code,
                    refused.error_message,
                    failures,
                )
            table, of_row = converted.table, converted.record_of_row
            sizes = sizes[of_row]
            sizes[1:][of_row[1:] == of_row[:-1]] = 0  # a record of several documents counts once
            kept = kept[of_row]
        origins = work.origins[kept]
        arrived = chunk.arrived_ms[origins]
        opened = np.full(len(kept), now_ms, dtype=np.int64) if self.lambda_hints else arrived
        return Rows(table, work.row_ids[kept], arrived, opened, sizes, origins, codes[kept], identities)

    def _fail(
        self,
        chunk: JournalChunk,
        work: _Work,
        place: int,
        output_type: ErrorOutputType,
        code: str,
        message: str,
        failures: list[tuple[int, int, Failure]],
    ) -> None:
        origin = int(work.origins[place])
        failures.append((origin, int(work.row_ids[place]), Failure(_record(chunk, origin), output_type, code, message)))

    def _error_rows(self, chunk: JournalChunk, failures: list[tuple[int, int, Failure]], now_ms: int) -> Rows:
        failures.sort(key=lambda failed: failed[1])
        types = list(dict.fromkeys(failure.output_type for _, _, failure in failures))
        lines = [self._error_line(failure, now_ms) for _, _, failure in failures]
        count = len(failures)
        origins = np.fromiter((origin for origin, _, _ in failures), np.int64, count)
        arrived = chunk.arrived_ms[origins]
        data = pa.array(lines, type=pa.binary())
        return Rows(
            raw_table(data),
            np.fromiter((row_id for _, row_id, _ in failures), np.int64, count),
            arrived,
            np.full(count, now_ms, dtype=np.int64) if self.lambda_hints else arrived,
            value_lengths(data),
            origins,
            np.fromiter((types.index(failure.output_type) for _, _, failure in failures), np.int64, count),
            [(kind,) for kind in types],
        )


def _record(chunk: JournalChunk, place: int) -> Record:
    data = chunk.data[place].as_py()
    return Record(chunk.first_sequence + place, int(chunk.arrived_ms[place]), data, data)


# decided: docs/fidelity/delivery.md#partition-overflow
_OVERFLOW_MESSAGE = "The number of active partitions of this delivery stream is at its limit."
