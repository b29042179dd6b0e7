"""Which rows go into which object: one buffer per stream or per partition, cut by size or by age of its oldest row.

Pure: no clock; times are epoch milliseconds given by the caller. Buffers hold slices of runs, not bytes.
Source: https://docs.aws.amazon.com/firehose/latest/dev/buffering-hints.html
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from local_firehose.delivery_rows import Identity
from local_firehose.delivery_run import Run
from local_firehose.journal_chunk import Int64Array
from local_firehose.stream_config import BufferingHints

# decided: docs/fidelity/delivery.md#zero-buffering. "Zero buffering" still gathers what arrives within one second.
_ZERO_BUFFERING_MS = 1000


class Slice(NamedTuple):  # ten thousands in a flush, and several times as fast to make as a dataclass
    """Rows `start` to `stop` of a run."""

    run: Run
    start: int
    stop: int


@dataclass(slots=True)
class Buffer:
    """Rows on their way into one object.

    `opened_ms` is when the oldest row came to the buffer, `arrived_ms` when its record was put: they differ behind a Lambda.
    """

    identity: Identity
    opened_ms: int
    arrived_ms: int
    first_row: int
    rows: int = 0
    size_bytes: int = 0
    slices: list[Slice] = field(default_factory=list)

    def take(self, piece: Slice, size_bytes: int) -> None:
        """Take rows in."""
        self.slices.append(piece)
        self.rows += piece.stop - piece.start
        self.size_bytes += size_bytes


@dataclass(frozen=True, slots=True)
class Sorted:
    """A run with what buffering needs to know of each row; rows of one identity lie together, oldest first.

    `bounds[i]:bounds[i + 1]` are the rows of `identities[i]`; `sizes` are bytes before compression.
    """

    run: Run
    identities: Sequence[Identity]
    bounds: Sequence[int]
    row_ids: Int64Array
    arrived_ms: Int64Array
    opened_ms: Int64Array
    sizes: Int64Array


class Buffers:
    """The open buffers of one stream (or of its backup, or of its errors)."""

    def __init__(self, hints: BufferingHints) -> None:
        self._size_bytes = hints.size_bytes
        self._interval_ms = hints.interval_seconds * 1000 or _ZERO_BUFFERING_MS
        self._open: dict[Identity, Buffer] = {}

    def __len__(self) -> int:
        return len(self._open)

    def __contains__(self, identity: Identity) -> bool:
        return identity in self._open

    def __iter__(self) -> Iterator[Buffer]:
        return iter(self._open.values())

    def add(self, rows: Sorted) -> list[Buffer]:
        """Take the rows in; return the buffers that are full, or that a row came too late for, ready to deliver.

        A buffer is full with the row that reaches the size: an object is at most the size and one row long.
        """
        totals = np.concatenate(([0], np.cumsum(rows.sizes)))
        due: list[Buffer] = []
        ends = np.array(rows.bounds[1:])
        newest = rows.opened_ms[ends - 1].tolist()
        sizes = np.diff(totals[rows.bounds]).tolist()
        for identity, (start, stop), newest_ms, size_bytes in zip(
            rows.identities, pairwise(rows.bounds), newest, sizes, strict=True
        ):
            buffer = self._open.get(identity)
            if (
                buffer is not None
                and newest_ms < buffer.opened_ms + self._interval_ms
                and buffer.size_bytes + size_bytes < self._size_bytes
            ):  # nearly always: all go in, and the buffer stays open
                buffer.take(Slice(rows.run, start, stop), size_bytes)
            else:
                self._add_slice(rows, totals, identity, start, stop, due)
        return due

    def take_due(self, now_ms: int) -> list[Buffer]:
        """Return the buffers whose oldest row has waited the interval, and forget them."""
        return self._take(
            [identity for identity, buffer in self._open.items() if buffer.opened_ms + self._interval_ms <= now_ms]
        )

    def take_all(self) -> list[Buffer]:
        """Return every buffer, and forget them."""
        return self._take(list(self._open))

    def next_due_ms(self) -> int | None:
        """Return when the next buffer is due by age; None when there is none."""
        if not self._open:
            return None
        return min(buffer.opened_ms for buffer in self._open.values()) + self._interval_ms

    def first_row(self) -> int | None:
        """Return the lowest row id that waits here; None when nothing waits."""
        return min((buffer.first_row for buffer in self._open.values()), default=None)

    def oldest_arrived_ms(self) -> int | None:
        """Return when the oldest record that waits here was put."""
        return min((buffer.arrived_ms for buffer in self._open.values()), default=None)

    def _take(self, identities: list[Identity]) -> list[Buffer]:
        return [self._open.pop(identity) for identity in identities]

    def _add_slice(
        self, rows: Sorted, totals: Int64Array, identity: Identity, start: int, stop: int, due: list[Buffer]
    ) -> None:
        while start < stop:
            buffer = self._open.get(identity)
            if buffer is None:
                buffer = self._open[identity] = Buffer(
                    identity, int(rows.opened_ms[start]), int(rows.arrived_ms[start]), int(rows.row_ids[start])
                )
            late_ms = buffer.opened_ms + self._interval_ms
            end = stop
            if rows.opened_ms[stop - 1] >= late_ms:
                end = start + int(np.searchsorted(rows.opened_ms[start:stop], late_ms))
            missing = self._size_bytes - buffer.size_bytes
            is_cut = end < stop
            if totals[end] - totals[start] >= missing:
                end = start + int(np.searchsorted(totals[start + 1 : end + 1], totals[start] + missing)) + 1
                is_cut = True
            if end > start:
                buffer.take(Slice(rows.run, start, end), int(totals[end] - totals[start]))
            if is_cut:
                due.append(self._open.pop(identity))
            start = end
