"""Rows of several runs in one scratch file, those that go into the same object together, so that they are read in few long pieces.

Talks to: a scratch folder. What lies there can be made again from the journal, so nothing is synced and files are unlinked at once:
a crash leaves nothing behind.
"""

import os
import threading
import weakref
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
import pyarrow as pa

from local_firehose.journal_chunk import Int64Array

PIECE_ROWS = 4_096  # read from disk at once at most, so that a slice of a long group does not read all of it
_ROW_ID_BYTES = 8

_Piece = TypeVar("_Piece")


class ScratchFile:
    """A file without a name, which goes when nobody holds it any more.

    It is read by plain reads and never mapped: the kernel maps sixteen pages for each one that is touched, so that short slices of many
    runs would make nearly all of them resident.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        weakref.finalize(self, os.close, self._descriptor)
        path.unlink()
        self._end = 0

    @property
    def end_bytes(self) -> int:
        """Where the next piece will begin."""
        return self._end

    def append(self, piece: bytes | memoryview) -> int:
        """Write a piece; return where it begins."""
        begin = self._end
        view = memoryview(piece)
        while view:
            written = os.pwrite(self._descriptor, view, self._end)
            self._end += written
            view = view[written:]
        return begin

    def read(self, begin: int, end: int) -> bytes:
        """Return the bytes from `begin` to `end`."""
        found = os.pread(self._descriptor, end - begin, begin)
        if len(found) < end - begin:
            raise OSError(f"scratch file: {len(found)} bytes at {begin}, {end - begin} were written")
        return found


@dataclass(frozen=True, slots=True)
class RowsInMemory:
    """A run's rows; ``bounds[i]:bounds[i + 1]`` go into the object that `groups[i]` stands for."""

    batch: pa.RecordBatch
    ids: Int64Array
    bounds: Sequence[int]
    groups: Sequence[Hashable]

    def batches(self, start: int, stop: int) -> list[pa.RecordBatch]:
        return [self.batch.slice(start, stop - start)]

    def row_ids(self, start: int, stop: int) -> Int64Array:
        return self.ids[start:stop]


class SpilledRows:
    """Rows of runs of one schema, group by group, in pieces of an Arrow message each; their ids lie before them."""

    def __init__(self, file: ScratchFile, runs: Sequence[RowsInMemory]) -> None:
        """Write the rows.

        Raises:
            OSError: the file cannot be written.
        """
        self._file = file
        self._schema = runs[0].batch.schema
        members: dict[Hashable, list[tuple[int, int, int]]] = defaultdict(list)
        for number, run in enumerate(runs):
            for group, (start, stop) in zip(run.groups, pairwise(run.bounds), strict=True):
                members[group].append((number, start, stop))
        places: list[list[int]] = [[] for _ in runs]  # of each run's groups, in the order of `members`
        befores: list[list[int]] = [[] for _ in runs]
        starts, offsets, row = [], [], 0
        ids = [runs[number].ids[start:stop] for cuts in members.values() for number, start, stop in cuts]
        self._ids_begin = file.append(np.concatenate(ids).tobytes())
        for cuts in members.values():
            begin = row
            for number, start, stop in cuts:
                places[number].append(start)
                befores[number].append(row)
                row += stop - start
            rows = pa.concat_batches([runs[number].batch.slice(start, stop - start) for number, start, stop in cuts])
            for start in range(begin, row, PIECE_ROWS):
                starts.append(start)
                offsets.append(file.append(memoryview(rows.slice(start - begin, PIECE_ROWS).serialize())))
        self._starts = [*starts, row]
        self._offsets = [*offsets, file.end_bytes]
        self.parts = [
            SpilledPart(self, run.bounds, _in_order(of_run, before))
            for run, of_run, before in zip(runs, places, befores, strict=True)
        ]

    def batches(self, start: int, stop: int) -> list[pa.RecordBatch]:
        """Return rows from place `start` to `stop` of the file."""
        return [self._piece(piece).slice(first, last - first) for piece, first, last in self._pieces(start, stop)]

    def row_ids(self, start: int, stop: int) -> list[Int64Array]:
        """Return the ids of these rows."""
        return [self._piece_ids(piece)[first:last] for piece, first, last in self._pieces(start, stop)]

    def _pieces(self, start: int, stop: int) -> list[tuple[int, int, int]]:
        """Return the pieces that hold these rows, and which rows of each."""
        first = bisect_right(self._starts, start) - 1
        found = []
        while start < stop:
            begin, end = self._starts[first], self._starts[first + 1]
            found.append((first, start - begin, min(stop, end) - begin))
            start, first = end, first + 1
        return found

    def _piece(self, number: int) -> pa.RecordBatch:
        known = _last_piece.get(self, number)
        if known is None:
            data = pa.py_buffer(self._file.read(self._offsets[number], self._offsets[number + 1]))
            known = pa.ipc.read_record_batch(data, self._schema)
            _last_piece.put(self, number, known)
        return known

    def _piece_ids(self, number: int) -> Int64Array:
        known = _last_ids.get(self, number)
        if known is None:
            begin, end = (self._ids_begin + row * _ROW_ID_BYTES for row in self._starts[number : number + 2])
            known = np.frombuffer(self._file.read(begin, end), np.int64)
            _last_ids.put(self, number, known)
        return known


class SpilledPart:
    """One run among the rows of a file; `befores[i]` is where the rows of its group i begin there."""

    def __init__(self, rows: SpilledRows, bounds: Sequence[int], befores: Sequence[int]) -> None:
        self._rows = rows
        self._bounds = bounds
        self._befores = befores

    def batches(self, start: int, stop: int) -> list[pa.RecordBatch]:
        return [batch for begin, end in self._ranges(start, stop) for batch in self._rows.batches(begin, end)]

    def row_ids(self, start: int, stop: int) -> Int64Array:
        found = [ids for begin, end in self._ranges(start, stop) for ids in self._rows.row_ids(begin, end)]
        return found[0] if len(found) == 1 else np.concatenate([np.zeros(0, np.int64), *found])

    def _ranges(self, start: int, stop: int) -> list[tuple[int, int]]:
        """Return where these rows lie in the file, group by group."""
        group = bisect_right(self._bounds, start) - 1
        found = []
        while start < stop:
            end = min(stop, self._bounds[group + 1])
            before = self._befores[group] - self._bounds[group]
            found.append((start + before, end + before))
            start, group = end, group + 1
        return found


class _Last(threading.local, Generic[_Piece]):
    """What a thread read last: the rows of one object lie in one piece, and are asked for run by run."""

    def __init__(self) -> None:
        self._owner: weakref.ref[SpilledRows] | None = None
        self._number = -1
        self._value: _Piece | None = None

    def get(self, owner: SpilledRows, number: int) -> _Piece | None:
        is_known = self._number == number and self._owner is not None and self._owner() is owner
        return self._value if is_known else None

    def put(self, owner: SpilledRows, number: int, value: _Piece) -> None:
        self._owner, self._number, self._value = weakref.ref(owner), number, value


_last_piece: _Last[pa.RecordBatch] = _Last()
_last_ids: _Last[Int64Array] = _Last()


def _in_order(places: Sequence[int], befores: Sequence[int]) -> list[int]:
    """Return `befores` in the order of `places`: of a run's own groups."""
    return [before for _, before in sorted(zip(places, befores, strict=True))]
