"""Objects as Hive writes them: the golden object of every Glue type, read by pyarrow, by DuckDB and byte by byte."""

import datetime as dt
import io
import struct
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import thriftpy2
from hypothesis import given
from hypothesis import strategies as st
from thriftpy2.protocol.compact import TCompactProtocol
from thriftpy2.transport import TMemoryBuffer

from firehose_spec.glue_types import Column, parse
from local_firehose.conversion import converter_for
from local_firehose.object_writer import writer_for
from local_firehose.parquet_writer import ParquetOptions, ParquetWriter
from local_firehose.stream_config import Conversion, SchemaReference

_DAY = 86_400 * 10**9
REFERENCE = SchemaReference("arn:aws:iam::123456789012:role/r", "123456789012", "db", "t", "us-east-1", "LATEST")

# name, Glue type, JSON, value, and the leaf as Hive lays it out: physical type, length, converted type, scale, precision
GOLDEN: list[tuple[str, str, str, Any, tuple[Any, ...]]] = [
    ("ti", "tinyint", "-7", -7, ("INT32", None, "INT_8", None, None)),
    ("si", "smallint", "300", 300, ("INT32", None, "INT_16", None, None)),
    ("i", "int", "70000", 70000, ("INT32", None, None, None, None)),
    ("bi", "bigint", "9000000000", 9000000000, ("INT64", None, None, None, None)),
    ("f", "float", "1.5", 1.5, ("FLOAT", None, None, None, None)),
    ("d", "double", "2.25", 2.25, ("DOUBLE", None, None, None, None)),
    ("b", "boolean", "true", True, ("BOOLEAN", None, None, None, None)),
    ("s", "string", '"é"', "é", ("BYTE_ARRAY", None, "UTF8", None, None)),
    ("c", "char(4)", '"ab  "', "ab", ("BYTE_ARRAY", None, "UTF8", None, None)),
    ("v", "varchar(3)", '"abcd"', "abc", ("BYTE_ARRAY", None, "UTF8", None, None)),
    ("bin", "binary", '"raw"', b"raw", ("BYTE_ARRAY", None, None, None, None)),
    (
        "ts",
        "timestamp",
        '"2018-02-07 19:58:48.123456"',
        dt.datetime(2018, 2, 7, 19, 58, 48, 123456),  # noqa: DTZ001  as Hive's timestamps, without zone
        ("INT96", None, None, None, None),
    ),
    ("day", "date", '"2026-09-07"', dt.date(2026, 9, 7), ("INT32", None, "DATE", None, None)),
    *[
        (
            f"d{precision}",
            f"decimal({precision},{scale})",
            f'"-{"9" * (precision - scale)}"',
            Decimal(f"-{'9' * (precision - scale)}.{'0' * scale}" if scale else f"-{'9' * precision}"),
            ("FIXED_LEN_BYTE_ARRAY", length, "DECIMAL", scale, precision),
        )
        for precision, scale, length in [
            (1, 0, 1),
            (2, 1, 1),
            (3, 0, 2),
            (4, 2, 2),
            (5, 2, 3),
            (6, 0, 3),
            (9, 3, 4),
            (10, 2, 5),
            (12, 0, 6),
            (18, 4, 8),
            (38, 10, 16),
        ]
    ],
]
NESTED = [
    ("tags", "array<string>", '["x", null]', ["x", None]),
    ("deep", "array<array<timestamp>>", '[["1970-01-01 00:00:00"], null]', [[dt.datetime(1970, 1, 1)], None]),  # noqa: DTZ001
    ("shop", "struct<name:string,place:struct<lat:double,tags:array<int>>>", '{"name": "n", "place": {"lat": 1, "tags": [1]}}',
     {"name": "n", "place": {"lat": 1.0, "tags": [1]}}),
    ("m", "map<string,array<decimal(4,2)>>", '{"k": [1.5]}', [("k", [Decimal("1.50")])]),
    ("lines", "array<struct<sku:string,attributes:map<string,int>>>", '[{"sku": "s", "attributes": {"a": 1}}]',
     [{"sku": "s", "attributes": [("a", 1)]}]),
]  # fmt: skip
COLUMNS = tuple(Column(name, parse(kind)) for name, kind, *_ in [*GOLDEN, *NESTED])
RECORD = ("{" + ",".join(f'"{name}": {text}' for name, _, text, *_ in [*GOLDEN, *NESTED]) + "}").encode()
VALUES = {name: value for name, _, _, value, *_ in [*GOLDEN, *NESTED]}
LEAVES = {name: leaf for name, _, _, _, leaf in GOLDEN}
NESTED_LAYOUT = [  # name, repetition, children, converted type, as DuckDB's dump of the footer has them
    ("tags", "OPTIONAL", 1, "LIST"),
    ("bag", "REPEATED", 1, None),
    ("array_element", "OPTIONAL", None, "UTF8"),
    ("deep", "OPTIONAL", 1, "LIST"),
    ("bag", "REPEATED", 1, None),
    ("array_element", "OPTIONAL", 1, "LIST"),
    ("bag", "REPEATED", 1, None),
    ("array_element", "OPTIONAL", None, None),
    ("shop", "OPTIONAL", 2, None),
    ("name", "OPTIONAL", None, "UTF8"),
    ("place", "OPTIONAL", 2, None),
    ("lat", "OPTIONAL", None, None),
    ("tags", "OPTIONAL", 1, "LIST"),
    ("bag", "REPEATED", 1, None),
    ("array_element", "OPTIONAL", None, None),
    ("m", "OPTIONAL", 1, "MAP"),
    ("map", "REPEATED", 2, "MAP_KEY_VALUE"),
    ("key", "REQUIRED", None, "UTF8"),
    ("value", "OPTIONAL", 1, "LIST"),
    ("bag", "REPEATED", 1, None),
    ("array_element", "OPTIONAL", None, "DECIMAL"),
    ("lines", "OPTIONAL", 1, "LIST"),
    ("bag", "REPEATED", 1, None),
    ("array_element", "OPTIONAL", 2, None),
    ("sku", "OPTIONAL", None, "UTF8"),
    ("attributes", "OPTIONAL", 1, "MAP"),
    ("map", "REPEATED", 2, "MAP_KEY_VALUE"),
    ("key", "REQUIRED", None, "UTF8"),
    ("value", "OPTIONAL", None, None),
]


