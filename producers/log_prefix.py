"""What is known of a log file's content up to some byte: enough to tell the file, or a copy of it, from any other.

Pure. Device and inode alone don't tell: inodes are used again, and rotation by copy changes them. A prefix is remembered by the first and
the last 1,024 bytes before its end; access log lines carry times, so other content with equal samples is out of the question.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import md5
from pathlib import Path

from producers.log_files import FileIdentity

SAMPLE_BYTES = 1024
ReadAt = Callable[[int, int], bytes]  # (offset, number of bytes) to bytes, fewer at the end


class Prefix:
    """The bytes before `offset`."""

    def __init__(self, offset: int = 0, head: bytes = b"", tail: bytes = b"") -> None:
        self.offset, self._head, self._tail = offset, head, tail

    @classmethod
    def read(cls, read_at: ReadAt, offset: int) -> "Prefix | None":
        """Take the samples from a file; None when it is shorter than `offset`."""
        size = min(offset, SAMPLE_BYTES)
        head, tail = read_at(0, size), read_at(offset - size, size)
        return cls(offset, head, tail) if len(head) == len(tail) == size else None

    @property
    def digest(self) -> str:
        """The samples as one short text."""
        return md5(self._head + b"\0" + self._tail, usedforsecurity=False).hexdigest()

    def extend(self, lines: Sequence[bytes]) -> None:
        """Move the end behind `lines`, which follow it."""
        if len(self._head) < SAMPLE_BYTES:
            self._head = b"".join([self._head, *lines[:SAMPLE_BYTES]])[:SAMPLE_BYTES]
        size, start = 0, len(lines)
        while start and size < SAMPLE_BYTES:
            start -= 1
            size += len(lines[start])
        self._tail = b"".join([self._tail, *lines[start:]])[-SAMPLE_BYTES:]
        self.offset += sum(map(len, lines))

    def starts(self, read_at: ReadAt) -> bool:
        """Return whether a file begins as this prefix does; a file that is shorter than the sample is compared as far as it goes."""
        found = read_at(0, len(self._head))
        return found == self._head[: len(found)] and bool(found or not self._head)

    def matches(self, read_at: ReadAt) -> bool:
        """Return whether a file has this prefix."""
        other = Prefix.read(read_at, self.offset)
        return other is not None and other.digest == self.digest

    def copy(self) -> "Prefix":
        """Return another one that can be extended apart."""
        return Prefix(self.offset, self._head, self._tail)


@dataclass(frozen=True, slots=True)
class Position:
    """How far one file is sent. `followed` is the path it is (or was) followed under; `modified_ns` its time when last read.

    `is_finished`: it was rotated away and read to its end. `generation` counts up when a file is truncated, so that what was read
    before and is not settled yet keeps a position of its own.
    """

    followed: Path
    identity: FileIdentity
    offset: int
    digest: str
    modified_ns: int
    is_finished: bool = False
    generation: int = 0

    def matches(self, read_at: ReadAt) -> bool:
        """Return whether a file has the sent bytes as its prefix."""
        prefix = Prefix.read(read_at, self.offset)
        return prefix is not None and prefix.digest == self.digest
