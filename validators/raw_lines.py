"""Compare raw objects with what was sent, byte for byte, whatever the order.

Pure, but for `sent_lines`, which reads the log files that a manifest names. A multiset of lines is an array of 64-bit hashes: 8 bytes a line.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from validators.manifests import Manifest

Hashes = np.ndarray[tuple[int], np.dtype[np.uint64]]


@dataclass(frozen=True, slots=True)
class LineDifference:
    """Lines sent and not delivered, delivered too often, delivered and never sent; with one hash of each as an example."""

    lost: int
    duplicated: int
    invented: int
    lost_hash: int | None
    duplicated_hash: int | None
    invented_hash: int | None


def line_hashes(lines: Iterable[bytes]) -> Hashes:
    """Return the digest values of `lines`, each with its line ending, as `firehose_spec.digest.item_value` has them."""
    md5 = hashlib.md5
    joined = b"".join([md5(line, usedforsecurity=False).digest()[:8] for line in lines])
    return np.frombuffer(joined, dtype="<u8").astype(np.uint64, copy=False)


def split_records(body: bytes) -> list[bytes]:
    """Cut concatenated records at their line ends, which stay; a record sent without one is cut at the end of the object only."""
    return body.splitlines(keepends=True) if b"\r" not in body else _split_at_newlines(body)


def _split_at_newlines(body: bytes) -> list[bytes]:
    parts = body.split(b"\n")
    lines = [part + b"\n" for part in parts[:-1]]
    return [*lines, parts[-1]] if parts[-1] else lines


def total(hashes: Hashes) -> int:
    """Return the sum of all values without overflow."""
    low, high = hashes & np.uint64(0xFFFFFFFF), hashes >> np.uint64(32)
    return int(low.sum(dtype=np.uint64)) + (int(high.sum(dtype=np.uint64)) << 32)


def difference(sent: Hashes, delivered: Hashes) -> LineDifference:
    """Compare two multisets of line hashes."""
    sent_values, sent_times = np.unique(sent, return_counts=True)
    found_values, found_times = np.unique(delivered, return_counts=True)
    common, in_sent, in_found = np.intersect1d(sent_values, found_values, assume_unique=True, return_indices=True)
    short = np.setdiff1d(sent_values, common, assume_unique=True)
    extra = np.setdiff1d(found_values, common, assume_unique=True)
    change = found_times[in_found].astype(np.int64) - sent_times[in_sent].astype(np.int64)
    lost = int(sent_times[np.isin(sent_values, short)].sum()) + int(-change[change < 0].sum())
    lost_values = short if len(short) else common[change < 0]
    return LineDifference(
        lost=lost,
        duplicated=int(change[change > 0].sum()),
        invented=int(found_times[np.isin(found_values, extra)].sum()),
        lost_hash=_first(lost_values),
        duplicated_hash=_first(common[change > 0]),
        invented_hash=_first(extra),
    )


def _first(values: Hashes) -> int | None:
    return int(values[0]) if len(values) else None


def sent_lines(manifest: Manifest) -> Iterator[bytes] | None:
    """Return the lines that the manifest's run had accepted, read again from its log files; None when they can't be read any more."""
    if not manifest.sources or any(not _still_there(Path(source.path), source.end_byte) for source in manifest.sources):
        return None
    return _read_sources(manifest)


def _still_there(path: Path, end_byte: int) -> bool:
    try:
        return path.is_file() and path.stat().st_size >= end_byte
    except OSError:
        return False


def _read_sources(manifest: Manifest) -> Iterator[bytes]:
    """Yield accepted lines: sequence numbers count lines over all sources in the manifest's order."""
    accepted = _Ranges(manifest.accepted_sequences)
    sequence = 0
    for source in manifest.sources:
        with Path(source.path).open("rb") as file:
            file.seek(source.first_byte)
            position = source.first_byte
            for line in file:
                if position >= source.end_byte:
                    break
                position += len(line)
                if accepted.holds(sequence):
                    yield line
                sequence += 1


class _Ranges:
    """Inclusive ranges asked in rising order."""

    def __init__(self, ranges: Sequence[tuple[int, int]]) -> None:
        self._ranges = sorted(ranges)
        self._at = 0

    def holds(self, sequence: int) -> bool:
        while self._at < len(self._ranges) and self._ranges[self._at][1] < sequence:
            self._at += 1
        return self._at < len(self._ranges) and self._ranges[self._at][0] <= sequence
