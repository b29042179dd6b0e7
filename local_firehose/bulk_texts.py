"""The JSON texts of one column's values in a batch, and what can be said of all of them at once.

Pure. The texts are DuckDB's: strings in quotes with only the needed escapes, numbers in shortest form.
"""

import json

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Mask = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

_QUOTE, _BACKSLASH = 34, 92


class JsonTexts:
    """One array of JSON texts, taken apart: which values are strings, and what is between their quotes."""

    def __init__(self, texts: pa.StringArray) -> None:
        self.size = len(texts)
        self.texts = texts
        self.is_null: Mask = np.asarray(texts.is_null().to_numpy(zero_copy_only=False), dtype=np.bool_)
        offsets, data = buffers_of(texts)
        if len(data) == 0:
            data = np.zeros(1, np.uint8)
        first = data[np.minimum(offsets[:-1], len(data) - 1)]
        first[self.is_null] = 0
        self.first: Bytes = first
        self.is_string: Mask = first == _QUOTE
        self.quotes: Counts = self.is_string * np.int64(2)
        self.plain = self._unquoted(offsets, data)

    def _unquoted(self, offsets: npt.NDArray[np.int32], data: Bytes) -> pa.StringArray:
        """The texts, strings without their quotes and with their escapes resolved."""
        if not self.is_string.any():
            return self.texts
        kept = np.ones(len(data), dtype=np.bool_)
        kept[offsets[:-1][self.is_string]] = False
        kept[offsets[1:][self.is_string] - 1] = False
        shorter = np.concatenate(([0], np.cumsum(self.quotes, dtype=np.int64)))
        plain = pa.StringArray.from_buffers(
            self.size,
            pa.py_buffer((offsets - shorter).astype(np.int32)),
            pa.py_buffer(data[kept]),
            self.texts.buffers()[0],
        )
        if not (data == _BACKSLASH).any():
            return plain
        escaped = pc.fill_null(pc.match_substring(self.texts, "\\"), False)
        places = np.flatnonzero(escaped.to_numpy(zero_copy_only=False) & self.is_string)
        given = self.texts.take(pa.array(places)).to_pylist()
        self.quotes[places] = [text.count('"') for text in given]
        mask = np.zeros(self.size, dtype=np.bool_)
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
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.bool_)


def consist_of(texts: pa.StringArray, characters: bytes) -> bool:
    """Tell whether all texts together have no other byte."""
    _, data = buffers_of(texts)
    allowed = np.zeros(256, dtype=np.bool_)
    allowed[list(characters)] = True
    return bool(allowed[data].all())
