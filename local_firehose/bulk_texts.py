"""The JSON texts of one column's values in a batch, and what can be said of all of them at once.

Pure. The texts are DuckDB's: strings in quotes with only the needed escapes, numbers in shortest form.
"""

import json
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from local_firehose.arrow_numbers import mask_of

Mask = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

_QUOTE, _BACKSLASH, _ZERO, _DIGITS = 34, 92, 48, 10


@dataclass(frozen=True, slots=True)
class JsonTexts:
    """One column's values: which are strings, and what is between their quotes.

    `first` is each text's first byte, 0 of a null; `quotes[i]` is how many quote characters the value has in the record. `texts` are the
    JSON texts, of strings perhaps without their quotes; `plain` are strings without them and with escapes resolved.
    """

    texts: pa.StringArray
    is_null: Mask
    first: Bytes
    is_string: Mask
    quotes: Counts
    plain: pa.StringArray

    @property
    def size(self) -> int:
        return len(self.texts)

    @classmethod
    def parsed(cls, texts: pa.StringArray) -> "JsonTexts":
        """Take an array of JSON texts apart."""
        is_null, first = begins_of(texts)
        is_string: Mask = first == _QUOTE
        quotes: Counts = is_string * np.int64(2)
        plain = _unquoted(texts, is_string, quotes)
        return cls(texts, is_null, first, is_string, quotes, plain)

    @classmethod
    def strings(cls, plain: pa.StringArray) -> "JsonTexts":
        """Return values that are all strings without escapes, from what is between their quotes."""
        same = partial(np.broadcast_to, shape=len(plain))  # nothing is written to them, so there is one of each
        yes, no, quote, two = np.True_, np.False_, np.uint8(_QUOTE), np.int64(2)
        return cls(plain, same(no), same(quote), same(yes), same(two), plain)

    @classmethod
    def scalars(cls, texts: pa.StringArray) -> "JsonTexts":
        """Return values of which none is a string."""
        is_null, first = begins_of(texts)
        return cls(texts, is_null, first, np.zeros(len(texts), np.bool_), np.zeros(len(texts), np.int64), texts)


def begins_of(texts: pa.StringArray) -> tuple[Mask, Bytes]:
    """Return which texts are null, and each text's first byte, 0 of a null."""
    offsets, data = buffers_of(texts)
    is_null: Mask = np.zeros(len(texts), np.bool_)
    first = data[offsets[:-1].clip(max=len(data) - 1)] if len(data) else np.zeros(len(texts), np.uint8)
    if texts.null_count:
        is_null = mask_of(texts.is_null())
        first[is_null] = 0
    return is_null, first


def _unquoted(texts: pa.StringArray, is_string: Mask, quotes: Counts) -> pa.StringArray:
    """Return the texts, strings without their quotes and with their escapes resolved; counts quotes that are escaped."""
    if not is_string.any():
        return texts
    offsets, data = buffers_of(texts)
    kept = np.ones(len(data), dtype=np.bool_)
    kept[offsets[:-1][is_string]] = False
    kept[offsets[1:][is_string] - 1] = False
    shorter = np.concatenate(([0], np.cumsum(quotes, dtype=np.int64)))
    plain = pa.StringArray.from_buffers(
        len(texts),
        pa.py_buffer((offsets - shorter).astype(np.int32)),
        pa.py_buffer(data[kept]),
        texts.buffers()[0],
    )
    if not (data == _BACKSLASH).any():
        return plain
    escaped = pc.fill_null(pc.match_substring(texts, "\\"), False)
    places = np.flatnonzero(escaped.to_numpy(zero_copy_only=False) & is_string)
    given = texts.take(pa.array(places)).to_pylist()
    quotes[places] = [text.count('"') for text in given]
    mask = np.zeros(len(texts), dtype=np.bool_)
    mask[places] = True
    decoded = pa.array([json.loads(text) for text in given], type=pa.string())
    return pc.replace_with_mask(plain, pa.array(mask), decoded)


def buffers_of(texts: pa.StringArray) -> tuple[npt.NDArray[np.int32], Bytes]:
    """Return an array's offsets and its bytes, which may go on before and after them."""
    _, offsets, data = texts.buffers()
    begin, end = texts.offset, texts.offset + len(texts) + 1
    values = np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)
    if offsets is None:
        return np.zeros(1, np.int32), values
    return np.frombuffer(offsets, np.int32)[begin:end], values


def nulled(array: pa.Array, mask: Mask) -> pa.Array:
    """Return `array` with null where `mask` is true."""
    return pc.if_else(pa.array(mask), pa.scalar(None, array.type), array) if mask.any() else array


def matches(texts: pa.StringArray, pattern: str) -> Mask:
    """Tell which texts match; a null does not."""
    found = pc.fill_null(pc.match_substring_regex(texts, pattern), False)
    return mask_of(found)


def consist_of(texts: pa.StringArray, others: bytes = b"") -> bool:
    """Tell whether all texts together have no other bytes than digits and these."""
    _, data = buffers_of(texts)
    found = np.count_nonzero(data - np.uint8(_ZERO) < _DIGITS) + sum(count_of(texts, other) for other in others)
    return bool(found == len(data))


def count_of(texts: pa.StringArray, byte: int) -> int:
    """Return how often a byte occurs in all texts together, and in what their buffer holds before and after them."""
    _, data = buffers_of(texts)
    return int(np.count_nonzero(data == byte))
