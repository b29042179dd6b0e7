"""What producers say they sent: run manifests, read and added up.

Pure, but for `read_manifest`, which reads one file. Contract: firehose_spec/schemas/manifest.json.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from validators.errors import InputFileError
from validators.stack_outputs import read_json


@dataclass(frozen=True, slots=True)
class SentDigest:
    """Digest of the accepted good records: `over` is ``bytes`` or ``columns``; `value` is the sum of `items` 64-bit values."""

    over: str
    columns: tuple[str, ...]
    items: int
    value: int


@dataclass(frozen=True, slots=True)
class SourceRange:
    """The part of a log file that was sent: bytes [first_byte, end_byte)."""

    path: str
    first_byte: int
    end_byte: int
    lines: int
    digest: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """One producer run. Ranges are inclusive sequence numbers; `expected_quarantine` maps SHA-256 (hex) to (reason, kind)."""

    path: str
    run_id: str
    pipeline: str
    stream: str
    region: str
    records: int
    accepted: int
    given_up: int
    possible_duplicates: int
    accepted_bytes: int
    accepted_sequences: tuple[tuple[int, int], ...]
    first_accepted_at: datetime | None
    last_accepted_at: datetime | None
    partitions: Mapping[str, int]
    partition_digests: Mapping[str, int]
    expected_quarantine: Mapping[str, tuple[str, str]]
    digest: SentDigest | None
    sources: tuple[SourceRange, ...]
    events_per_record: int
    events: int  # handed to the sender; more than `records` with aggregation

    @property
    def accepted_events(self) -> int:
        """Events in the accepted records; sequence numbers count events."""
        if self.events_per_record == 1:
            return self.accepted
        return sum(last - first + 1 for first, last in self.accepted_sequences)

    @property
    def possible_duplicate_events(self) -> int:
        """How many events at most may have arrived twice though nothing went wrong after the producer."""
        return self.possible_duplicates * self.events_per_record


def read_manifest(path: Path) -> Manifest:
    """Read one manifest.

    Raises:
        InputFileError: missing, not JSON, or against the schema.
    """
    return manifest_of(
        read_json(path, "manifest", advice="name the file that a producer wrote with --manifest"), str(path)
    )


def manifest_files(path: Path) -> list[Path]:
    """Return the manifests that `path` names: the file itself, or every JSON file of the folder.

    Raises:
        InputFileError: a folder without manifests.
    """
    if not path.is_dir():
        return [path]
    found = sorted(path.glob("*.json"))
    if not found:
        raise InputFileError(str(path), "holds no manifest", "send something first: `make produce`")
    return found


def manifest_of(value: Mapping[str, Any], path: str) -> Manifest:
    """Return the typed form of a manifest that follows the schema."""
    digest = value["digest"]
    return Manifest(
        path=path,
        run_id=value["run_id"],
        pipeline=value["pipeline"],
        stream=value["stream"],
        region=value["region"],
        records=value["records"],
        accepted=value["accepted"],
        given_up=value["given_up"],
        possible_duplicates=value["possible_duplicates"],
        accepted_bytes=value["bytes"]["accepted"],
        accepted_sequences=tuple((first, last) for first, last in value["accepted_sequences"]),
        first_accepted_at=_time(value["first_accepted_at"]),
        last_accepted_at=_time(value["last_accepted_at"]),
        partitions=dict(value["partitions"]),
        partition_digests={key: int(text) for key, text in value.get("partition_digests", {}).items()},
        expected_quarantine={
            entry["sha256"]: (entry["reason"], entry["kind"]) for entry in value["expected_quarantine"]
        },
        digest=digest and SentDigest(digest["over"], tuple(digest["columns"]), digest["items"], int(digest["value"])),
        sources=tuple(
            SourceRange(
                source["path"], source["first_byte"], source["end_byte"], source["lines"], int(source["digest"])
            )
            for source in value["sources"]
        ),
        events_per_record=value["events_per_record"],
        events=value.get("events", value["records"]),
    )


def expected_quarantine(manifests: Iterable[Manifest]) -> dict[str, tuple[str, str]]:
    """Return SHA-256 (hex) to (error output type, kind) of every record made bad on purpose."""
    return {sha: entry for manifest in manifests for sha, entry in manifest.expected_quarantine.items()}


def expected_partitions(manifests: Sequence[Manifest]) -> Counter[str]:
    """Return accepted good records by partition path, over all runs."""
    total: Counter[str] = Counter()
    for manifest in manifests:
        total.update(manifest.partitions)
    return total


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
