"""Read the leaves that decide a query's result out of records, a batch at a time.

Pure. A record is read only if it is beyond doubt one JSON object for libjq too: strict JSON (msgspec takes less than libjq does), scalar
leaves, no nesting near libjq's limit. libjq itself looks at all others.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Protocol

import msgspec
import numpy as np

from local_firehose.arrow_numbers import first_places
from local_firehose.journal_chunk import Int64Array
from local_firehose.jq_leaf import Leaf, Path, Prefix, Reduction, Seconds
from local_firehose.jq_projection import document_pieces

_SCALAR = str | int | float | bool | None
_PLAIN = frozenset({str, int, type(None)})  # Python tells these apart; True from 1 and 1.0 from 1 it does not
_LONG_BYTES, _MAX_BRACKETS = 400, 200  # libjq refuses documents nested 256 deep, which takes more bytes than this
_ENCODER = msgspec.json.Encoder()

Key = tuple[Hashable, ...]


@dataclass(frozen=True, slots=True)
class Kinds:
    """Row i is of the kind `keys[codes[i]]`; `examples[k]` is one row of kind k. Rows of one kind have one result."""

    codes: Int64Array
    keys: list[Key]
    examples: Int64Array


class LeafTable(Protocol):
    """The leaves of some records; `places` are theirs in the batch, row by row."""

    places: Int64Array

    def kinds(self, leaves: Sequence[Leaf], *, most: int) -> Kinds | None:
        """Tell apart what these leaves decide; None if there are more than `most` kinds."""
        ...

    def documents(self, paths: Sequence[Path]) -> list[bytes]:
        """Return each row's leaves at these paths as a JSON document with a newline."""
        ...


class LeafReader:
    """Reads the leaves of records that it can read."""

    def __init__(self, leaves: Sequence[Leaf]) -> None:
        self._leaves = leaves
        self._members = {path: place for place, path in enumerate(dict.fromkeys(leaf.path for leaf in leaves))}
        self._decoder = msgspec.json.Decoder(_struct(self._members, ()))

    def table(self, records: Sequence[bytes]) -> "RecordTable":
        """Return the leaves of all records that can be read."""
        decode = self._decoder.decode
        places: Sequence[int] = range(len(records))
        try:
            objects = [decode(record) for record in records]
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            places, objects = self._one_by_one(records)
        values = {path: _values(objects, place, path) for path, place in self._members.items()}
        doubtful = self._doubtful(records, places, values)
        if doubtful:
            kept = [row for row in range(len(places)) if row not in doubtful]
            values = {path: [column[row] for row in kept] for path, column in values.items()}
            places = [places[row] for row in kept]
        return RecordTable(np.array(places, np.int64), values)

    def _one_by_one(self, records: Sequence[bytes]) -> tuple[list[int], list[Any]]:
        places, objects = [], []
        for place, record in enumerate(records):
            try:
                objects.append(self._decoder.decode(record))
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                continue
            places.append(place)
        return places, objects

    def _doubtful(self, records: Sequence[bytes], places: Sequence[int], values: dict[Path, list[Any]]) -> set[int]:
        found: set[int] = set()
        if max(map(len, records), default=0) > _LONG_BYTES:
            for row, place in enumerate(places):
                record = records[place]
                if len(record) > _LONG_BYTES and record.count(b"[") + record.count(b"{") > _MAX_BRACKETS:
                    found.add(row)
        # -0 is read as 0, but jq prints it otherwise; strftime takes it for 0
        for path in {leaf.path for leaf in self._leaves if not isinstance(leaf.reduction, Seconds)}:
            column = values[path]
            if 0 in column:
                found |= {
                    row
                    for row, value in enumerate(column)
                    if value == 0 and type(value) is int and b"-0" in records[places[row]]
                }
        return found


class RecordTable:
    """Leaves as `LeafReader` read them."""

    def __init__(self, places: Int64Array, values: dict[Path, list[Any]]) -> None:
        self.places = places
        self._values = values

    def kinds(self, leaves: Sequence[Leaf], *, most: int) -> Kinds | None:
        """Tell apart what these leaves decide; None if there are more than `most` kinds."""
        if not leaves:
            codes = np.zeros(len(self.places), np.int64)
            return Kinds(codes, [()] * bool(len(codes)), codes[:1])
        found: dict[Key, int] = {}
        rows = zip(*(_keys(self._values[leaf.path], leaf.reduction) for leaf in leaves), strict=True)
        codes = np.fromiter((found.setdefault(row, len(found)) for row in rows), np.int64, len(self.places))
        if len(found) > most:
            return None
        return Kinds(codes, list(found), first_places(codes, len(found)))

    def documents(self, paths: Sequence[Path]) -> list[bytes]:
        """Return each row's leaves at these paths as a JSON document with a newline."""
        pieces, order = document_pieces(paths)
        encode = _ENCODER.encode
        start, *ends = (piece.encode() for piece in pieces)
        documents = [start] * len(self.places)
        for number, end in zip(order, ends, strict=True):
            column = self._values[paths[number]]
            documents = [text + encode(value) + end for text, value in zip(documents, column, strict=True)]
        return documents


def reduced_key(value: Any, reduction: Reduction) -> Hashable:
    """Return what of a leaf's value decides."""
    match reduction:
        case Seconds(step, limit):
            return value // step if type(value) is int and 0 <= value <= limit else ("whole", _key(value))
        case Prefix(characters) if type(value) is str:
            return value[:characters]
    return _key(value)


def _key(value: Any) -> Hashable:
    return value if type(value) in _PLAIN else (type(value).__name__, repr(value))


def _keys(values: list[Any], reduction: Reduction) -> list[Hashable]:
    types = set(map(type, values))
    if isinstance(reduction, Seconds) and types == {int}:
        step, limit = reduction.step, reduction.limit
        return [value // step if 0 <= value <= limit else ("whole", value) for value in values]
    if reduction is None and types <= _PLAIN:
        return values
    return [reduced_key(value, reduction) for value in values]


def _values(objects: Sequence[Any], place: int, path: Path) -> list[Any]:
    names = [_member(place, depth, path) for depth in range(1, len(path) + 1)]
    values = list(map(attrgetter(names[0]), objects))
    for name in names[1:]:
        values = [None if value is None else getattr(value, name) for value in values]
    return values


def _member(place: int, depth: int, path: Path) -> str:
    return f"leaf{place}" if depth == len(path) else "inner_" + "_".join(name.encode().hex() for name in path[:depth])


def _struct(places: dict[Path, int], below: Path) -> type[msgspec.Struct]:
    """Make the type that reads the leaves below a path; members have names of ours, for keys may be any text."""
    depth = len(below) + 1
    fields: list[tuple[str, Any, Any]] = []
    renamed: dict[str, str] = {}
    kind: Any
    for name in dict.fromkeys(path[depth - 1] for path in places if path[: depth - 1] == below):
        path = (*below, name)
        if path in places:
            member, kind = _member(places[path], depth, path), _SCALAR
        else:
            member, kind = _member(0, depth, (*path, "")), _struct(places, path) | None
        fields.append((member, kind, None))
        renamed[member] = name
    return msgspec.defstruct("Leaves", fields, rename=renamed, frozen=True, gc=False)
