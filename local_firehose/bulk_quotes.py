"""Where a batch's quote characters stand, and which of its records hold plain text only.

Pure. In a record without backslashes the text between two quotes that delimit a string is the string.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from local_firehose.arrow_numbers import mask_of
from local_firehose.bulk_texts import Bytes, Counts, Mask

Offsets = npt.NDArray[np.int32]
Places = npt.NDArray[np.int64]

_BLOCK_BYTES = 3 << 19
_QUOTE, _BACKSLASH, _SPACE, _FIRST_BEYOND_ASCII = ord('"'), ord("\\"), ord(" "), 0x80


@dataclass(frozen=True, slots=True)
class QuotePlaces:
    """A block of a batch: its record i is ``data[begins[i]:ends[i]]`` and has `counts[i]` quotes, at ``quotes[first[i]]`` and so on.

    `data` is the whole batch's, `at` the block's first record in it. `is_plain`: not null, UTF-8, no backslash; None: all are. `controls`
    counts control characters; None: there are none.
    """

    data: Bytes
    at: int
    begins: Offsets
    ends: Offsets
    quotes: Offsets
    first: Places
    counts: Counts
    is_plain: Mask | None
    controls: Counts | None

    def __len__(self) -> int:
        return len(self.begins)


def blocks_of(records: pa.BinaryArray, *, block_bytes: int = _BLOCK_BYTES) -> Iterator[QuotePlaces]:
    """Yield the records in blocks, in order; whoever looks at a block at once finds it in the processor's cache."""
    _, offset_buffer, data_buffer = records.buffers()
    if len(records) == 0 or data_buffer is None:
        return
    offsets = np.frombuffer(offset_buffer, np.int32)[records.offset : records.offset + len(records) + 1]
    data = np.frombuffer(data_buffer, np.uint8)[: offsets[-1]]
    cuts = np.searchsorted(offsets, np.arange(int(offsets[0]), int(offsets[-1]), block_bytes)).tolist()
    for start, stop in pairwise([*dict.fromkeys(cuts), len(records)]):
        if offsets[start] < offsets[stop]:
            yield _block(records, data, offsets, start, stop)


def _block(records: pa.BinaryArray, data: Bytes, offsets: Offsets, start: int, stop: int) -> QuotePlaces:
    begin = int(offsets[start])
    own = data[begin : offsets[stop]]
    begins, ends = offsets[start:stop], offsets[start + 1 : stop + 1]
    quotes = np.flatnonzero(own == _QUOTE).astype(np.int32)
    quotes += np.int32(begin)
    first, counts = _by_record(quotes, begins, ends)
    controls = None
    if own.min() < _SPACE:
        found = np.flatnonzero(own < _SPACE) + begin
        controls = np.bincount(_record_of(found, ends), minlength=len(ends)).astype(np.int64)
    is_plain = _plain(records[start:stop], own, ends - begin)
    return QuotePlaces(data, start, begins, ends, quotes, first, counts, is_plain, controls)


def _by_record(quotes: Offsets, begins: Offsets, ends: Offsets) -> tuple[Places, Counts]:
    """Return the number of each record's first quote, and how many it has."""
    size = len(begins)
    each, odd = divmod(len(quotes), size)
    # mostly all records have as many
    if each and not odd and (quotes[::each] >= begins).all() and (quotes[each - 1 :: each] < ends).all():
        return np.arange(0, len(quotes), each, dtype=np.int64), np.full(size, each, np.int64)
    until = np.searchsorted(quotes, ends)
    counts = np.diff(until, prepend=0)
    return until - counts, counts


def _plain(records: pa.BinaryArray, data: Bytes, ends: Offsets) -> Mask | None:
    is_plain = np.ones(len(ends), np.bool_)
    is_backslash = data == _BACKSLASH
    if is_backslash.any():
        is_plain[_record_of(np.flatnonzero(is_backslash), ends)] = False
    if data.max() >= _FIRST_BEYOND_ASCII:
        try:
            pc.cast(records, pa.string())
        except pa.ArrowInvalid:
            suspects = np.unique(_record_of(np.flatnonzero(data >= _FIRST_BEYOND_ASCII), ends))
            texts = records.take(pa.array(suspects)).to_pylist()
            is_plain[suspects] &= np.fromiter((_is_utf8(text) for text in texts), np.bool_, len(texts))
    if records.null_count:
        is_plain &= mask_of(records.is_valid())
    return None if is_plain.all() else is_plain


def _record_of(places: Places, ends: Offsets) -> Places:
    """Return which record each place lies in."""
    if len(places) == len(ends) and bool((places == ends - 1).all()):
        return np.arange(len(ends))  # a line end after each record
    return np.searchsorted(ends, places, side="right")


def _is_utf8(text: bytes | None) -> bool:
    try:
        return text is not None and text.decode() is not None
    except UnicodeDecodeError:
        return False
