"""The bytes of one journal block: what one group commit wrote, framed so that a torn or foreign block is never taken for a whole one.

Pure: bytes in, bytes out. A block is a header, one length per record, the records back to back, zeros up to a multiple of eight:

    magic 4s · segment u32 · first sequence u64 · arrived ms i64 · records u32 · data bytes u32 · body crc u32 · header crc u32

The segment's serial is part of the header, so that blocks left over in a recycled file fail the check.
"""

import struct
import zlib
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

MAGIC = b"LFJ1"
_FIELDS = struct.Struct("<4sIQqIII")
_CRC = struct.Struct("<I")
HEADER_BYTES = _FIELDS.size + _CRC.size
_ALIGNMENT = 8
_PADDING = bytes(_ALIGNMENT - 1)


@dataclass(frozen=True, slots=True)
class BlockHeader:
    """What stands before a block's body; `sequence` is the place of its first record in the stream's journal."""

    segment: int
    sequence: int
    arrived_ms: int
    count: int
    data_bytes: int
    body_crc: int

    @property
    def lengths_bytes(self) -> int:
        return 4 * self.count

    @property
    def total_bytes(self) -> int:
        """The block's whole length in the file, padding included."""
        return padded(HEADER_BYTES + self.lengths_bytes + self.data_bytes)


def padded(size_bytes: int) -> int:
    """Return the size rounded up to the block alignment."""
    return -(-size_bytes // _ALIGNMENT) * _ALIGNMENT


def block_bytes(count: int, data_bytes: int) -> int:
    """Return how long a block of that many records and bytes is."""
    return padded(HEADER_BYTES + 4 * count + data_bytes)


def encode_block(*, segment: int, sequence: int, arrived_ms: int, records: Sequence[bytes]) -> bytearray:
    """Return the block of these records, the first of which has that sequence."""
    # in one piece, so that the records are copied once; the header is filled in afterwards, and what padding is too much goes
    block = bytearray().join((bytes(HEADER_BYTES), array("I", map(len, records)), *records, _PADDING))
    end = len(block) - len(_PADDING)
    del block[padded(end) :]
    data_bytes = end - HEADER_BYTES - 4 * len(records)
    body_crc = zlib.crc32(memoryview(block)[HEADER_BYTES:end])
    _FIELDS.pack_into(block, 0, MAGIC, segment, sequence, arrived_ms, len(records), data_bytes, body_crc)
    _CRC.pack_into(block, _FIELDS.size, zlib.crc32(memoryview(block)[: _FIELDS.size]))
    return block


def read_header(buffer: bytes | memoryview, offset: int) -> BlockHeader | None:
    """Return the header at `offset`, or None where no header stands (the end of what was written, or damage)."""
    if offset + HEADER_BYTES > len(buffer):
        return None
    fields = bytes(buffer[offset : offset + _FIELDS.size])
    if fields[:4] != MAGIC or _CRC.unpack_from(buffer, offset + _FIELDS.size)[0] != zlib.crc32(fields):
        return None
    _, segment, sequence, arrived_ms, count, data_bytes, body_crc = _FIELDS.unpack(fields)
    return BlockHeader(segment, sequence, arrived_ms, count, data_bytes, body_crc)


def body_is_whole(buffer: bytes | memoryview, offset: int, header: BlockHeader) -> bool:
    """Say whether the body after the header at `offset` is complete and unharmed."""
    start = offset + HEADER_BYTES
    stop = start + header.lengths_bytes + header.data_bytes
    return stop <= len(buffer) and zlib.crc32(memoryview(buffer)[start:stop]) == header.body_crc
