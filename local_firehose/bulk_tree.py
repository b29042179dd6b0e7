"""A batch's structure of JSON texts into the table's columns, nested ones too, with an account of every quote character.

Pure. A record's quotes are two for each key and two for each string, and those inside strings that are escaped. When the account of
what was read equals what the record has, nothing was overlooked: no further key, no key twice, no string where a null was read.
Held to the exact path by tests/unit/local_firehose/test_bulk_conversion.py.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from firehose_spec.glue_types import GlueType
from local_firehose.arrow_numbers import mask_of
from local_firehose.bulk_shape import LeafShape, ListShape, MapShape, ObjectShape, Shape, has_once
from local_firehose.bulk_texts import Counts, JsonTexts, Mask, matches
from local_firehose.bulk_values import Leniency, column_values, needs_written_number, with_written_numbers
from local_firehose.columns import arrow_type


@dataclass(frozen=True, slots=True)
class TreeValues:
    """What was read of one node for every row of its parent.

    `array` has the Glue type's values. `is_refused`: the exact path must decide. `is_unclear`: a null in it may stand for a missing key
    or a value of another type. `quotes`: the account.
    """

    array: pa.Array
    is_refused: Mask
    is_unclear: Mask
    quotes: Counts


@dataclass(frozen=True, slots=True)
class ColumnsRead:
    """All columns of a batch; `null_containers[name]` marks rows whose array, map or struct column is null."""

    arrays: list[pa.Array]
    is_refused: Mask
    is_unclear: Mask
    has_null: Mask
    null_containers: dict[str, Mask]
    quotes: Counts


def read_columns(
    shape: ObjectShape, rows: pa.StructArray, leniency: Leniency, *, records: pa.StringArray
) -> ColumnsRead:
    """Read the top level: nulls of columns are told apart from nulls further down. `records` are the rows' whole texts."""
    size = len(rows)
    is_refused = _nulls(rows)
    is_unclear = np.zeros(size, np.bool_)
    has_null = np.zeros(size, np.bool_)
    quotes = np.full(size, 2 * len(shape.keys), np.int64)
    arrays: list[pa.Array] = []
    containers: dict[str, Mask] = {}
    for member in shape.members:
        if member.key is None:
            arrays.append(pa.nulls(size, arrow_type(member.kind)))
            continue
        source = rows.field(member.key)
        if needs_written_number(member.kind, source) and has_once(shape, member.key):
            source = with_written_numbers(source, records, member.key)
        values = _read(member.shape, source, leniency)
        is_null = _nulls(source)
        arrays.append(values.array)
        is_refused |= values.is_refused
        is_unclear |= values.is_unclear
        has_null |= is_null
        quotes += values.quotes
        if not isinstance(member.shape, LeafShape):
            containers[member.key] = is_null
    _account_for_extras(shape, rows, is_refused, has_null, quotes)
    return ColumnsRead(arrays, is_refused, is_unclear, has_null, containers, quotes)


def _account_for_extras(
    shape: ObjectShape, rows: pa.StructArray, is_refused: Mask, has_null: Mask, quotes: Counts
) -> None:
    for key in shape.extra_keys:
        parts = JsonTexts.parsed(rows.field(key))
        others = ~parts.is_string & ~parts.is_null
        if others.any():
            # an object that nobody reads may still hold a key twice, which the exact path refuses; NaN and Infinity the parser takes
            is_refused |= others & ~matches(parts.texts, r"^(-?[0-9]|true$|false$)")
        has_null |= parts.is_null
        quotes += parts.quotes


def _read(shape: Shape, source: pa.Array, leniency: Leniency) -> TreeValues:
    match shape:
        case LeafShape(kind):
            values = column_values(kind, source, leniency)
            return TreeValues(values.array, values.is_refused, np.zeros(len(source), np.bool_), values.quotes)
        case ListShape(kind, element):
            return _read_list(kind, element, source, leniency)
        case MapShape():
            return _read_map(shape, source, leniency)
        case ObjectShape():
            return _read_object(shape, source, leniency)


