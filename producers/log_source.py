"""Log files as a source: one record a line, sent once from start to end, with each file's identity, range and digest.

Talks to: the log files.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from firehose_spec.digest import ALGORITHM
from firehose_spec.quotas import MAX_BATCH_RECORDS
from producers.digest_sum import digest_sum
from producers.line_time import line_time
from producers.log_files import FileIdentity, LogFile
from producers.outbox import GivenUp
from producers.sequence_ranges import ranges_without
from producers.source import Chunk, Facts


@dataclass(slots=True)
class FileFacts:
    """What was handed over of one file; bytes are places in its uncompressed content."""

    path: Path
    identity: FileIdentity
    first_byte: int
    end_byte: int
    lines: int = 0
    digest: int = 0

    def as_json(self) -> dict[str, Any]:
        return {
            "path": str(self.path),
            "device": self.identity.device,
            "inode": self.identity.inode,
            "first_byte": self.first_byte,
            "end_byte": self.end_byte,
            "lines": self.lines,
            "digest": str(self.digest),
        }


@dataclass(frozen=True, slots=True)
class LogChunk:
    """Lines of one file; `records` are what is sent for them."""

    file: FileFacts
    lines: Sequence[bytes]
    records: Sequence[bytes]


class LogTally:
    """The facts about the lines that were accepted."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._records = 0
        self._digest = 0
        self._missing: list[tuple[int, int]] = []
        self._files: dict[int, FileFacts] = {}
        self._first_line: bytes | None = None
        self._last_line: bytes | None = None

    def add(self, chunk: LogChunk) -> None:
        """Book lines that were handed over."""
        lines_digest = digest_sum(chunk.lines)
        records_digest = lines_digest if chunk.records is chunk.lines else digest_sum(chunk.records)
        file = chunk.file
        with self._lock:
            self._files.setdefault(id(file), file)
            file.lines += len(chunk.lines)
            file.end_byte += sum(map(len, chunk.lines))
            file.digest += lines_digest
            self._records += len(chunk.records)
            self._digest += records_digest
            self._first_line = self._first_line or chunk.lines[0]
            self._last_line = chunk.lines[-1]

    def remove(self, entries: Sequence[GivenUp]) -> None:
        """Take records that were not accepted out of the digest and the ranges."""
        digest = digest_sum([entry.record for entry in entries])
        with self._lock:
            self._missing += [(entry.sequence, 1) for entry in entries]
            self._digest -= digest

    def facts(self) -> Facts:
        """Return the facts; event times are those of the first and the last line."""
        return Facts(
            accepted_sequences=ranges_without(self._records, self._missing),
            digest={
                "algorithm": ALGORITHM,
                "over": "bytes",
                "columns": [],
                "items": self._records - len(self._missing),
                "value": str(self._digest),
            },
            sources=[file.as_json() for file in self._files.values()],
            first_event_at=_time_of(self._first_line),
            last_event_at=_time_of(self._last_line),
        )


class LogSource:
    """Whole files, one after the other. `to_record` turns a line into what is sent; None sends the line itself."""

    def __init__(self, paths: Sequence[Path], *, to_record: Callable[[bytes], bytes] | None = None) -> None:
        self._paths, self._to_record = paths, to_record
        self._tally = LogTally()
        self.total_records: int | None = None
        self.has_checkpoint = False

    def chunks(self) -> Iterator[Chunk]:
        for path in self._paths:
            with LogFile(path) as file:
                facts = FileFacts(path, file.identity, first_byte=0, end_byte=0)
                for group in file.line_groups():
                    for start in range(0, len(group), MAX_BATCH_RECORDS):
                        yield chunk_of(facts, group[start : start + MAX_BATCH_RECORDS], self._to_record)

    def handed_over(self, chunk: Chunk) -> None:
        self._tally.add(chunk.details)

    def given_up(self, entries: Sequence[GivenUp]) -> None:
        self._tally.remove(entries)

    def settled(self, below: int) -> None:
        """Nothing to keep."""

    def facts(self) -> Facts:
        return self._tally.facts()


def chunk_of(file: FileFacts, lines: Sequence[bytes], to_record: Callable[[bytes], bytes] | None) -> Chunk:
    """Return the chunk that sends `lines`."""
    records = lines if to_record is None else [to_record(line) for line in lines]
    return Chunk(records, LogChunk(file, lines, records))


def _time_of(line: bytes | None) -> datetime | None:
    return None if line is None else line_time(line)
