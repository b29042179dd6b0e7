"""Append accepted records durably: group commit, one sync for all who wait.

Talks to: the disk (one folder per stream). A record counts as accepted once `append` has returned; a torn tail left by a crash is found
at the next start and was never acknowledged. A start never writes behind such a tail but begins a new segment.
"""

import asyncio
import contextlib
import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path

from local_firehose.commit_thread import CommitThread
from local_firehose.journal_block import BlockBody, PackedRecords, Piece, encode_header
from local_firehose.journal_segment import (
    Segment,
    create_segment,
    find_end,
    prepare_spare,
    remove_unfinished,
    retire_segment,
    segments,
    write_durably,
)

MAX_COMMIT_BYTES = 8 * 1024 * 1024
FIRST_SEGMENT_BYTES = 1024 * 1024  # idle streams stay small; each further segment doubles
MAX_SEGMENT_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class CommittedEnd:
    """How far a journal is durable: the place in the newest segment, and the sequence that comes next."""

    serial: int
    offset: int
    next_sequence: int


@dataclass(slots=True)
class _Waiter:
    records: PackedRecords
    arrived_ms: int
    future: "asyncio.Future[int]"


class Journal:
    """The journal of one stream, as the accepting process sees it; call it from one event loop.

    `on_commit` hears of every new durable end, in the event loop.
    """

    def __init__(
        self,
        folder: Path,
        *,
        executor: Executor,
        on_commit: Callable[[CommittedEnd], None] = lambda _end: None,
        write_durably: Callable[[int, Sequence[Piece], int], None] = write_durably,
    ) -> None:
        self._folder = folder
        self._executor = executor  # for what goes on beside commits
        self._committer = CommitThread(f"journal {folder.name}")
        self._on_commit = on_commit
        self._write_durably = write_durably
        self._waiting: deque[_Waiter] = deque()
        self._commit_task: asyncio.Task[None] | None = None
        self._descriptor: int | None = None
        self._segment_bytes = 0
        self._offset = 0
        self._files = threading.Lock()  # names in the folder: rolled by the committer, recycled by whoever releases
        self._preparing: Future[None] | None = None
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        remove_unfinished(folder)
        self._serial, self._next_sequence, self._arrived_ms, self._end = self._recover()

    def _recover(self) -> tuple[int, int, int, CommittedEnd]:
        found = segments(self._folder)
        if not found:
            return 0, 0, 0, CommittedEnd(0, 0, 0)
        newest, end = found[-1], find_end(found[-1])
        arrived_ms = end.arrived_ms
        if not arrived_ms and len(found) > 1:  # a segment was begun and never written to
            arrived_ms = find_end(found[-2]).arrived_ms
        durable = CommittedEnd(newest.serial, end.offset, end.next_sequence)
        return newest.serial, end.next_sequence, arrived_ms, durable

    @property
    def end(self) -> CommittedEnd:
        """How far the journal is durable now."""
        return self._end

    @property
    def next_sequence(self) -> int:
        """How many records were ever accepted."""
        return self._end.next_sequence

    async def append(self, records: Sequence[bytes], *, arrived_ms: int) -> int:
        """Store the records in order; return the sequence of the first when they are durable.

        Raises:
            OSError: they could not be stored; none of them counts as accepted.
        """
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiter(PackedRecords.of(records), arrived_ms, future))
        if self._commit_task is None or self._commit_task.done():
            self._commit_task = asyncio.ensure_future(self._commit_waiting())
        return await future

    async def close(self) -> None:
        """Finish the commit that is under way and release the file."""
        if self._commit_task is not None and not self._commit_task.done():
            await asyncio.wait([self._commit_task])
        if self._preparing is not None:
            await asyncio.wait([asyncio.wrap_future(self._preparing)])
        self._committer.close()
        self._close_segment()

    def release(self, before_sequence: int) -> list[Segment]:
        """Recycle every segment whose records all come before that sequence; return them. May run in another thread."""
        released = []
        with self._files:
            found = segments(self._folder)
            for segment, following in pairwise(found):
                if following.first_sequence > before_sequence:
                    break
                retire_segment(segment)
                released.append(segment)
        return released

    async def _commit_waiting(self) -> None:
        while self._waiting:
            group = self._take_group()
            body = BlockBody.of([waiter.records for waiter in group])
            try:
                first = await self._committer.run(partial(self._write, body, group[0].arrived_ms))
            except OSError as error:
                self._close_segment()  # what stands behind the durable end is unknown: never write there again
                for waiter in group:
                    if not waiter.future.done():
                        waiter.future.set_exception(error)
                continue
            for waiter in group:
                if not waiter.future.done():
                    waiter.future.set_result(first)
                first += len(waiter.records.lengths)
            self._on_commit(self._end)

    def _take_group(self) -> list[_Waiter]:
        group = [self._waiting.popleft()]
        size = len(group[0].records.data)
        while self._waiting and size + len(self._waiting[0].records.data) <= MAX_COMMIT_BYTES:
            waiter = self._waiting.popleft()
            size += len(waiter.records.data)
            group.append(waiter)
        return group

    def _write(self, body: BlockBody, arrived_ms: int) -> int:
        descriptor = self._descriptor
        if descriptor is None or self._offset + body.total_bytes > self._segment_bytes:
            descriptor = self._roll(body.total_bytes)
        # decided: arrival never runs backwards inside a journal, whatever the system clock does
        self._arrived_ms = max(self._arrived_ms, arrived_ms)
        first = self._next_sequence
        header = encode_header(body, segment=self._serial, sequence=first, arrived_ms=self._arrived_ms)
        self._write_durably(descriptor, [header, *body.pieces], self._offset)
        self._offset += body.total_bytes
        self._next_sequence = first + body.count
        self._end = CommittedEnd(self._serial, self._offset, self._next_sequence)
        if self._offset * 2 > self._segment_bytes and self._preparing is None:
            self._preparing = self._executor.submit(self._prepare, self._serial + 1, self._next_bytes())
        return first

    def _next_bytes(self) -> int:
        return min(max(self._segment_bytes * 2, FIRST_SEGMENT_BYTES), MAX_SEGMENT_BYTES)

    def _prepare(self, serial: int, size_bytes: int) -> None:
        """Have the next segment ready before it is needed; runs beside commits."""
        with contextlib.suppress(OSError):  # whoever needs the segment meets it again
            prepare_spare(self._folder, serial=serial, size_bytes=size_bytes)

    def _roll(self, needed_bytes: int) -> int:
        size = max(needed_bytes, self._next_bytes())
        with self._files:
            segment, descriptor, true_size = create_segment(
                self._folder, serial=self._serial + 1, first_sequence=self._next_sequence, size_bytes=size
            )
        self._close_segment()
        self._serial = segment.serial
        self._descriptor, self._segment_bytes, self._offset = descriptor, true_size, 0
        self._preparing = None
        return descriptor

    def _close_segment(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
