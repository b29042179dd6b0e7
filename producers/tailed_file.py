"""One open log file that may still grow, be truncated, or have been rotated away.

Talks to: the file.
"""

import os
from pathlib import Path
from typing import Self

from producers.errors import SourceError
from producers.line_splitter import LineSplitter
from producers.log_files import FileIdentity, LogFile
from producers.log_prefix import SAMPLE_BYTES, Position, Prefix

_READ_BYTES = 128 * 1024


class TailedFile:
    """Lines of one file from `offset` on. `followed` is the path it is followed under, `path` where it was found."""

    def __init__(self, followed: Path, path: Path, *, offset: int = 0, generation: int = 0) -> None:
        self.followed, self.path, self.generation = followed, path, generation
        self._file = LogFile(path)
        self.identity = self._file.identity
        self.is_compressed = self._file.compression is not None
        self._splitter = LineSplitter()
        self._read_offset = offset
        prefix = Prefix.read(self.read_at, offset)
        if prefix is None:
            self._file.close()
            raise SourceError(f"log file {path}: shorter than the {offset:,} bytes that were read of it")
        self.prefix = prefix  # up to the first byte that was not given out
        self.start = prefix.copy()
        self.first_byte = offset
        self.modified_ns = os.fstat(self._file.fileno()).st_mtime_ns
        self.start_ns = self.modified_ns
        self.is_finished = False
        self.continues: TailedFile | None = None  # the truncated file whose copy this is
        self.is_superseded = False  # truncated: what it held is in another file now, or lost

    def read_at(self, offset: int, size: int) -> bytes:
        """Return bytes of the (uncompressed) content, fewer at its end."""
        return self._file.read_at(offset, size)

    def lines(self) -> list[bytes]:
        """Return the next complete lines, at most about 128 KiB; none when there is nothing new or the file was truncated."""
        while not self.was_truncated():
            data = self.read_at(self._read_offset, _READ_BYTES)
            if not data or self.was_truncated():  # what was read may be from before and after a truncation
                break
            self.modified_ns = os.fstat(self._file.fileno()).st_mtime_ns
            self._read_offset += len(data)
            if lines := self._splitter.feed(data):
                self.prefix.extend(lines)
                return lines
        return []

    def rest(self) -> list[bytes]:
        """Return what follows the last newline, once nothing more is expected."""
        lines = self._splitter.finish()
        self.prefix.extend(lines)
        return lines

    def was_truncated(self) -> bool:
        """Return whether the file no longer holds what was read of it; then it begins anew."""
        if self.is_compressed:
            return False
        return os.fstat(self._file.fileno()).st_size < self._read_offset or not self._begins_as_read()

    def position(self, prefix: Prefix) -> Position:
        """Return the position that says that the file is sent up to `prefix`."""
        finished = self.is_finished and prefix.offset == self.prefix.offset
        return Position(
            self.followed, self.identity, prefix.offset, prefix.digest, self.modified_ns, finished, self.generation
        )

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _begins_as_read(self) -> bool:
        if self.prefix.offset == 0:
            begun = self._splitter.held_head(SAMPLE_BYTES)
            return self.read_at(0, len(begun)) == begun
        return self.prefix.starts(self.read_at)


def identity_of(path: Path) -> FileIdentity | None:
    """Return which file a path names now; None when there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return FileIdentity(status.st_dev, status.st_ino)
