"""The files of one stream's journal: names, creation at full size, recycling, the end of what was written.

Talks to: the disk. A segment's name carries its serial and the sequence of its first record; a newer segment's first sequence ends the
older one, whatever bytes stand behind that place. `array('I')` is four bytes on every platform that CPython supports here.
"""

import contextlib
import errno
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from local_firehose.journal_block import BlockHeader, Piece, body_is_whole, read_header

_NAME = re.compile(r"^(\d{10})-(\d{20})\.segment$")
_SPARE = "spare-{serial:010d}"
_UNFINISHED = "unfinished-"
MAX_SPARES = 2

sync_data = getattr(os, "fdatasync", os.fsync)  # macOS has no fdatasync
_WRITES_DURABLY = hasattr(os, "pwritev") and hasattr(os, "RWF_DSYNC")  # Linux has both
_UNSUPPORTED = (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS)  # by old kernels and by some file systems
_MOST_PIECES = 1024  # IOV_MAX of Linux


@dataclass(frozen=True, slots=True, order=True)
class Segment:
    """One journal file: its serial, the sequence of its first record, where it lies."""

    serial: int
    first_sequence: int
    path: Path


@dataclass(frozen=True, slots=True)
class SegmentEnd:
    """Where the whole blocks of a segment end, and the sequence that comes next."""

    offset: int
    next_sequence: int
    arrived_ms: int


def segments(folder: Path) -> list[Segment]:
    """Return the segments in `folder`, oldest first."""
    found = []
    for entry in os.scandir(folder):
        match = _NAME.match(entry.name)
        if match:
            found.append(Segment(int(match[1]), int(match[2]), Path(entry.path)))
    return sorted(found)


def create_segment(folder: Path, *, serial: int, first_sequence: int, size_bytes: int) -> tuple[Segment, int, int]:
    """Make (or recycle) a segment of at least `size_bytes`; return it with an open descriptor and its true size.

    All its blocks are allocated at once, so that a full disk shows here and not in the middle of a block.

    Raises:
        OSError: no space left, or the folder cannot be written.
    """
    path = folder / f"{serial:010d}-{first_sequence:020d}.segment"
    for spare in sorted(folder.glob("spare-*")):
        have = spare.stat().st_size
        if have >= size_bytes:
            spare.rename(path)
            sync_folder(folder)
            return Segment(serial, first_sequence, path), os.open(path, os.O_RDWR | os.O_CLOEXEC), have
        spare.unlink()
    descriptor = _allocate(path, size_bytes)
    sync_folder(folder)
    return Segment(serial, first_sequence, path), descriptor, size_bytes


def prepare_spare(folder: Path, *, serial: int, size_bytes: int) -> None:
    """Make a spare of that size for the segment `serial`, unless there is one: allocating takes longer than all who wait may have.

    Raises:
        OSError: no space left, or the folder cannot be written.
    """
    if any(spare.stat().st_size >= size_bytes for spare in folder.glob("spare-*")):
        return
    unfinished = folder / f"{_UNFINISHED}{serial:010d}"
    os.close(_allocate(unfinished, size_bytes))
    unfinished.rename(folder / _SPARE.format(serial=serial))


def remove_unfinished(folder: Path) -> None:
    """Remove what a crash left of a spare."""
    for path in folder.glob(f"{_UNFINISHED}*"):
        path.unlink(missing_ok=True)


def _allocate(path: Path, size_bytes: int) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(descriptor, 0, size_bytes)
        else:
            os.ftruncate(descriptor, size_bytes)
        os.fsync(descriptor)
    except OSError:
        os.close(descriptor)
        path.unlink(missing_ok=True)
        raise
    return descriptor


def retire_segment(segment: Segment) -> None:
    """Keep the file as a spare, or remove it: overwriting is cheaper than unlinking and allocating again."""
    folder = segment.path.parent
    if len(list(folder.glob("spare-*"))) < MAX_SPARES:
        segment.path.rename(folder / _SPARE.format(serial=segment.serial))
    else:
        segment.path.unlink(missing_ok=True)


def write_durably(descriptor: int, pieces: Sequence[Piece], offset: int) -> None:
    """Write the pieces one behind another from `offset` on; return when they are durable.

    Raises:
        OSError: they could not be written, or not be made durable; what stands there now is unknown.
    """
    written = 0
    if _WRITES_DURABLY and len(pieces) <= _MOST_PIECES:
        # one call instead of two: between them other threads would take the interpreter
        try:
            written = os.pwritev(descriptor, pieces, offset, os.RWF_DSYNC)
        except OSError as error:
            if error.errno not in _UNSUPPORTED:
                raise
    if written == sum(map(_size, pieces)):
        return
    rest = memoryview(b"".join(pieces))[written:]
    while rest:
        step = os.pwrite(descriptor, rest, offset + written)
        rest, written = rest[step:], written + step
    sync_data(descriptor)


def _size(piece: Piece) -> int:
    return memoryview(piece).nbytes


def find_end(segment: Segment) -> SegmentEnd:
    """Read the segment through and return where its whole blocks end; a torn block and all after it do not count."""
    data = segment.path.read_bytes()
    offset, sequence, arrived_ms = 0, segment.first_sequence, 0
    while True:
        header = whole_block(data, offset, segment=segment, sequence=sequence)
        if header is None:
            return SegmentEnd(offset, sequence, arrived_ms)
        offset += header.total_bytes
        sequence += header.count
        arrived_ms = header.arrived_ms


def whole_block(data: bytes, offset: int, *, segment: Segment, sequence: int) -> BlockHeader | None:
    """Return the header at `offset` if a whole block of this segment with that sequence stands there."""
    header = read_header(data, offset)
    if header is None or header.segment != segment.serial or header.sequence != sequence:
        return None
    return header if body_is_whole(data, offset, header) else None


def sync_folder(folder: Path) -> None:
    """Make names in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with contextlib.suppress(OSError):  # some file systems cannot sync a folder; they order names themselves
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
