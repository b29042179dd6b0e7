"""Tell apart the kinds of records that a query can answer differently, from JSON texts that were read for another purpose.

Pure. What `LeafReader` does record by record, for whole columns: only null, strings without escapes and whole numbers from 0 on are
taken, a record with anything else in a leaf is left to it. Held to it by tests/unit/local_firehose/test_jq_leaf_kinds.py.
"""

from collections.abc import Hashable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from local_firehose.arrow_numbers import mask_of, numbered, whole_numbers_of
from local_firehose.bulk_texts import Mask, begins_of, buffers_of, consist_of, count_of
from local_firehose.journal_chunk import Int64Array
from local_firehose.jq_leaf import Leaf, Path, Prefix, Seconds
from local_firehose.jq_leaf_reader import Key, Kinds, reduced_key
from local_firehose.jq_projection import document_pieces
from local_firehose.leaf_texts import LeafTexts

_MAX_DIGITS = 18
_MAX_COMBINATIONS = 1 << 62
_QUOTE, _BACKSLASH, _NULL = ord('"'), ord("\\"), "null"


def leaf_keys(leaves: Sequence[Leaf] | None) -> tuple[str, ...]:
    """Return the top-level keys to read; none where the leaves lie deeper or are not known."""
    if leaves is None or any(len(leaf.path) != 1 for leaf in leaves):
        return ()
    return tuple(dict.fromkeys(leaf.path[0] for leaf in leaves))


def text_table(leaves: Sequence[Leaf], records: pa.BinaryArray, read: LeafTexts) -> "TextTable | None":
    """Return the leaves of the records whose leaves were read and are plain; None if a leaf was not read."""
    keys = leaf_keys(leaves)
    if not keys or any(key not in read.texts for key in keys):
        return None
    is_plain = np.ones(len(read.places), np.bool_)
    for key in keys:
        reductions = [leaf.reduction for leaf in leaves if leaf.path == (key,)]
        is_plain &= _plain(
            read.texts[key],
            records,
            read.places,
            may_be_number=not any(isinstance(reduction, Prefix) for reduction in reductions),
            is_zero_signed=not all(isinstance(reduction, Seconds) for reduction in reductions),
        )
    texts = {key: read.texts[key] for key in keys}
    if is_plain.all():
        return TextTable(read.places, texts)
    rows = pa.array(np.flatnonzero(is_plain))
    return TextTable(read.places[is_plain], {key: column.take(rows) for key, column in texts.items()})


class TextTable:
    """Top-level leaves as plain JSON texts."""

    def __init__(self, places: Int64Array, texts: dict[str, pa.StringArray]) -> None:
        self.places = places
        self._texts = texts

    def kinds(self, leaves: Sequence[Leaf], *, most: int) -> Kinds | None:
        """Tell apart what these leaves decide; None if there are more than `most` kinds."""
        combined = np.zeros(len(self.places), np.int64)
        columns: list[list[Hashable]] = []
        combinations = 1
        for leaf in leaves:
            coded = _coded(leaf, self._texts[leaf.path[0]], most)
            if coded is None:
                return None
            codes, values = coded
            combinations *= max(len(values), 1)
            if combinations > _MAX_COMBINATIONS:
                return None
            combined = combined * max(len(values), 1) + codes
            columns.append(values)
        codes, present, examples = numbered(combined, combinations)
        if len(present) > most:
            return None
        return Kinds(codes, [_key(number, columns) for number in present.tolist()], examples)

    def documents(self, paths: Sequence[Path]) -> list[bytes]:
        """Return each row's leaves at these paths as a JSON document with a newline."""
        pieces, order = document_pieces(paths)
        parts: list[object] = [pieces[0]]
        for number, piece in zip(order, pieces[1:], strict=True):
            parts += [pc.fill_null(self._texts[paths[number][0]], _NULL), piece]
        if len(parts) == 1:
            return [pieces[0].encode()] * len(self.places)
        joined = pc.binary_join_element_wise(*parts, "")
        return list(
            joined.cast(pa.large_binary() if pa.types.is_large_string(joined.type) else pa.binary()).to_pylist()
        )


def _plain(
    texts: pa.StringArray, records: pa.BinaryArray, places: Int64Array, *, may_be_number: bool, is_zero_signed: bool
) -> Mask:
    is_null, first = begins_of(texts)
    offsets, _ = buffers_of(texts)
    lengths = np.diff(offsets)
    is_plain: Mask = is_null | ((first == _QUOTE) & (lengths > 0))
    if count_of(texts, _BACKSLASH):
        is_plain &= ~mask_of(pc.fill_null(pc.match_substring(texts, chr(_BACKSLASH)), False))
    if not may_be_number or is_plain.all():
        return is_plain
    is_number: Mask = ~is_null & (lengths > 0) & (lengths <= _MAX_DIGITS)
    if not consist_of(texts):
        is_number &= mask_of(pc.fill_null(pc.ascii_is_decimal(texts), False))
    is_plain |= is_number
    if is_zero_signed:  # -0 is read as 0, but jq prints it otherwise
        zeros = np.flatnonzero(mask_of(pc.fill_null(pc.equal(texts, "0"), False)))
        if len(zeros):
            is_plain[zeros] &= ~mask_of(pc.match_substring(records.take(pa.array(places[zeros])), b"-0"))
    return is_plain


def _key(number: int, columns: Sequence[Sequence[Hashable]]) -> Key:
    values: list[Hashable] = []
    for column in reversed(columns):
        number, place = divmod(number, max(len(column), 1))
        values.append(column[place])
    return tuple(reversed(values))


def _coded(leaf: Leaf, texts: pa.StringArray, most: int) -> tuple[Int64Array, list[Hashable]] | None:
    """Return what decides, as places in a list of values; None if there are more than `most`."""
    reduction = leaf.reduction
    if isinstance(reduction, Seconds):
        numbers = _whole_numbers(texts)
        if numbers is not None and (len(numbers) == 0 or numbers.max() <= reduction.limit):
            codes, steps, _ = numbered(numbers // reduction.step, reduction.limit // reduction.step + 1)
            return None if len(steps) > most else (codes, steps.tolist())
    if isinstance(reduction, Prefix):
        texts = pc.utf8_slice_codeunits(texts, 0, reduction.characters + 1)
    encoded = pc.fill_null(texts, _NULL).dictionary_encode()
    if len(encoded.dictionary) > most:
        return None
    codes = whole_numbers_of(encoded.indices)
    values = [reduced_key(_value(text), reduction) for text in encoded.dictionary.to_pylist()]
    # several texts may decide the same
    numbers_of = {value: number for number, value in enumerate(dict.fromkeys(values))}
    return np.array([numbers_of[value] for value in values], np.int64)[codes], list(numbers_of)


def _value(text: str) -> str | int | None:
    """Return what a plain text stands for."""
    if text.startswith('"'):
        return text[1:].removesuffix('"')  # a cut text may have lost its closing quote
    return None if text == _NULL else int(text)


def _whole_numbers(texts: pa.StringArray) -> Int64Array | None:
    """Return the texts as numbers if each consists of a few digits."""
    if texts.null_count or not consist_of(texts):
        return None
    return whole_numbers_of(pc.cast(texts, pa.int64()))