def table(records: list[bytes], columns: tuple[Column, ...] = COLUMNS) -> pa.Table:
    conversion = Conversion(REFERENCE, "HiveJsonSerDe", {}, "ParquetSerDe", {})  # OpenX takes no binary columns
    converted = converter_for(conversion, columns).convert(records)
    assert converted.failures == []
    return converted.table


def written(records: list[bytes], **options: Any) -> bytes:
    return ParquetWriter(COLUMNS, ParquetOptions(**options)).write(table(records))


@pytest.fixture(scope="module")
def golden(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("golden") / "golden.parquet"
    path.write_bytes(written([RECORD, b"{}"], compression="UNCOMPRESSED"))
    return path


def query(sql: str, path: Path) -> list[tuple[Any, ...]]:
    with duckdb.connect(":memory:") as connection:
        return connection.execute(sql, [str(path)]).fetchall()


def test_pyarrow_reads_the_golden_object(golden: Path) -> None:
    assert pq.read_table(golden).to_pylist() == [VALUES, dict.fromkeys(VALUES)]


def test_duckdb_reads_the_golden_object(golden: Path) -> None:
    as_duckdb_has_maps = VALUES | {
        "m": {"k": [Decimal("1.50")]},
        "lines": [{"sku": "s", "attributes": {"a": 1}}],
    }
    rows = query("SELECT * FROM read_parquet(?)", golden)
    assert rows == [tuple(as_duckdb_has_maps.values()), tuple([None] * len(VALUES))]


def test_the_schema_is_laid_out_as_hive_does(golden: Path) -> None:
    found = query(
        "SELECT name, type, type_length, repetition_type, num_children, converted_type, scale, precision, logical_type"
        " FROM parquet_schema(?)",
        golden,
    )
    root, elements = found[0], found[1:]
    assert (root[0], root[4]) == ("hive_schema", len(COLUMNS))
    flat = {row[0]: (row[1], _positive(row[2]), row[5], row[6], row[7]) for row in elements[: len(GOLDEN)]}
    assert flat == LEAVES
    assert {row[3] for row in elements[: len(GOLDEN)]} == {"OPTIONAL"}
    assert [(row[0], row[3], row[4], row[5]) for row in elements[len(GOLDEN) :]] == NESTED_LAYOUT
    assert {row[8] for row in found} == {None}


def _positive(length: str | None) -> int | None:
    return int(length or 0) or None


def test_paths_in_the_column_chunks_are_hives(golden: Path) -> None:
    paths = [row[0] for row in query("SELECT path_in_schema FROM parquet_metadata(?)", golden)]
    assert paths[len(GOLDEN) :] == [
        "tags, bag, array_element",
        "deep, bag, array_element, bag, array_element",
        "shop, name",
        "shop, place, lat",
        "shop, place, tags, bag, array_element",
        "m, map, key",
        "m, map, value, bag, array_element",
        "lines, bag, array_element, sku",
        "lines, bag, array_element, attributes, map, key",
        "lines, bag, array_element, attributes, map, value",
    ]


def test_the_file_names_its_writer_and_carries_no_other_metadata(golden: Path) -> None:
    metadata = pq.read_metadata(golden)
    assert metadata.created_by.startswith("parquet-cpp-arrow version")
    assert metadata.metadata is None
    assert metadata.format_version == "1.0"


# -- a third reader, from the format's text: page headers by Thrift, values by hand

PAGES = """
enum Ignored { A = 0 }
struct DataPageHeader { 1: i32 num_values, 2: i32 encoding, 3: i32 definition_level_encoding, 4: i32 repetition_level_encoding }
struct PageHeader { 1: i32 type, 2: i32 uncompressed_page_size, 3: i32 compressed_page_size, 4: i32 crc, 5: DataPageHeader data_page_header }
"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("idl") / "pages.thrift"
    path.write_text(PAGES)
    return thriftpy2.load(str(path), module_name="pages_thrift")


def plain_values(pages: Any, file: bytes, column: int) -> bytes:
    """The bytes of a flat column's values: one uncompressed V1 page, all rows but the last not null."""
    chunk = pq.read_metadata(io.BytesIO(file)).row_group(0).column(column)
    header = pages.PageHeader()
    TCompactProtocol(TMemoryBuffer(file[chunk.data_page_offset :])).read_struct(header)
    end = chunk.data_page_offset + chunk.total_compressed_size
    page = file[end - header.uncompressed_page_size : end]
    assert (header.type, header.data_page_header.encoding) == (0, 0)  # a V1 data page, PLAIN
    return page[4 + int.from_bytes(page[:4], "little") :]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param(
            "ts",
            struct.pack("<Qi", (19 * 3600 + 58 * 60 + 48) * 10**9 + 123_456_000, 2_440_588 + 17_569),
            id="int96-is-nanoseconds-of-the-day-then-julian-day",
        ),
        pytest.param("day", struct.pack("<i", 20_703), id="date-is-days"),
        pytest.param("ti", struct.pack("<i", -7), id="tinyint-is-four-bytes"),
        pytest.param("d4", (-9900).to_bytes(2, "big", signed=True), id="decimal-is-big-endian-unscaled"),
        pytest.param("d38", (-(10**28 - 1) * 10**10).to_bytes(16, "big", signed=True), id="widest-decimal"),
        pytest.param("s", b"\x02\x00\x00\x00\xc3\xa9", id="string-has-its-length-before-it"),
    ],
)
def test_values_are_the_formats_bytes(pages: Any, golden: Path, name: str, value: bytes) -> None:
    assert plain_values(pages, golden.read_bytes(), list(VALUES).index(name)) == value


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=20))
def test_every_instant_is_a_julian_day_and_nanoseconds_from_its_midnight(instants: list[int]) -> None:
    columns = (Column("ts", parse("timestamp")),)
    rows = pa.table({"ts": pa.array(instants, pa.timestamp("ns"))})
    body = ParquetWriter(columns, ParquetOptions(compression="UNCOMPRESSED")).write(rows)
    chunk = pq.read_metadata(io.BytesIO(body)).row_group(0).column(0)
    end = chunk.data_page_offset + chunk.total_compressed_size
    found = list(struct.iter_unpack("<qi", body[end - 12 * len(instants) : end]))
    assert found == [(instant % _DAY, instant // _DAY + 2_440_588) for instant in instants]


# -- options


@pytest.mark.parametrize("compression", ["SNAPPY", "GZIP", "UNCOMPRESSED"])
def test_codec_is_the_serdes(compression: str) -> None:
    metadata = pq.read_metadata(io.BytesIO(written([RECORD] * 3, compression=compression)))
    codecs = {metadata.row_group(0).column(at).compression for at in range(metadata.num_columns)}
    assert codecs == {compression}


@pytest.mark.parametrize(
    ("compression", "encoding"),
    [("SNAPPY", "hadoop-snappy"), ("GZIP", None), ("UNCOMPRESSED", None)],
    ids=["snappy", "gzip", "uncompressed"],
)
def test_content_encoding_goes_with_the_codec(compression: str, encoding: str | None) -> None:
    conversion = Conversion(REFERENCE, "OpenXJsonSerDe", {}, "ParquetSerDe", {"Compression": compression})
    writer = writer_for(conversion, COLUMNS)
    assert (writer.extension, writer.content_encoding) == (".parquet", encoding)


def test_dictionary_is_written_when_asked_for() -> None:
    for enabled in (False, True):
        metadata = pq.read_metadata(io.BytesIO(written([RECORD] * 3, enable_dictionary=enabled)))
        assert metadata.row_group(0).column(list(VALUES).index("s")).has_dictionary_page is enabled


def test_a_block_ends_at_its_size_and_every_block_is_renamed() -> None:
    columns = (Column("s", parse("string")), Column("a", parse("array<int>")))
    rows = table([f'{{"s": "{"x" * 100}", "a": [{n}]}}'.encode() for n in range(1000)], columns)
    body = ParquetWriter(columns, ParquetOptions(block_size_bytes=30_000)).write(rows)
    metadata = pq.read_metadata(io.BytesIO(body))
    assert metadata.num_row_groups > 2
    assert {metadata.row_group(at).column(1).path_in_schema for at in range(metadata.num_row_groups)} == {
        "a.bag.array_element"
    }
    assert pq.read_table(io.BytesIO(body)).to_pylist() == rows.to_pylist()


def test_wire_options_are_read_with_the_documented_defaults() -> None:
    assert ParquetOptions.from_wire({}) == ParquetOptions("SNAPPY", 256 * 2**20, 2**20, False, "V1")
    assert ParquetOptions.from_wire(
        {
            "Compression": "GZIP",
            "BlockSizeBytes": 67108864,
            "PageSizeBytes": 65536,
            "EnableDictionaryCompression": True,
            "WriterVersion": "V2",
            "MaxPaddingBytes": 0,
        }
    ) == ParquetOptions("GZIP", 64 * 2**20, 64 * 1024, True, "V2")


@pytest.mark.parametrize("enable_dictionary", [False, True], ids=["plain", "dictionary"])
@pytest.mark.parametrize("version", ["V1", "V2"])
def test_both_writer_versions_read_back(tmp_path: Path, version: str, enable_dictionary: bool) -> None:
    body = written([RECORD, b"{}"] * 4, writer_version=version, enable_dictionary=enable_dictionary)
    assert pq.read_table(io.BytesIO(body)).to_pylist() == [VALUES, dict.fromkeys(VALUES)] * 4
    assert pq.read_metadata(io.BytesIO(body)).format_version == "1.0"
    (tmp_path / "object.parquet").write_bytes(body)
    maps = {"m": {"k": [Decimal("1.50")]}, "lines": [{"sku": "s", "attributes": {"a": 1}}]}  # as DuckDB shows them
    rows = query("SELECT * FROM read_parquet(?)", tmp_path / "object.parquet")
    assert rows == [tuple((VALUES | maps).values()), tuple([None] * len(VALUES))] * 4


def test_an_object_without_rows_is_a_readable_file() -> None:
    body = ParquetWriter(COLUMNS, ParquetOptions()).write(table([RECORD]).slice(0, 0))
    assert pq.read_table(io.BytesIO(body)).num_rows == 0


def hostile_values() -> Iterator[str]:
    """Strings that look like the encoded path of the array beside them, and so like what the footer's rewrite seeks."""
    path = b"\x19\x38\x01a\x04list\x0darray_element"
    yield path.decode("latin-1")
    yield "x" + path.decode("latin-1") * 3


@pytest.mark.parametrize("value", list(hostile_values()), ids=["once", "thrice"])
def test_a_value_that_looks_like_a_path_does_not_deceive_the_rewrite(value: str) -> None:
    columns = (Column("s", parse("string")), Column("a", parse("array<int>")))
    rows = pa.table({"s": [value], "a": pa.array([[1]], pa.list_(pa.field("array_element", pa.int32())))})
    body = ParquetWriter(columns, ParquetOptions()).write(rows)
    assert pq.read_table(io.BytesIO(body)).to_pylist() == [{"s": value, "a": [1]}]
    column = pq.read_metadata(io.BytesIO(body)).row_group(0).column(1)
    assert column.path_in_schema == "a.bag.array_element"
    statistics = pq.read_metadata(io.BytesIO(body)).row_group(0).column(0).statistics
    assert (statistics.min, statistics.max) == (value, value)
