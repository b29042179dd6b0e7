"""Failed records of a chunk as rows for the error output: one line each, one buffer an error-output-type.

Pure.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from firehose_spec.error_documents import ACTIVE_PARTITION_EXCEEDED, ACTIVE_PARTITIONS_CODE
from local_firehose.delivery_rows import Rows, raw_table
from local_firehose.journal_chunk import JournalChunk, value_lengths
from local_firehose.records import ErrorOutputType, Failure, Record

ErrorLine = Callable[[Failure, int], bytes]

# decided: docs/fidelity/delivery.md#partition-overflow
_OVERFLOW_MESSAGE = "The number of active partitions of this delivery stream is at its limit."


@dataclass(slots=True)
class ChunkFailures:
    """What failed of a chunk, gathered over the stages."""

    chunk: JournalChunk
    _found: list[tuple[int, int, Failure]] = field(default_factory=list)  # place in the chunk, row id, failure

    def add(self, place: int, row_id: int, failure: Failure) -> None:
        """Take in a failure that knows its record."""
        self._found.append((place, row_id, failure))

    def refuse(self, place: int, row_id: int, output_type: ErrorOutputType, code: str, message: str) -> None:
        """Take in the failure of the record at `place` of the chunk."""
        self.add(place, row_id, Failure(record_at(self.chunk, place), output_type, code, message))

    def reasons(self) -> dict[str, str]:
        """Return one message for each error code."""
        return {failure.error_code: failure.error_message for _, _, failure in self._found}

    def rows(self, error_line: ErrorLine, *, now_ms: int, opens_now: bool) -> Rows:
        """Return the lines as rows; their only column is the line."""
        found = sorted(self._found, key=lambda failed: failed[1])
        types = list(dict.fromkeys(failure.output_type for _, _, failure in found))
        count = len(found)
        origins = np.fromiter((place for place, _, _ in found), np.int64, count)
        arrived = self.chunk.arrived_ms[origins]
        lines = pa.array([error_line(failure, now_ms) for _, _, failure in found], type=pa.binary())
        return Rows(
            table=raw_table(lines),
            row_ids=np.fromiter((row_id for _, row_id, _ in found), np.int64, count),
            arrived_ms=arrived,
            opened_ms=np.full(count, now_ms, dtype=np.int64) if opens_now else arrived,
            sizes=value_lengths(lines),
            origins=origins,
            codes=np.fromiter((types.index(failure.output_type) for _, _, failure in found), np.int64, count),
            identities=[(kind,) for kind in types],
        )


def overflowing(chunk: JournalChunk, rows: Rows) -> ChunkFailures:
    """Return the failures of rows that would need a partition beyond the limit: one for each of their records."""
    failures = ChunkFailures(chunk)
    for row_id, place in dict(zip(rows.row_ids.tolist(), rows.origins.tolist(), strict=True)).items():
        failures.refuse(place, row_id, ACTIVE_PARTITION_EXCEEDED, ACTIVE_PARTITIONS_CODE, _OVERFLOW_MESSAGE)
    return failures


def record_at(chunk: JournalChunk, place: int) -> Record:
    """Return one record of a chunk as it was put."""
    data = chunk.data[place].as_py()
    return Record(chunk.first_sequence + place, int(chunk.arrived_ms[place]), data, data)
