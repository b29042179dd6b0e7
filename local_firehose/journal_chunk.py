"""Consecutive records of one stream's journal, column by column.

Pure. The records lie in one Arrow binary array, so that parsers read them without a Python object each.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Int64Array = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class JournalChunk:
    """Records `first_sequence`, `first_sequence + 1` …; `arrived_ms` has one epoch millisecond a record."""

    first_sequence: int
    arrived_ms: Int64Array
    data: pa.BinaryArray

    def __len__(self) -> int:
        return len(self.arrived_ms)

    @property
    def next_sequence(self) -> int:
        return self.first_sequence + len(self)

    @property
    def size_bytes(self) -> int:
        return len(joined_bytes(self.data))

    def part(self, start: int, stop: int) -> "JournalChunk":
        """Return the records from place `start` to `stop`."""
        return JournalChunk(self.first_sequence + start, self.arrived_ms[start:stop], self.data[start:stop])

    @staticmethod
    def joined(chunks: Sequence["JournalChunk"]) -> "JournalChunk":
        """Return consecutive chunks as one."""
        if len(chunks) == 1:
            return chunks[0]
        return JournalChunk(
            chunks[0].first_sequence,
            np.concatenate([chunk.arrived_ms for chunk in chunks]),
            pa.concat_arrays([chunk.data for chunk in chunks]),
        )


def binary_array(payloads: Sequence[bytes | memoryview], lengths: Int64Array) -> pa.BinaryArray:
    """Return one binary array over the payloads laid end to end, cut by `lengths` (bytes a record, in order)."""
    offsets = np.zeros(len(lengths) + 1, dtype=np.int32)
    np.cumsum(lengths, out=offsets[1:])
    data = pa.py_buffer(payloads[0] if len(payloads) == 1 else b"".join(payloads))
    return pa.Array.from_buffers(pa.binary(), len(lengths), [None, pa.py_buffer(offsets), data])


def value_lengths(values: pa.BinaryArray) -> Int64Array:
    """Return each value's length in bytes."""
    offsets = np.frombuffer(values.buffers()[1], dtype=np.int32)[values.offset : values.offset + len(values) + 1]
    return np.diff(offsets).astype(np.int64)


def joined_bytes(values: pa.BinaryArray) -> memoryview:
    """Return the values laid end to end, without copying: they already lie so. The array must have no nulls."""
    if len(values) == 0:
        return memoryview(b"")
    offsets = np.frombuffer(values.buffers()[1], dtype=np.int32)
    return memoryview(values.buffers()[2])[int(offsets[values.offset]) : int(offsets[values.offset + len(values)])]
