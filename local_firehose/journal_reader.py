"""Read what is durable in a journal, in chunks, from any sequence on.

Talks to: the disk; it never writes. Damage before the durable end (a bad disk, a hand in the files) is reported and stepped over, so that
one bad block costs its own records and not the stream.
"""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from local_firehose.journal import CommittedEnd
from local_firehose.journal_block import HEADER_BYTES, MAGIC, BlockHeader, body_is_whole, read_header
from local_firehose.journal_chunk import Int64Array, JournalChunk, binary_array
from local_firehose.journal_segment import MAX_SPARES, Segment, segments

_WINDOW_BYTES = 16 * 1024 * 1024
_CACHED_SEGMENTS = 2 * MAX_SPARES


class JournalReader:
    """A forward reader of one stream's journal; `on_damage` hears of (first sequence, number) of records that are lost."""

    def __init__(self, folder: Path, *, on_damage: Callable[[int, int], None] = lambda _first, _count: None) -> None:
        self._folder = folder
        self._on_damage = on_damage
        self._open: tuple[Segment, int] | None = None  # the segment and its descriptor
        self._offset = 0
        self._sequence = 0

    @property
    def sequence(self) -> int:
        """The sequence that the next chunk begins with."""
        return self._sequence

    def seek(self, sequence: int) -> None:
        """Continue from that sequence on."""
        self._leave_segment()
        self._sequence = sequence

    def close(self) -> None:
        """Release the file."""
        self._leave_segment()

    def read(self, end: CommittedEnd, *, max_records: int, max_bytes: int) -> JournalChunk | None:
        """Return the next records up to `end`, about as many as asked for (whole blocks); None when there are none.

        A chunk holds at least one block, whatever its size.
        """
        while self._sequence < end.next_sequence:
            opened = self._open or self._enter_segment(end)
            if opened is None:
                return None
            chunk = self._read_segment(*opened, end, max_records=max_records, max_bytes=max_bytes)
            if chunk is not None:
                return chunk
        return None

    def _enter_segment(self, end: CommittedEnd) -> tuple[Segment, int] | None:
        known = [segment for segment in segments(self._folder) if segment.serial <= end.serial]
        holding = [segment for segment in known if segment.first_sequence <= self._sequence]
        if not holding:
            if not known:
                self._lose(end.next_sequence)
                return None
            self._lose(known[0].first_sequence)
            return self._enter_segment(end)
        segment = holding[-1]
        self._open = segment, os.open(segment.path, os.O_RDONLY | os.O_CLOEXEC)
        self._offset = 0
        return self._open

    def _leave_segment(self) -> None:
        if self._open is not None:
            os.close(self._open[1])
        self._open = None

    def _read_segment(
        self, segment: Segment, descriptor: int, end: CommittedEnd, *, max_records: int, max_bytes: int
    ) -> JournalChunk | None:
        limit, last_sequence = self._segment_end(segment, end)
        window = _Window(descriptor, self._offset, limit, max(_WINDOW_BYTES, max_bytes))
        payloads: list[memoryview] = []
        lengths: list[Int64Array] = []
        arrivals: list[Int64Array] = []
        first, records, size = self._sequence, 0, 0
        while records < max_records and size < max_bytes and self._sequence < last_sequence:
            header = window.header()
            if header is None or header.segment != segment.serial or not self._fits(window, header):
                if not payloads:  # else hand out what is whole and meet the damage in the next call
                    self._offset = window.offset
                    self._step_over_damage(descriptor, segment, limit, last_sequence)
                break
            if header.sequence + header.count > self._sequence:
                cut, payload = window.records(header, skip=self._sequence - header.sequence)
                payloads.append(payload)
                lengths.append(cut)
                arrivals.append(np.full(len(cut), header.arrived_ms, dtype=np.int64))
                records, size = records + len(cut), size + len(payload)
                self._sequence = header.sequence + header.count
            window.skip(header.total_bytes)
            self._offset = window.offset
        if self._sequence >= last_sequence and segment.serial < end.serial:
            self._let_pages_go(segment, descriptor)
            self._leave_segment()
        if not payloads:
            return None
        return JournalChunk(first, np.concatenate(arrivals), binary_array(payloads, np.concatenate(lengths)))

    def _let_pages_go(self, segment: Segment, descriptor: int) -> None:
        """Let the cached pages of a segment that is read serve what comes; those that will be written over again stay."""
        waiting = sum(other.serial <= segment.serial for other in segments(self._folder))
        if waiting > _CACHED_SEGMENTS and hasattr(os, "posix_fadvise"):
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)

    def _segment_end(self, segment: Segment, end: CommittedEnd) -> tuple[int, int]:
        if segment.serial == end.serial:
            return end.offset, end.next_sequence
        following = next(other for other in segments(self._folder) if other.serial > segment.serial)
        return segment.path.stat().st_size, following.first_sequence

    def _fits(self, window: "_Window", header: BlockHeader) -> bool:
        """Say whether the block continues the journal (or lies wholly before the place sought) and is unharmed."""
        if header.sequence + header.count <= self._sequence:
            return True
        return header.sequence <= self._sequence and window.body_is_whole(header)

    def _step_over_damage(self, descriptor: int, segment: Segment, limit: int, last_sequence: int) -> None:
        """Find the next whole block behind a damaged place; without one the rest of the segment is lost."""
        rest = os.pread(descriptor, limit - self._offset, self._offset)
        at = rest.find(MAGIC, 1)
        while at >= 0:
            header = read_header(rest, at)
            if (
                header is not None
                and header.segment == segment.serial
                and self._sequence < header.sequence + header.count <= last_sequence
                and body_is_whole(rest, at, header)
            ):
                self._lose(header.sequence)
                self._offset += at
                return
            at = rest.find(MAGIC, at + 1)
        self._lose(last_sequence)
        self._leave_segment()

    def _lose(self, until: int) -> None:
        if until > self._sequence:
            self._on_damage(self._sequence, until - self._sequence)
            self._sequence = until