def _read_object(shape: ObjectShape, source: pa.StructArray, leniency: Leniency) -> TreeValues:
    size = len(source)
    is_null = _nulls(source)
    is_refused, is_unclear = np.zeros(size, np.bool_), np.zeros(size, np.bool_)
    quotes = np.where(is_null, 0, 2 * len(shape.keys)).astype(np.int64)
    children: list[pa.Array] = []
    for member in shape.members:
        if member.key is None:
            children.append(pa.nulls(size, arrow_type(member.kind)))
            continue
        child = source.field(member.key)
        values = _read(member.shape, child, leniency)
        children.append(values.array)
        is_refused |= values.is_refused
        is_unclear |= values.is_unclear | _nulls(child)
        quotes += values.quotes
    _account_for_extras(shape, source, is_refused, is_unclear, quotes)
    fields = [pa.field(member.name, arrow_type(member.kind)) for member in shape.members]
    array = pa.StructArray.from_arrays(children, fields=fields, mask=pa.array(is_null) if is_null.any() else None)
    return TreeValues(array, is_refused & ~is_null, is_unclear & ~is_null, quotes)


def _read_list(kind: GlueType, element: Shape, source: pa.ListArray, leniency: Leniency) -> TreeValues:
    offsets = _offsets(source)
    items = source.values
    values = _read(element, items, leniency)
    # a null among scalars is a null; among arrays and objects it may be a value of another type
    is_unclear = values.is_unclear if isinstance(element, LeafShape) else values.is_unclear | _nulls(items)
    array = pa.Array.from_buffers(
        arrow_type(kind), len(source), source.buffers()[:2], offset=source.offset, children=[values.array]
    )
    return TreeValues(array, _any(values.is_refused, offsets), _any(is_unclear, offsets), _sums(values.quotes, offsets))


def _read_map(shape: MapShape, source: pa.MapArray, leniency: Leniency) -> TreeValues:
    offsets = _offsets(source)
    keys, items = source.keys, source.items
    values = _read(shape.value, items, leniency)
    is_unclear = values.is_unclear if isinstance(shape.value, LeafShape) else values.is_unclear | _nulls(items)
    is_refused = values.is_refused
    if leniency.lowercases_keys:  # keys that change, and might then be the same, are for the exact path
        is_plain = pc.and_(pc.string_is_ascii(keys), pc.equal(pc.ascii_lower(keys), keys))
        is_refused = is_refused | ~mask_of(is_plain)
    target = arrow_type(shape.kind)
    entries = pa.StructArray.from_arrays([keys, values.array], fields=[target.key_field, target.item_field])
    array = pa.Array.from_buffers(target, len(source), source.buffers()[:2], offset=source.offset, children=[entries])
    quotes = _sums(values.quotes, offsets) + 2 * np.diff(offsets)
    return TreeValues(array, _any(is_refused, offsets), _any(is_unclear, offsets), quotes)


def _nulls(array: pa.Array) -> Mask:
    return mask_of(array.is_null())


def _offsets(array: pa.Array) -> npt.NDArray[np.int64]:
    buffer = array.buffers()[1]
    if buffer is None:
        return np.zeros(len(array) + 1, np.int64)
    return np.frombuffer(buffer, np.int32)[array.offset : array.offset + len(array) + 1].astype(np.int64)


def _sums(counts: Counts, offsets: npt.NDArray[np.int64]) -> Counts:
    running = np.concatenate(([0], np.cumsum(counts, dtype=np.int64)))
    return running[offsets[1:]] - running[offsets[:-1]]


def _any(mask: Mask, offsets: npt.NDArray[np.int64]) -> Mask:
    return _sums(mask.astype(np.int64), offsets) > 0 if mask.any() else np.zeros(len(offsets) - 1, np.bool_)
