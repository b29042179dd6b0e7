"""Records that were given up, one JSON object a line: why, when, after how many attempts, and the record itself.

Talks to: one file, created with its first line. A producer holds a shared lock on it while it runs, so that `producers replay` never
reads a file that still grows. Every group of lines is on disk (fsync) before the next record is taken.
"""

import base64
import contextlib
import fcntl
import json
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import msgspec

from producers.errors import DeadLetterError
from producers.outbox import GivenUp


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One line of the file. `may_be_stored`: a call with this record had an unknown outcome, so replaying may duplicate it."""

    stream: str
    region: str
    run_id: str
    sequence: int
    code: str
    message: str
    attempts: int
    given_up_at: str
    may_be_stored: bool
    data: bytes


class DeadLetterFile:
    """Appends given-up records of one run; use as a context manager."""

    def __init__(self, path: Path, *, stream: str, region: str, run_id: str, now: Callable[[], datetime]) -> None:
        self.path = path
        self._stream, self._region, self._run_id, self._now = stream, region, run_id, now
        self._file: IO[bytes] | None = None

    def write(self, given_up: Iterable[GivenUp]) -> None:
        """Append one line a record and wait until they are on disk.

        Raises:
            DeadLetterError: the file cannot be written; the records are not safe.
        """
        at = self._now().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        lines = b"".join(_line(self._stream, self._region, self._run_id, at, entry) for entry in given_up)
        if not lines:
            return
        try:
            if self._file is None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._file = self.path.open("ab", buffering=0)
                fcntl.flock(self._file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            _append(self._file.fileno(), lines)
        except OSError as error:
            raise DeadLetterError(
                f"dead-letter file {self.path}: {error.strerror or error}; the run stops here, without a manifest of its end. "
                "Make room, or give --dead-letter another place, and run again"
            ) from error

    def close(self) -> None:
        """Close the file and release its lock."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _append(descriptor: int, lines: bytes) -> None:
    """Write all of `lines` to disk, or nothing, so that a full disk leaves no cut line."""
    end, left = os.fstat(descriptor).st_size, memoryview(lines)
    try:
        while left:
            left = left[os.write(descriptor, left) :]
        os.fsync(descriptor)
    except OSError:
        with contextlib.suppress(OSError):  # not a regular file
            os.ftruncate(descriptor, end)
        raise


def _line(stream: str, region: str, run_id: str, at: str, entry: GivenUp) -> bytes:
    document = {
        "stream": stream,
        "region": region,
        "run_id": run_id,
        "sequence": entry.sequence,
        "code": entry.code,
        "message": entry.message,
        "attempts": entry.attempts,
        "given_up_at": at,
        "may_be_stored": entry.may_be_stored,
        "bytes": len(entry.record),
        "data": base64.b64encode(entry.record).decode(),
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def read_dead_letters(path: Path) -> Iterator[DeadLetter]:
    """Yield the records of a dead-letter file in its order.

    Raises:
        DeadLetterError: the file cannot be read, or a line is not one of ours; it names the line.
    """
    decode = msgspec.json.Decoder(DeadLetter).decode
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                try:
                    yield decode(line)
                except (msgspec.DecodeError, UnicodeDecodeError) as error:
                    raise DeadLetterError(f"dead-letter file {path}, line {number}: {error}") from error
    except OSError as error:
        raise DeadLetterError(f"dead-letter file {path}: {error.strerror or error}") from error
