"""Processed rows on their way into objects, in memory while there is room and on disk beyond.

Talks to: a scratch folder. What lies there can be made again from the journal, so nothing is synced and files are unlinked at once:
a crash leaves nothing behind.
"""

import logging
import os
import threading
import weakref
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa

from local_firehose.journal_chunk import Int64Array

_log = logging.getLogger(__name__)

_PIECE_ROWS = 4_096  # read from disk at once at most, so that a slice of a long group does not read all of it
_ROW_ID_BYTES = 8


class Run:
    """Rows that never change, grouped by the object they go into; parts of it can be had wherever it lies.

    `bounds` are the places where groups begin and end.
    """

    def __init__(self, table: pa.Table, row_ids: Int64Array, bounds: Sequence[int]) -> None:
        self._rows: _RowsInMemory | _RowsOnDisk = _RowsInMemory(table, row_ids)
        self._bounds = bounds
        self.size_bytes: int = table.nbytes + row_ids.nbytes

    @property
    def is_in_memory(self) -> bool:
        return isinstance(self._rows, _RowsInMemory)

    def slice(self, start: int, stop: int) -> pa.Table:
        """Return rows `start` to `stop`.

        Raises:
            OSError: the scratch file cannot be read.
        """
        return self._rows.slice(start, stop)

    def row_ids(self, start: int, stop: int) -> Int64Array:
        """Return the ids of rows `start` to `stop`.

        Raises:
            OSError: the scratch file cannot be read.
        """
        return self._rows.row_ids(start, stop)

    def spill(self, file: "ScratchFile") -> None:
        """Move the rows to `file`; other threads may read meanwhile.

        Raises:
            OSError: the file cannot be written; the rows stay in memory.
        """
        if isinstance(self._rows, _RowsInMemory):
            self._rows = _RowsOnDisk(file, self._rows.table, self._rows.ids, self._bounds)


class RunStore:
    """Keeps the runs of all streams within `budget_bytes` of memory; safe to use from several threads."""

    def __init__(self, folder: Path, *, budget_bytes: int) -> None:
        self._folder = folder
        self._budget_bytes = budget_bytes
        self._runs: weakref.WeakSet[Run] = weakref.WeakSet()
        self._number = 0
        self._lock = threading.Lock()

    def keep(self, table: pa.Table, row_ids: Int64Array, bounds: Sequence[int]) -> Run:
        """Return a run of these rows; older runs may move to disk for it."""
        run = Run(table.combine_chunks(), row_ids, bounds)
        with self._lock:
            self._runs.add(run)
            self._make_room()
        return run

    def _make_room(self) -> None:
        in_memory = [run for run in self._runs if run.is_in_memory]
        used = sum(run.size_bytes for run in in_memory)
        if used <= self._budget_bytes:
            return
        self._number += 1
        try:
            file = ScratchFile(self._folder / f"run-{self._number}.arrow")
            # the largest first: fewest pieces for the room that is needed
            for run in sorted(in_memory, key=lambda run: -run.size_bytes):
                run.spill(file)
                used -= run.size_bytes
                if used <= self._budget_bytes * 3 // 4:
                    return
        except OSError as error:
            _log.warning("processed rows stay in memory, the scratch folder cannot be written  error=%s", error)


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


class _RowsInMemory:
    def __init__(self, table: pa.Table, ids: Int64Array) -> None:
        self.table, self.ids = table, ids

    def slice(self, start: int, stop: int) -> pa.Table:
        return self.table.slice(start, stop - start)

    def row_ids(self, start: int, stop: int) -> Int64Array:
        return self.ids[start:stop]


class _RowsOnDisk:
    """Row ids as they are, then pieces of rows as Arrow messages: a slice within a group is read in one go, with little around it."""

    def __init__(self, file: ScratchFile, table: pa.Table, ids: Int64Array, bounds: Sequence[int]) -> None:
        rows = len(ids)
        self._file = file
        self._schema = table.schema
        self._starts = np.union1d(np.asarray(bounds, dtype=np.int64), np.arange(0, rows, _PIECE_ROWS))
        self._starts = np.append(self._starts[self._starts < rows], rows)
        self._ids_begin = file.append(ids.tobytes())
        offsets = []
        for start, stop in pairwise(self._starts.tolist()):
            (batch,) = table.slice(start, stop - start).to_batches()
            offsets.append(file.append(memoryview(batch.serialize())))
        self._offsets = np.array([*offsets, file.end_bytes], dtype=np.int64)

    def slice(self, start: int, stop: int) -> pa.Table:
        if start >= stop:
            return self._schema.empty_table()
        first = int(np.searchsorted(self._starts, start, side="right")) - 1
        last = int(np.searchsorted(self._starts, stop, side="left"))
        begin = int(self._offsets[first])
        data = pa.py_buffer(self._file.read(begin, int(self._offsets[last])))
        at = (self._offsets[first : last + 1] - begin).tolist()
        batches = [pa.ipc.read_record_batch(data.slice(a, b - a), self._schema) for a, b in pairwise(at)]
        skip = start - int(self._starts[first])
        return pa.Table.from_batches(batches, self._schema).slice(skip, stop - start)

    def row_ids(self, start: int, stop: int) -> Int64Array:
        begin = self._ids_begin + start * _ROW_ID_BYTES
        return np.frombuffer(self._file.read(begin, begin + (stop - start) * _ROW_ID_BYTES), dtype=np.int64)
