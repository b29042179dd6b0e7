"""Processed rows on their way into objects, in memory while there is room and on disk beyond.

Talks to: a scratch folder.
"""

import logging
import threading
import weakref
from collections import defaultdict
from collections.abc import Hashable, Sequence
from itertools import count
from pathlib import Path

import pyarrow as pa

from local_firehose.journal_chunk import Int64Array
from local_firehose.spilled_rows import RowsInMemory, ScratchFile, SpilledPart, SpilledRows

_log = logging.getLogger(__name__)


class Run:
    """Rows that never change, grouped by the object they go into; parts of it can be had wherever it lies."""

    def __init__(
        self, table: pa.Table, row_ids: Int64Array, bounds: Sequence[int], groups: Sequence[Hashable] = ()
    ) -> None:
        """Take rows; `bounds` are the places where groups begin and end, and `groups` names them (default: by their place)."""
        batches = table.combine_chunks().to_batches() or [pa.RecordBatch.from_pylist([], schema=table.schema)]
        names = groups or range(len(bounds) - 1)
        self._rows: RowsInMemory | SpilledPart = RowsInMemory(batches[0], row_ids, bounds, names)
        self.size_bytes: int = table.nbytes + row_ids.nbytes

    @property
    def in_memory(self) -> RowsInMemory | None:
        """The rows, while they are in memory."""
        return self._rows if isinstance(self._rows, RowsInMemory) else None

    def batches(self, start: int, stop: int) -> list[pa.RecordBatch]:
        """Return rows `start` to `stop`, in the pieces in which they lie.

        Raises:
            OSError: the scratch file cannot be read.
        """
        return self._rows.batches(start, stop)

    def row_ids(self, start: int, stop: int) -> Int64Array:
        """Return the ids of rows `start` to `stop`.

        Raises:
            OSError: the scratch file cannot be read.
        """
        return self._rows.row_ids(start, stop)

    def move(self, rows: SpilledPart) -> None:
        """Let go of the rows in memory for the same on disk; other threads may read meanwhile."""
        self._rows = rows


class RunStore:
    """Keeps the runs of all streams within `budget_bytes` of memory; safe to use from several threads."""

    def __init__(self, folder: Path, *, budget_bytes: int) -> None:
        self._folder = folder
        self._budget_bytes = budget_bytes
        self._in_memory: weakref.WeakKeyDictionary[Run, int] = weakref.WeakKeyDictionary()
        self._numbers = count()
        self._lock = threading.Lock()

    def keep(self, table: pa.Table, row_ids: Int64Array, bounds: Sequence[int], groups: Sequence[Hashable] = ()) -> Run:
        """Return a run of these rows; older runs may move to disk for it, those of the same groups together."""
        run = Run(table, row_ids, bounds, groups)
        with self._lock:
            self._in_memory[run] = next(self._numbers)
            self._make_room()
        return run

    def _make_room(self) -> None:
        numbers = dict(self._in_memory)
        used = sum(run.size_bytes for run in numbers)
        if used <= self._budget_bytes:
            return
        chosen: dict[pa.Schema, list[Run]] = defaultdict(list)
        # many at once, so that the pieces are long; the oldest first, so that an object finds its rows file by file
        for run in sorted(numbers, key=numbers.__getitem__):
            if run.in_memory is not None:
                chosen[run.in_memory.batch.schema].append(run)
            used -= run.size_bytes
            if used <= self._budget_bytes // 2:
                break
        try:
            for runs in chosen.values():
                self._spill(runs)
        except OSError as error:
            _log.warning("processed rows stay in memory, the scratch folder cannot be written  error=%s", error)

    def _spill(self, runs: Sequence[Run]) -> None:
        file = ScratchFile(self._folder / f"run-{next(self._numbers)}.arrow")
        spilled = SpilledRows(file, [rows for run in runs if (rows := run.in_memory) is not None])
        for run, part in zip(runs, spilled.parts, strict=True):
            run.move(part)
            del self._in_memory[run]
