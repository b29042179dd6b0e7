"""Log files as lines: plain, gzip, bz2 or zstd, found by path or glob.

Talks to: the file system. Compression is told by the first bytes, not by the name. Lines end with a newline only (not with a carriage
return) and keep it; nothing is decoded.
"""

import bz2
import glob
import gzip
import io
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self, cast

import zstandard

from producers.errors import SourceError

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
    """One file read once from its start (or from `first_byte` of its uncompressed content); use as a context manager."""

    def __init__(self, path: Path, *, first_byte: int = 0) -> None:
        self.path = path
        try:
            self._raw = path.open("rb")
        except OSError as error:
            raise SourceError(f"log file {path}: {error.strerror or error}") from error
        status = os.fstat(self._raw.fileno())
        self.identity = FileIdentity(status.st_dev, status.st_ino)
        self.compression = compression_of(self._raw.peek(4)[:4])
        self._content = self._decompressed()
        self.first_byte = first_byte

    def line_groups(self) -> Iterator[list[bytes]]:
        """Yield lines in groups of about 128 KiB; the last line as it stands, with or without a newline.

        Raises:
            SourceError: the file cannot be read, or its compressed data is damaged.
        """
        try:
            self._content.seek(self.first_byte)
            while lines := self._content.readlines(_READ_BYTES):
                yield lines
        except (OSError, EOFError, zstandard.ZstdError) as error:
            raise SourceError(f"log file {self.path}: {error}") from error

    def close(self) -> None:
        """Close the file."""
        self._content.close()
        self._raw.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _decompressed(self) -> BinaryIO:
        if self.compression == "gzip":
            return cast(BinaryIO, gzip.GzipFile(fileobj=self._raw))
        if self.compression == "bz2":
            return cast(BinaryIO, bz2.BZ2File(self._raw))
        if self.compression == "zstd":
            reader = zstandard.ZstdDecompressor().stream_reader(self._raw, read_across_frames=True, closefd=False)
            return cast(BinaryIO, io.BufferedReader(cast(io.RawIOBase, reader)))
        return self._raw