class _Window:
    """A piece of a segment in memory that moves forward block by block."""

    def __init__(self, descriptor: int, offset: int, limit: int, size_bytes: int) -> None:
        self._descriptor, self._limit, self._size_bytes = descriptor, limit, size_bytes
        self._start, self._at = offset, 0
        self._view = memoryview(b"")

    @property
    def offset(self) -> int:
        """Where in the file the next block begins."""
        return self._start + self._at

    def skip(self, size_bytes: int) -> None:
        self._at += size_bytes

    def header(self) -> BlockHeader | None:
        """Return the header of the next block, or None where none stands."""
        self._need(HEADER_BYTES)
        header = read_header(self._view, self._at)
        return header if header is not None and self.offset + header.total_bytes <= self._limit else None

    def body_is_whole(self, header: BlockHeader) -> bool:
        self._need(header.total_bytes)
        return body_is_whole(self._view, self._at, header)

    def records(self, header: BlockHeader, *, skip: int) -> tuple[Int64Array, memoryview]:
        """Return the lengths of the block's records after the first `skip`, and their bytes."""
        lengths = np.frombuffer(self._view, np.uint32, header.count, self._at + HEADER_BYTES)[skip:].astype(np.int64)
        stop = self._at + HEADER_BYTES + header.lengths_bytes + header.data_bytes
        return lengths, self._view[stop - int(lengths.sum()) : stop]

    def _need(self, size_bytes: int) -> None:
        if len(self._view) - self._at >= size_bytes:
            return
        self._start, self._at = self._start + self._at, 0
        size = min(max(size_bytes, self._size_bytes), self._limit - self._start)
        self._view = memoryview(os.pread(self._descriptor, max(size, 0), self._start))
