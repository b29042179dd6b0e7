"""Tell apart the kinds of records that a query can answer differently, from JSON texts that were read for another purpose.

Pure. What `LeafReader` does record by record, for whole columns: only strings without escapes and whole numbers from 0 on are taken,
a record with anything else in a leaf is left to it. Held to it by tests/unit/local_firehose/test_jq_leaf_kinds.py.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from local_firehose.journal_chunk import Int64Array
from local_firehose.jq_leaf_reader import Key
from local_firehose.jq_leaves import Leaf, Prefix, Seconds
from local_firehose.leaf_texts import LeafTexts

_LEFT = -1
_MAX_DIGITS = 18
_MAX_COMBINATIONS = 1 << 62
_QUOTE, _BACKSLASH = '"', "\\"


@dataclass(frozen=True, slots=True)
class Kinds:
    """Record `places[i]` is of the kind `keys[codes[i]]`; `examples[k]` is the place of one record of kind k."""

    places: Int64Array
    codes: Int64Array
    keys: list[Key]
    examples: Int64Array


def leaf_keys(leaves: Sequence[Leaf] | None) -> tuple[str, ...]:
    """Return the top-level keys to read; none where the leaves lie deeper or are not known."""
    if leaves is None or any(len(leaf.path) != 1 for leaf in leaves):
        return ()
    return tuple(leaf.path[0] for leaf in leaves)


def kinds(leaves: Sequence[Leaf], read: LeafTexts) -> Kinds | None:
    """Return the kinds of the records whose leaves were read and are plain; None if a leaf was not read."""
    keys = leaf_keys(leaves)
    if not keys or any(key not in read.texts for key in keys):
        return None
    combined = np.zeros(len(read.places), np.int64)
    is_plain = np.ones(len(read.places), np.bool_)
    columns: list[list[Hashable]] = []
    combinations = 1
    for leaf, key in zip(leaves, keys, strict=True):
        codes, values = _coded(leaf, read.texts[key])
        combinations *= max(len(values), 1)
        if combinations > _MAX_COMBINATIONS:
            return None
        is_plain &= codes != _LEFT
        combined = combined * max(len(values), 1) + codes
        columns.append(values)
    plain = np.flatnonzero(is_plain)
    encoded = pa.array(combined[plain]).dictionary_encode()
    codes = np.asarray(encoded.indices.to_numpy(zero_copy_only=False), dtype=np.int64)
    places = read.places[plain]
    examples = np.zeros(len(encoded.dictionary), np.int64)
    examples[codes[::-1]] = places[::-1]  # the first record of each kind is written last
    return Kinds(places, codes, [_key(number, columns) for number in encoded.dictionary.to_pylist()], examples)


def _key(number: int, columns: Sequence[Sequence[Hashable]]) -> Key:
    values: list[Hashable] = []
    for column in reversed(columns):
        number, place = divmod(number, max(len(column), 1))
        values.append(column[place])
    return tuple(reversed(values))


def _coded(leaf: Leaf, texts: pa.StringArray) -> tuple[Int64Array, list[Hashable]]:
    """Return what decides, as places in a list of values; -1 where a text is not plain."""
    reduction = leaf.reduction
    if isinstance(reduction, Seconds):
        numbers = _whole_numbers(texts)
        if numbers is not None:
            encoded = pa.array(numbers // reduction.step).dictionary_encode()
            codes = np.asarray(encoded.indices.to_numpy(zero_copy_only=False), dtype=np.int64)
            codes[numbers > reduction.limit] = _LEFT
            return codes, encoded.dictionary.to_pylist()
    is_escaped = np.asarray(
        pc.fill_null(pc.match_substring(texts, _BACKSLASH), True).to_numpy(zero_copy_only=False), dtype=np.bool_
    )
    if isinstance(reduction, Prefix):
        texts = pc.utf8_slice_codeunits(texts, 0, reduction.characters + 1)
    encoded = texts.dictionary_encode()
    values: list[Hashable] = []
    translation = np.full(len(encoded.dictionary) + 1, _LEFT, np.int64)
    for place, text in enumerate(encoded.dictionary.to_pylist()):
        value = _plain_value(text, reduction)
        if value is not None:
            translation[place] = len(values)
            values.append(value)
    codes = translation[np.asarray(pc.fill_null(encoded.indices, _LEFT).to_numpy(zero_copy_only=False))]
    codes[is_escaped] = _LEFT
    return codes, values


def _plain_value(text: str, reduction: Seconds | Prefix | None) -> Hashable | None:
    if text.startswith(_QUOTE):
        value = text[1:].removesuffix(_QUOTE)  # a cut text may have lost its closing quote
        return ("whole", value) if isinstance(reduction, Seconds) else value
    if isinstance(reduction, Prefix) or not (text.isascii() and text.isdigit()) or len(text) > _MAX_DIGITS:
        return None
    number = int(text)
    if isinstance(reduction, Seconds):
        return number // reduction.step if number <= reduction.limit else None
    return number


def _whole_numbers(texts: pa.StringArray) -> Int64Array | None:
    """Return the texts as numbers if each consists of a few digits."""
    if texts.null_count or not pc.all(pc.ascii_is_decimal(texts)).as_py():
        return None
    if (pc.max(pc.binary_length(texts)).as_py() or 0) > _MAX_DIGITS:
        return None
    return np.asarray(pc.cast(texts, pa.int64()).to_numpy(zero_copy_only=False), dtype=np.int64)
