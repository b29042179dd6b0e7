"""Encodings by writer version, as parquet-mr chooses them, and as they end up in objects."""

import io
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from firehose_spec.glue_types import Column, parse
from local_firehose.columns import arrow_schema, arrow_table
from local_firehose.parquet_encodings import encoding_settings
from local_firehose.parquet_writer import ParquetOptions, ParquetWriter

# name, type, a value, and the encodings of the column's one chunk: V1, V1 with dictionary, V2, V2 with dictionary
_PLAIN, _OLD, _NEW = ["PLAIN", "RLE"], ["PLAIN_DICTIONARY", "RLE"], ["PLAIN", "RLE", "RLE_DICTIONARY"]
_PACKED, _BYTES = ["DELTA_BINARY_PACKED", "RLE"], ["DELTA_BYTE_ARRAY", "RLE"]
ROWS: list[tuple[str, str, Any, list[list[str]]]] = [
    ("tinyint", "tinyint", 1, [_PLAIN, _OLD, _PACKED, _NEW]),
    ("smallint", "smallint", 1, [_PLAIN, _OLD, _PACKED, _NEW]),
    ("int", "int", 1, [_PLAIN, _OLD, _PACKED, _NEW]),
    ("bigint", "bigint", 1, [_PLAIN, _OLD, _PACKED, _NEW]),
    ("date", "date", 1, [_PLAIN, _OLD, _PACKED, _NEW]),
    ("float", "float", 1.5, [_PLAIN, _OLD, _PLAIN, _NEW]),
    ("double", "double", 1.5, [_PLAIN, _OLD, _PLAIN, _NEW]),
    ("boolean", "boolean", True, [_PLAIN, _PLAIN, ["RLE"], ["RLE"]]),
    ("timestamp", "timestamp", 1, [_PLAIN, _OLD, _PLAIN, _NEW]),
    ("string", "string", "x", [_PLAIN, _OLD, _BYTES, _NEW]),
    ("char", "char(2)", "x", [_PLAIN, _OLD, _BYTES, _NEW]),
    ("varchar", "varchar(2)", "x", [_PLAIN, _OLD, _BYTES, _NEW]),
    ("binary", "binary", b"x", [_PLAIN, _OLD, _BYTES, _NEW]),
    ("decimal", "decimal(9,2)", None, [_PLAIN, _PLAIN, _BYTES, _NEW]),
    ("array", "array<int>", [1], [_PLAIN, _OLD, _PACKED, _NEW]),
    ("member", "struct<m:array<boolean>>", {"m": [True]}, [_PLAIN, _PLAIN, ["RLE"], ["RLE"]]),
]
OPTIONS = [("V1", False), ("V1", True), ("V2", False), ("V2", True)]


def written(columns: tuple[Column, ...], rows: list[list[Any]], version: str, *, enable_dictionary: bool) -> bytes:
    writer = ParquetWriter(columns, ParquetOptions(writer_version=version, enable_dictionary=enable_dictionary))
    return writer.write(arrow_table(rows, arrow_schema(columns)))


@pytest.mark.parametrize("at", range(4), ids=["v1", "v1-dictionary", "v2", "v2-dictionary"])
def test_chunks_are_encoded_as_hives_writer_does(at: int) -> None:
    columns = tuple(Column(name, parse(kind)) for name, kind, *_ in ROWS)
    version, enable_dictionary = OPTIONS[at]
    body = written(columns, [[value for _, _, value, _ in ROWS]] * 3, version, enable_dictionary=enable_dictionary)
    group = pq.read_metadata(io.BytesIO(body)).row_group(0)
    found = {name: sorted(group.column(index).encodings) for index, (name, *_) in enumerate(ROWS)}
    assert found == {name: encodings[at] for name, _, _, encodings in ROWS}


@pytest.mark.parametrize("enable_dictionary", [False, True], ids=["plain", "dictionary"])
def test_a_dotted_column_beside_a_struct_is_not_mistaken_for_its_member(enable_dictionary: bool) -> None:
    columns = (
        Column("a.b", parse("int")),
        Column("a", parse("struct<b:string,c:decimal(4,2)>")),
        Column("a.c", parse("int")),
    )
    settings = encoding_settings(columns, is_v2=True, enable_dictionary=enable_dictionary)
    names = ["a.b", "a.c"]  # int and string, int and decimal: PLAIN suits both, and so does a dictionary
    assert settings == {"use_dictionary": names if enable_dictionary else False, "column_encoding": None}
    body = written(columns, [[1, {"b": "x", "c": None}, 2]] * 3, "V2", enable_dictionary=enable_dictionary)
    assert pq.read_table(io.BytesIO(body)).to_pylist() == [{"a.b": 1, "a": {"b": "x", "c": None}, "a.c": 2}] * 3


def test_the_first_version_asks_for_no_encoding() -> None:
    columns = tuple(Column(name, parse(kind)) for name, kind, *_ in ROWS)
    assert encoding_settings(columns, is_v2=False, enable_dictionary=False) == {
        "use_dictionary": False,
        "column_encoding": None,
    }


@pytest.mark.parametrize("enable_dictionary", [False, True], ids=["plain", "dictionary"])
def test_many_values_of_the_second_version_read_back(enable_dictionary: bool) -> None:
    columns = (Column("n", parse("bigint")), Column("s", parse("string")), Column("b", parse("boolean")))
    rows = [[n * n - 7, f"key-{n:05}", n % 3 == 0] for n in range(20_000)]
    body = written(columns, rows, "V2", enable_dictionary=enable_dictionary)
    assert pq.read_table(io.BytesIO(body)).equals(
        pa.table({name: [row[at] for row in rows] for at, name in enumerate("nsb")})
    )
