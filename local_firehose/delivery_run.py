"""Processed rows on their way into objects, in memory while there is room and on disk beyond.

Talks to: a scratch folder. What lies there can be made again from the journal, so nothing is synced and files are unlinked at once:
a crash leaves nothing behind.
"""

import logging
import mmap
import threading
from pathlib import Path
from weakref import WeakSet

import pyarrow as pa

_log = logging.getLogger(__name__)

_GIVE_BACK_AFTER_BYTES = 1024 * 1024  # of one file; a flush of many partitions reads all files side by side
_PAGE_BYTES = 4096


class Run:
    """One table of rows that never changes; `slice` gives a part of it, wherever it lies."""

    def __init__(self, table: pa.Table) -> None:
        self._table: pa.Table | None = table
        self._file: _SpillFile | None = None
        self.size_bytes: int = table.nbytes
        self._lock = threading.Lock()

    @property
    def is_in_memory(self) -> bool:
        return self._table is not None

    def slice(self, start: int, stop: int) -> pa.Table:
        """Return rows `start` to `stop`."""
        with self._lock:
            table = self._table
            if table is None and self._file is not None:
                table = self._file.table(stop - start)
        if table is None:
            raise RuntimeError("a run holds its rows in memory or in a file")
        return table.slice(start, stop - start)

    def spill(self, path: Path) -> None:
        """Move the rows to a file at `path`, which is unlinked at once.

        Raises:
            OSError: the file cannot be written; the rows stay in memory.
        """
        table = self._table
        if table is None:
            return
        file = _SpillFile(path, table)
        with self._lock:
            self._table, self._file = None, file


class RunStore:
    """Keeps the runs of all streams within `budget_bytes` of memory; safe to use from several threads."""

    def __init__(self, folder: Path, *, budget_bytes: int) -> None:
        self._folder = folder
        self._budget_bytes = budget_bytes
        self._runs: WeakSet[Run] = WeakSet()
        self._in_memory_bytes = 0
        self._number = 0
        self._lock = threading.Lock()

    def keep(self, table: pa.Table) -> Run:
        """Return a run of these rows; older runs may move to disk for it."""
        run = Run(table.combine_chunks())
        with self._lock:
            self._runs.add(run)
            self._make_room()
        return run

    def _make_room(self) -> None:
        in_memory = [run for run in self._runs if run.is_in_memory]
        used = sum(run.size_bytes for run in in_memory)
        if used <= self._budget_bytes:
            return
        # the largest first: fewest files for the room that is needed
        for run in sorted(in_memory, key=lambda run: -run.size_bytes):
            self._number += 1
            try:
                run.spill(self._folder / f"run-{self._number}.arrow")
            except OSError as error:
                _log.warning("processed rows stay in memory, the scratch folder cannot be written  error=%s", error)
                return
            used -= run.size_bytes
            if used <= self._budget_bytes * 3 // 4:
                return


class _SpillFile:
    """A run in an Arrow file, mapped; pages that were read are handed back now and then so that memory stays bounded."""

    def __init__(self, path: Path, table: pa.Table) -> None:
        try:
            with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
                writer.write_table(table)
            with path.open("rb") as file:
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        finally:
            path.unlink(missing_ok=True)
        self._table = pa.ipc.open_file(pa.BufferReader(pa.py_buffer(self._map))).read_all()
        self._row_bytes = len(self._map) // max(table.num_rows, 1)
        self._least_bytes = 2 * _PAGE_BYTES * table.num_columns  # a page of each buffer, however few rows are read
        self._read_bytes = 0

    def table(self, rows: int) -> pa.Table:
        """Return the whole table, of which so many rows are about to be read."""
        self._read_bytes += max(rows * self._row_bytes, self._least_bytes)
        if self._read_bytes > _GIVE_BACK_AFTER_BYTES:
            self._read_bytes = 0
            self._map.madvise(mmap.MADV_DONTNEED)
        return self._table
