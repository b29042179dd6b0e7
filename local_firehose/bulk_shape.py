"""The keys that a batch's records have, so that one structure reads them all at once.

Pure. A shape is the Glue table's tree with the JSON keys as the records spell them; it is made from the table alone, or learned from a
record that the current one did not fit.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from firehose_spec.glue_types import Array, Column, GlueType, Map, Primitive, Struct
from local_firehose.json_text import Json
from local_firehose.serde_options import OpenXOptions

AMBIGUOUS = ""  # a key that `is_readable` refuses


@dataclass(frozen=True, slots=True)
class LeafShape:
    kind: GlueType


@dataclass(frozen=True, slots=True)
class ListShape:
    kind: Array
    element: "Shape"


@dataclass(frozen=True, slots=True)
class MapShape:
    kind: Map
    value: "Shape"


@dataclass(frozen=True, slots=True)
class Member:
    """A column or struct member; `key` is its JSON key, None when the records have none (then it is null)."""

    name: str
    kind: GlueType
    key: str | None
    shape: "Shape"


@dataclass(frozen=True, slots=True)
class ObjectShape:
    """An object's members in the table's order, and further keys that no column reads."""

    members: tuple[Member, ...]
    extra_keys: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """All keys that an object of this shape has."""
        return (*(member.key for member in self.members if member.key is not None), *self.extra_keys)


Shape = LeafShape | ListShape | MapShape | ObjectShape


class ShapeReader:
    """Makes shapes of one table for one SerDe's way of finding keys."""

    def __init__(self, columns: Sequence[Column], options: OpenXOptions) -> None:
        self._columns = tuple((column.name.lower(), column.type) for column in columns)
        self._options = options

    def default(self) -> ObjectShape:
        """Return the shape of records whose keys are the columns' names."""
        return self._object(self._columns, None)

    def learn(self, document: Mapping[str, Json]) -> ObjectShape:
        """Return the shape of a record as parsed, keys as written."""
        return self._object(self._columns, document)

    def _object(self, members: Sequence[tuple[str, GlueType]], sample: Mapping[str, Json] | None) -> ObjectShape:
        if sample is None:
            wanted = [(name, kind, self._key(name)) for name, kind in members]
            return ObjectShape(tuple(Member(name, kind, key, self._shape(kind, None)) for name, kind, key in wanted))
        spelled = {(key.lower() if self._options.case_insensitive else key): key for key in sample}
        found = []
        for name, kind in members:
            key = spelled.get(self._key(name)) or self._dotted(spelled, name)
            found.append(Member(name, kind, key, self._shape(kind, None if not key else sample[key])))
        used = {member.key for member in found}
        return ObjectShape(tuple(found), tuple(key for key in sample if key not in used))

    def _key(self, name: str) -> str:
        return self._options.key_of_column.get(name, name)

    def _dotted(self, spelled: Mapping[str, str], name: str) -> str | None:
        if not self._options.dots_to_underscores:
            return None
        return next(
            (key for folded, key in spelled.items() if "." in folded and folded.replace(".", "_") == name), None
        )

    def _shape(self, kind: GlueType, sample: Json) -> Shape:
        match kind:
            case Array(element):
                items = sample if isinstance(sample, list) else []
                return ListShape(kind, self._shape(element, next((item for item in items if item is not None), None)))
            case Map(_, value):
                values = sample.values() if isinstance(sample, dict) else ()
                return MapShape(kind, self._shape(value, next((item for item in values if item is not None), None)))
            case Struct(members):
                return self._object(members, sample if isinstance(sample, dict) else None)
            case _:
                return LeafShape(kind)


def structure(shape: Shape) -> str:
    """Return the shape as DuckDB's json_transform takes it; every leaf stays JSON text, so its JSON type is known."""
    return json.dumps(_structure(shape), ensure_ascii=False)


def _structure(shape: Shape) -> object:
    match shape:
        case LeafShape():
            return "JSON"
        case ListShape(element=element):
            return [_structure(element)]
        case MapShape(value=value):
            return f"MAP(VARCHAR, {_type(value)})"
        case ObjectShape():
            members = {member.key: _structure(member.shape) for member in shape.members if member.key is not None}
            return {**members, **dict.fromkeys(shape.extra_keys, "JSON")}


def _type(shape: Shape) -> str:
    """The same as a DuckDB type, which a map's value needs."""
    match shape:
        case LeafShape():
            return "JSON"
        case ListShape(element=element):
            return f"{_type(element)}[]"
        case MapShape(value=value):
            return f"MAP(VARCHAR, {_type(value)})"
        case ObjectShape():
            members = [(member.key, _type(member.shape)) for member in shape.members if member.key is not None]
            members += [(key, "JSON") for key in shape.extra_keys]
            return f"STRUCT({', '.join(f'{_quoted(key)} {kind}' for key, kind in members)})"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def is_readable(shape: Shape) -> bool:
    """Tell whether DuckDB can name the shape's keys: none empty, none with a quote or backslash, no two alike but for case."""
    match shape:
        case LeafShape():
            return True
        case ListShape(element=element):
            return is_readable(element)
        case MapShape(kind, value):  # a map's keys come as text
            return kind.key == Primitive("string") and is_readable(value)
        case ObjectShape():
            keys = shape.keys
            plain = all(key and not set(key) & {'"', "\\", "\0"} and key.isprintable() for key in keys)
            distinct = len({key.lower() for key in keys}) == len(keys) and bool(keys)
            return plain and distinct and all(is_readable(member.shape) for member in shape.members)


def has_once(shape: ObjectShape, key: str) -> bool:
    """Tell whether records of this shape have `key` only at the top level: no object further down has it, no map may have it."""
    return not any(_may_have(member.shape, key) for member in shape.members if member.key is not None)


def _may_have(shape: Shape, key: str) -> bool:
    match shape:
        case LeafShape():
            return False
        case ListShape(element=element):
            return _may_have(element, key)
        case MapShape():
            return True
        case ObjectShape():
            return key in shape.keys or any(_may_have(member.shape, key) for member in shape.members)
