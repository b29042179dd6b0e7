"""A dead-letter file as a source: the records it holds, in its order.

Talks to: the dead-letter file.
"""

import fcntl
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from firehose_spec.digest import ALGORITHM
from firehose_spec.quotas import MAX_BATCH_RECORDS
from producers.dead_letter import read_dead_letters
from producers.digest_sum import digest_sum
from producers.errors import DeadLetterError
from producers.outbox import GivenUp
from producers.sequence_ranges import ranges_without
from producers.source import Chunk, Facts


class ReplaySource:
    """The records of one stream and Region in `path`."""

    def __init__(self, path: Path, *, stream: str, region: str) -> None:
        self._path, self._stream, self._region = path, stream, region
        self.total_records: int | None = None
        self.has_checkpoint = False
        self._lock = threading.Lock()
        self._records = 0
        self._digest = 0
        self._missing: list[tuple[int, int]] = []

    @property
    def handed_over_count(self) -> int:
        """How many of its records the sender took."""
        return self._records

    def chunks(self) -> Iterator[Chunk]:
        records: list[bytes] = []
        for letter in read_dead_letters(self._path):
            if (letter.stream, letter.region) != (self._stream, self._region):
                continue
            records.append(letter.data)
            if len(records) == MAX_BATCH_RECORDS:
                yield Chunk(records)
                records = []
        if records:
            yield Chunk(records)

    def handed_over(self, chunk: Chunk) -> None:
        value = digest_sum(chunk.records)
        with self._lock:
            self._records += len(chunk.records)
            self._digest += value

    def given_up(self, entries: Sequence[GivenUp]) -> None:
        value = digest_sum([entry.record for entry in entries])
        with self._lock:
            self._digest -= value
            self._missing += [(entry.sequence, 1) for entry in entries]

    def settled(self, below: int) -> None:
        """Nothing to keep."""

    def facts(self) -> Facts:
        return Facts(
            accepted_sequences=ranges_without(self._records, self._missing),
            digest={
                "algorithm": ALGORITHM,
                "over": "bytes",
                "columns": [],
                "items": self._records - len(self._missing),
                "value": str(self._digest),
            },
        )


def replay_targets(path: Path) -> dict[tuple[str, str], int]:
    """Return (stream, Region) to the number of records for each that the file names, in its order."""
    targets: dict[tuple[str, str], int] = {}
    for letter in read_dead_letters(path):
        key = (letter.stream, letter.region)
        targets[key] = targets.get(key, 0) + 1
    return targets


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the file so that no producer writes to it meanwhile.

    Raises:
        DeadLetterError: it does not exist, or a producer or another replay uses it.
    """
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
    except BlockingIOError as error:
        raise DeadLetterError(
            f"dead-letter file {path}: a producer still writes to it; replay when it has ended"
        ) from error
    except FileNotFoundError as error:
        raise DeadLetterError(f"dead-letter file {path}: there is no such file") from error


def keep_the_rest(path: Path, given_up_again: Path, handed_over: Mapping[tuple[str, str], int]) -> int:
    """Leave in `path` only what is not accepted: the lines of `given_up_again`, then those that were never handed over.

    The file is replaced atomically, and deleted when nothing remains. Return the number of lines that remain.
    """
    left = dict(handed_over)
    remaining = given_up_again.read_bytes().splitlines(keepends=True) if given_up_again.exists() else []
    with path.open("rb") as file:
        for letter, line in zip(read_dead_letters(path), file, strict=True):
            key = (letter.stream, letter.region)
            if left.get(key, 0) > 0:
                left[key] -= 1
            else:
                remaining.append(line if line.endswith(b"\n") else line + b"\n")
    if remaining:
        partial = path.with_name(f".{path.name}.rest")
        with partial.open("wb") as file:
            file.writelines(remaining)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    else:
        path.unlink()
    given_up_again.unlink(missing_ok=True)
    return len(remaining)
