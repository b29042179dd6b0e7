"""Which Parquet schema Firehose writes for a Glue table: Hive's physical types, annotations and names.

Pure. Source: https://parquet.apache.org/docs/file-format/types/ and Hive's HiveSchemaConverter; marks per rule below.
"""

import math
from collections.abc import Iterator, Sequence

from firehose_spec.glue_types import Array, Column, Decimal, GlueType, Map, Primitive, Struct, Text
from validators.parquet_footer import SchemaElement

# observed: Hive's schema converter; timestamps as INT96 are reported by users of Firehose
_PRIMITIVES = {
    "string": ("BYTE_ARRAY", "UTF8"),
    "tinyint": ("INT32", "INT_8"),
    "smallint": ("INT32", "INT_16"),
    "int": ("INT32", ""),
    "bigint": ("INT64", ""),
    "float": ("FLOAT", ""),
    "double": ("DOUBLE", ""),
    "boolean": ("BOOLEAN", ""),
    "binary": ("BYTE_ARRAY", ""),
    "timestamp": ("INT96", ""),
    "date": ("INT32", "DATE"),
}


def expected_elements(columns: Sequence[Column]) -> tuple[SchemaElement, ...]:
    """Return the schema's nodes below the root for these columns, depth first.

    >>> from firehose_spec.glue_types import parse
    >>> [str(element) for element in expected_elements([Column("tags", parse("array<int>"))])]
    ['OPTIONAL group tags (LIST)', 'REPEATED group tags.bag', 'OPTIONAL INT32 tags.bag.array_element']
    """
    return tuple(element for column in columns for element in _of(column.name.lower(), column.type, "OPTIONAL"))


def decimal_bytes(precision: int) -> int:
    """Return the length of the fixed byte array that holds a decimal.

    >>> [decimal_bytes(precision) for precision in (2, 9, 18, 38)]
    [1, 4, 8, 16]
    """
    largest: int = 10**precision - 1
    return math.ceil((largest.bit_length() + 1) / 8)


def _of(path: str, kind: GlueType, repetition: str) -> Iterator[SchemaElement]:
    match kind:
        case Primitive(name):
            physical, annotation = _PRIMITIVES[name]
            yield SchemaElement(path, repetition, physical, annotation)
        case Text():
            yield SchemaElement(path, repetition, "BYTE_ARRAY", "UTF8")
        case Decimal(precision, scale):
            physical = f"FIXED_LEN_BYTE_ARRAY({decimal_bytes(precision)})"
            yield SchemaElement(path, repetition, physical, f"DECIMAL({precision},{scale})")
        case Array(element):
            yield SchemaElement(path, repetition, "", "LIST")
            yield SchemaElement(f"{path}.bag", "REPEATED", "", "")
            yield from _of(f"{path}.bag.array_element", element, "OPTIONAL")
        case Map(key, value):
            yield SchemaElement(path, repetition, "", "MAP")
            yield SchemaElement(f"{path}.map", "REPEATED", "", "MAP_KEY_VALUE")
            yield from _of(f"{path}.map.key", key, "REQUIRED")
            yield from _of(f"{path}.map.value", value, "OPTIONAL")
        case Struct(members):
            yield SchemaElement(path, repetition, "", "")
            for name, member in members:
                yield from _of(f"{path}.{name}", member, "OPTIONAL")
