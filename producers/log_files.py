"""Log files as lines: plain, gzip, bz2 or zstd, found by path or glob.

Talks to: the file system. Compression is told by the first bytes, not by the name. Lines end with a newline only (not with a carriage
return) and keep it; nothing is decoded.
"""

import bz2
import glob
import gzip
import io
import os
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self, cast

import zstandard

from producers.errors import SourceError
from producers.line_splitter import LineSplitter

_READ_BYTES = 128 * 1024
_MAGIC = ((b"\x1f\x8b", "gzip"), (b"BZh", "bz2"), (b"\x28\xb5\x2f\xfd", "zstd"))


@dataclass(frozen=True, slots=True)
class FileIdentity:
    """What makes a file the same file under another name."""

    device: int
    inode: int


def find_log_files(patterns: Sequence[str]) -> list[Path]:
    """Return the files that the paths and globs name, each once, in the order given and by name within a glob.

    Raises:
        SourceError: a path that does not exist, or a glob that matches nothing.
    """
    found: dict[Path, None] = {}
    for pattern in patterns:
        text = str(Path(pattern).expanduser())
        is_glob = glob.has_magic(text) and not Path(text).exists()
        names = sorted(glob.glob(text, recursive=True)) if is_glob else [text]  # noqa: PTH207 -- Path.glob takes no absolute pattern
        if not names:
            raise SourceError(f"log file {pattern}: the pattern matches no file")
        for path in map(Path, names):
            if not path.exists():
                raise SourceError(f"log file {pattern}: there is no such file")
            if not path.is_file():
                raise SourceError(f"log file {pattern}: {path} is not a file")
            found[path] = None
    return list(found)


def compression_of(head: bytes) -> str | None:
    """Return gzip, bz2 or zstd by the first four bytes, or None for a plain file."""
    return next((name for magic, name in _MAGIC if head.startswith(magic)), None)


class LogFile:
    """One file's content, uncompressed; use as a context manager."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._raw = path.open("rb", buffering=0)
            self.compression = compression_of(os.pread(self._raw.fileno(), 4, 0))
        except OSError as error:
            raise SourceError(f"log file {path}: {error.strerror or error}") from error
        status = os.fstat(self._raw.fileno())
        self.identity = FileIdentity(status.st_dev, status.st_ino)
        self._content, self._content_offset = self._decompressed(), 0

    def line_groups(self, first_byte: int = 0) -> Iterator[list[bytes]]:
        """Yield lines in groups of about 128 KiB; the last line as it stands, with or without a newline.

        Raises:
            SourceError: the file cannot be read, or its compressed data is damaged.
        """
        splitter, offset = LineSplitter(), first_byte
        while data := self.read_at(offset, _READ_BYTES):
            offset += len(data)
            if lines := splitter.feed(data):
                yield lines
        if lines := splitter.finish():
            yield lines

    def read_at(self, offset: int, size: int) -> bytes:
        """Return bytes of the content, fewer at its end; going back in a compressed file reads it anew.

        Raises:
            SourceError: the file cannot be read, or its compressed data is damaged.
        """
        try:
            if self._content is None:
                return os.pread(self._raw.fileno(), size, offset)
            if offset < self._content_offset:
                self._raw.seek(0)
                self._content, self._content_offset = self._decompressed(), 0
            while self._content_offset < offset:
                if not self._next(min(_READ_BYTES, offset - self._content_offset)):
                    return b""
            return self._next(size)
        except (OSError, EOFError, zlib.error, zstandard.ZstdError) as error:
            raise SourceError(f"log file {self.path}: {error}") from error

    def fileno(self) -> int:
        """Return the descriptor of the file itself."""
        return self._raw.fileno()

    def close(self) -> None:
        """Close the file."""
        if self._content is not None:
            self._content.close()
        self._raw.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _next(self, size: int) -> bytes:
        data = self._content.read(size) if self._content is not None else b""
        self._content_offset += len(data)
        return data

    def _decompressed(self) -> BinaryIO | None:
        if self.compression == "gzip":
            return cast(BinaryIO, gzip.GzipFile(fileobj=self._raw))
        if self.compression == "bz2":
            return cast(BinaryIO, bz2.BZ2File(self._raw))
        if self.compression == "zstd":
            reader = zstandard.ZstdDecompressor().stream_reader(self._raw, read_across_frames=True, closefd=False)
            return cast(BinaryIO, io.BufferedReader(cast(io.RawIOBase, reader)))
        return None
