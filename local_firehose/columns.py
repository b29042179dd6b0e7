"""Glue columns as Arrow columns: types, schema, and values into arrays.

Pure. Source: https://docs.aws.amazon.com/athena/latest/ug/data-types.html. Timestamps are nanoseconds without zone, dates days,
decimals 128 bits wide; every field is nullable but map keys.
"""

from collections.abc import Sequence

import pyarrow as pa

from firehose_spec.glue_types import Array, Column, Decimal, GlueType, Map, Primitive, Struct, Text

_PRIMITIVES = {
    "tinyint": pa.int8(),
    "smallint": pa.int16(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "string": pa.string(),
    "binary": pa.binary(),
    "timestamp": pa.timestamp("ns"),
    "date": pa.date32(),
}


def arrow_type(kind: GlueType) -> pa.DataType:
    """Return the Arrow type that holds a Glue type's values."""
    match kind:
        case Primitive(name):
            return _PRIMITIVES[name]
        case Decimal(precision, scale):
            return pa.decimal128(precision, scale)
        case Text():
            return pa.string()
        case Array(element):
            return pa.list_(pa.field("array_element", arrow_type(element)))
        case Map(key, value):
            return pa.map_(arrow_type(key), arrow_type(value))
        case Struct(members):
            return pa.struct([pa.field(name, arrow_type(member)) for name, member in members])


def arrow_schema(columns: Sequence[Column]) -> pa.Schema:
    """Return the columns in the Glue table's order, names in lower case as Hive has them."""
    return pa.schema([pa.field(column.name.lower(), arrow_type(column.type)) for column in columns])


def arrow_table(rows: Sequence[Sequence[object]], schema: pa.Schema) -> pa.Table:
    """Return rows of values as a table; a value is None or what the SerDes' readers yield for the field's type."""
    values = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    return pa.Table.from_arrays(
        [pa.array(column, type=field.type) for column, field in zip(values, schema, strict=True)], schema=schema
    )
