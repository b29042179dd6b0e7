"""JSON values other than strings, as records have them, proven to be numbers, booleans and nulls in the form that a parser would print.

Pure. What is not proven is refused, whether it is JSON (1e5, -0, numbers of many digits) or not (007, +1, NaN).
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from local_firehose.arrow_numbers import mask_of
from local_firehose.bulk_texts import Bytes, Counts, Mask, buffers_of, matches, nulled
from local_firehose.byte_counts import count_in_each

_MOST_BYTES = 18  # whole numbers as short as that fit a long
_WHOLE = r"-?[1-9][0-9]{0,16}|0"
_FRACTION = r"-?(0|[1-9][0-9]{0,16})\.[0-9]{1,17}"
_MINUS, _POINT, _ZERO = ord("-"), ord("."), ord("0")


def proven_scalars(texts: pa.StringArray, *, has_fractions: bool) -> tuple[pa.StringArray, Mask]:
    """Return the texts, null where they are ``null``, and which are refused; fractions are proven only if asked for.

    A fraction stays as it is written: it may have zeros at its end that a parser's printer would not write.
    """
    refused = _unlike_numbers(texts, has_fractions=has_fractions)
    if refused is not None:
        return texts, refused
    pattern = f"^({_WHOLE}|true|false|null{'|' + _FRACTION if has_fractions else ''})$"
    is_null = mask_of(pc.equal(texts, "null"))
    return nulled(texts, is_null), ~matches(texts, pattern)


def _unlike_numbers(texts: pa.StringArray, *, has_fractions: bool) -> Mask | None:
    """Tell which texts are no plain numbers; None where some have other characters than digits, a minus and a point."""
    offsets, data = buffers_of(texts)
    data = data[offsets[0] : offsets[-1]]
    if len(data) == 0:
        return np.ones(len(texts), np.bool_)
    begins = (offsets[:-1] - offsets[0]).clip(max=len(data) - 1)
    lengths = np.diff(offsets)
    points, minuses = data == _POINT, data == _MINUS
    pointed, negative = np.count_nonzero(points), np.count_nonzero(minuses)
    if np.count_nonzero(data - np.uint8(_ZERO) < 10) + pointed + negative < len(data):
        return None
    refused: Mask = (lengths == 0) | (lengths > _MOST_BYTES)
    first = data[begins]
    if negative:
        is_negative = (first == _MINUS) & (lengths > 0)
        if negative > np.count_nonzero(is_negative):
            return None
        refused |= is_negative & (lengths == 1)
        begins = (begins + is_negative).clip(max=len(data) - 1)
        lengths = lengths - is_negative
        first = data[begins]
        if not pointed:
            refused |= is_negative & (first == _ZERO)  # -0
    if not pointed:
        refused |= (first == _ZERO) & (lengths > 1)
        return refused
    if not has_fractions:
        return None
    if negative:
        refused |= is_negative & (first == _ZERO) & (lengths == 1)
    refused |= _wrong_point(data, offsets - offsets[0], begins, lengths, first)
    return refused


def _wrong_point(data: Bytes, offsets: Counts, begins: Counts, lengths: Counts, first: Bytes) -> Mask:
    """Tell which numbers have more points than one, one at an end, or a leading zero that none follows."""
    last = data[(offsets[1:] - 1).clip(min=0)]
    second = data[(begins + 1).clip(max=len(data) - 1)]
    wrong: Mask = (first == _POINT) | (last == _POINT)
    wrong |= (first == _ZERO) & (lengths > 1) & (second != _POINT)
    wrong |= count_in_each(data, offsets.astype(np.int32), _POINT) > 1
    return wrong
