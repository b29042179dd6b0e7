"""Glue columns as the Parquet schema that Hive writes: names, nesting, physical and converted types.

Pure. # observed: apache/hive HiveSchemaConverter (the Parquet SerDe that AWS documents); INT96 timestamps: reports from Firehose users.
Hive's writer knows converted types only, so no logical types are written.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import thriftpy2
from thriftpy2.protocol.compact import TCompactProtocol
from thriftpy2.transport import TMemoryBuffer

from firehose_spec.glue_types import Array, Column, Decimal, GlueType, Map, Primitive, Struct, Text

ROOT_NAME = "hive_schema"
FORMAT_VERSION = 1  # what parquet-mr writes into every footer, V2 pages or not

_thrift = thriftpy2.load(str(Path(__file__).parent / "thrift" / "parquet.thrift"), module_name="parquet_thrift")
_Type, _Converted, _Repetition = _thrift.Type, _thrift.ConvertedType, _thrift.FieldRepetitionType

_PRIMITIVES: dict[str, tuple[int, int | None]] = {
    "boolean": (_Type.BOOLEAN, None),
    "tinyint": (_Type.INT32, _Converted.INT_8),
    "smallint": (_Type.INT32, _Converted.INT_16),
    "int": (_Type.INT32, None),
    "bigint": (_Type.INT64, None),
    "float": (_Type.FLOAT, None),
    "double": (_Type.DOUBLE, None),
    "string": (_Type.BYTE_ARRAY, _Converted.UTF8),
    "binary": (_Type.BYTE_ARRAY, None),
    "timestamp": (_Type.INT96, None),
    "date": (_Type.INT32, _Converted.DATE),
}

LeafPath = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GroupNames:
    """What a writer calls the repeated groups inside arrays and maps."""

    of_array: str
    of_map: str


HIVE_NAMES = GroupNames("bag", "map")
ARROW_NAMES = GroupNames("list", "key_value")


def encoded_head(columns: Sequence[Column]) -> bytes:
    """Return the first two fields of FileMetaData (version and schema) in the compact protocol, without the closing stop."""
    elements = [_thrift.SchemaElement(name=ROOT_NAME, num_children=len(columns))]
    for column in columns:
        elements.extend(_elements(column.name.lower(), column.type, _Repetition.OPTIONAL))
    return _encode(_thrift.FileMetaDataHead(version=FORMAT_VERSION, schema=elements))[:-1]


def encoded_paths(columns: Sequence[Column], names: GroupNames) -> list[bytes]:
    """Return each leaf column's path_in_schema as an encoded list, in the order of the file's column chunks."""
    return [
        _encode(_thrift.PathInSchema(path_in_schema=list(path)))[1:-1]
        for column in columns
        for path, _ in leaves(column.name.lower(), column.type, names)
    ]


def leaves(name: str, kind: GlueType, names: GroupNames) -> Iterator[tuple[LeafPath, GlueType]]:
    """Yield the paths of a column's leaves, each with its type."""
    match kind:
        case Array(element):
            yield from _below((name, names.of_array), leaves("array_element", element, names))
        case Map(key, value):
            yield from _below((name, names.of_map), leaves("key", key, names))
            yield from _below((name, names.of_map), leaves("value", value, names))
        case Struct(members):
            for member, member_kind in members:
                yield from _below((name,), leaves(member, member_kind, names))
        case _:
            yield (name,), kind


def _below(parent: LeafPath, found: Iterator[tuple[LeafPath, GlueType]]) -> Iterator[tuple[LeafPath, GlueType]]:
    return ((parent + path, kind) for path, kind in found)


def decimal_bytes(precision: int) -> int:
    """Return the length of a decimal's FIXED_LEN_BYTE_ARRAY: the least that holds 10^precision - 1 with a sign."""
    return (int(10**precision - 1).bit_length() + 8) // 8


def _elements(name: str, kind: GlueType, repetition: int) -> Iterator[Any]:
    match kind:
        case Primitive(primitive):
            physical, converted = _PRIMITIVES[primitive]
            yield _leaf(name, repetition, physical, converted)
        case Text():
            yield _leaf(name, repetition, _Type.BYTE_ARRAY, _Converted.UTF8)
        case Decimal(precision, scale):
            leaf = _leaf(name, repetition, _Type.FIXED_LEN_BYTE_ARRAY, _Converted.DECIMAL)
            leaf.type_length, leaf.precision, leaf.scale = decimal_bytes(precision), precision, scale
            yield leaf
        case Array(element):
            yield _group(name, repetition, 1, _Converted.LIST)
            yield _group(HIVE_NAMES.of_array, _Repetition.REPEATED, 1)
            yield from _elements("array_element", element, _Repetition.OPTIONAL)
        case Map(key, value):
            yield _group(name, repetition, 1, _Converted.MAP)
            yield _group(HIVE_NAMES.of_map, _Repetition.REPEATED, 2, _Converted.MAP_KEY_VALUE)
            yield from _elements("key", key, _Repetition.REQUIRED)
            yield from _elements("value", value, _Repetition.OPTIONAL)
        case Struct(members):
            yield _group(name, repetition, len(members))
            for member, member_kind in members:
                yield from _elements(member, member_kind, _Repetition.OPTIONAL)


def _leaf(name: str, repetition: int, physical: int, converted: int | None) -> Any:
    return _thrift.SchemaElement(name=name, repetition_type=repetition, type=physical, converted_type=converted)


def _group(name: str, repetition: int, children: int, converted: int | None = None) -> Any:
    return _thrift.SchemaElement(name=name, repetition_type=repetition, num_children=children, converted_type=converted)


def _encode(struct: Any) -> bytes:
    buffer = TMemoryBuffer()
    TCompactProtocol(buffer).write_struct(struct)
    return bytes(buffer.getvalue())
