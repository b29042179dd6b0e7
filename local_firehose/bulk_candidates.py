"""Which records of a batch DuckDB's parser reads as the exact path does.

Pure. Left out: blanks first, trailing commas, bytes that are not UTF-8, quotes in disguise.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from local_firehose.arrow_numbers import mask_of
from local_firehose.bulk_texts import Mask
from local_firehose.byte_counts import count_in_each

Places = npt.NDArray[np.int64]

_CACHED_BYTES = 128 * 1024


@dataclass(frozen=True, slots=True)
class Candidates:
    """Records that look like one object: their places in the batch, texts, and how many quote characters they have."""

    places: Places
    texts: pa.StringArray
    quotes: npt.NDArray[np.int64]

    def at(self, which: Places) -> "Candidates":
        """Return some of them."""
        return Candidates(self.places[which], self.texts.take(pa.array(which)), self.quotes[which])

    def without(self, taken: Places) -> "Candidates":
        """Return the others."""
        if len(taken) == 0:
            return self
        left = np.ones(len(self.places), np.bool_)
        left[taken] = False
        return self.at(np.flatnonzero(left))


def candidates_of(records: pa.BinaryArray) -> Candidates:
    """Return the records that look like one object and that both parsers read alike."""
    _, offset_buffer, data_buffer = records.buffers()
    none = Candidates(np.zeros(0, np.int64), pa.array([], pa.string()), np.zeros(0, np.int64))
    if len(records) == 0 or data_buffer is None:
        return none
    offsets = np.frombuffer(offset_buffer, np.int32)[records.offset : records.offset + len(records) + 1]
    data = np.frombuffer(data_buffer, np.uint8)[: offsets[-1]]
    if len(data) == 0:
        return none
    begins = np.minimum(offsets[:-1], len(data) - 1)
    is_candidate = (offsets[1:] > offsets[:-1]) & (data[begins] == ord("{"))
    if records.null_count:
        is_candidate &= ~mask_of(records.is_null())
    if (data == ord("\\")).any():
        # a quote or the separator of keys, written so that it is not counted
        disguised = pc.fill_null(pc.match_substring_regex(records, r"\\u00(22|1[fF])"), False)
        is_candidate &= ~disguised.to_numpy(zero_copy_only=False)
    is_candidate &= ~_may_have_trailing_comma(records, offsets, data)
    places = np.flatnonzero(is_candidate)
    chosen = records if len(places) == len(records) else records.take(pa.array(places))
    try:
        texts = pc.cast(chosen, pa.string())
    except pa.ArrowInvalid:
        is_text = np.fromiter((_is_utf8(record) for record in chosen.to_pylist()), np.bool_, len(chosen))
        places, chosen = places[is_text], chosen.filter(pa.array(is_text))
        texts = pc.cast(chosen, pa.string())
    return Candidates(places, texts, count_in_each(data, offsets, ord('"'))[places])


def _may_have_trailing_comma(
    records: pa.BinaryArray, offsets: npt.NDArray[np.int32], data: npt.NDArray[np.uint8]
) -> Mask:
    odd = _before_closing(data)
    suspects = np.zeros(len(records), np.bool_)
    if len(odd):
        which = np.unique(np.searchsorted(offsets, odd, side="right") - 1)
        which = which[(which >= 0) & (which < len(records))]
        found = pc.match_substring_regex(records.take(pa.array(which)), r",[ \t\r\n]*[}\]]")
        suspects[which] = pc.fill_null(found, True).to_numpy(zero_copy_only=False)
    return suspects


def _before_closing(data: npt.NDArray[np.uint8]) -> Places:
    """Return where a comma or a blank stands right before a closing bracket; in pieces that stay in the processor's cache."""
    found = [np.zeros(0, np.int64)]
    for begin in range(0, len(data) - 1, _CACHED_BYTES):
        after = data[begin + 1 : begin + 1 + _CACHED_BYTES]
        before = data[begin : begin + len(after)]
        odd = (after & 0xDF) == ord("]")  # the one bit between "]" and "}" is masked
        odd &= (before == ord(",")) | (before <= ord(" "))
        if odd.any():
            found.append(np.flatnonzero(odd) + begin)
    return np.concatenate(found)


def _is_utf8(record: bytes) -> bool:
    try:
        record.decode()
    except UnicodeDecodeError:
        return False
    return True
