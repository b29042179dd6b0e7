"""Objects of the engine against expectations that were written apart from it: every Glue type, flat and nested."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from firehose_spec.glue_types import Column, parse
from local_firehose.conversion import converter_for
from local_firehose.parquet_writer import ParquetOptions, ParquetWriter
from local_firehose.stream_config import Conversion, SchemaReference
from validators.parquet_checks import ParquetRules, check_blocks, check_codec, check_schema
from validators.parquet_footer import FooterReader
from validators.parquet_layout import expected_elements
from validators.parquet_pages import check_pages
from validators.row_scan import RowRules, RowScan, fit

VALUES = {
    "tinyint": -7, "smallint": 300, "int": 70_000, "bigint": 9_000_000_000, "float": 1.5, "double": 2.25, "boolean": True,
    "string": "é", "char(4)": "ab", "varchar(3)": "abc", "binary": "raw", "timestamp": "2026-01-05 00:00:00", "date": "2026-09-07",
    "decimal(9,2)": "1.50", "decimal(38,10)": "-2.5", "array<int>": [1, 2], "array<array<string>>": [["a"], []],
    "map<string,double>": {"k": 1.5}, "map<string,array<decimal(5,1)>>": {"k": ["1.5"]},
    "struct<a:int,b:struct<c:timestamp>>": {"a": 1, "b": {"c": "2026-01-05 00:00:00"}},
    "array<struct<lot:string,quantity:int>>": [{"lot": "x", "quantity": 1}],
}  # fmt: skip
COLUMNS = tuple(Column(f"c{index}", parse(kind)) for index, kind in enumerate(VALUES))
RECORD = json.dumps({column.name: value for column, value in zip(COLUMNS, VALUES.values(), strict=True)}).encode()


def engine_object(**options: object) -> bytes:
    reference = SchemaReference("arn:aws:iam::123456789012:role/r", "123456789012", "db", "t", "us-east-1", "LATEST")
    conversion = Conversion(reference, "HiveJsonSerDe", {}, "ParquetSerDe", {})
    converted = converter_for(conversion, COLUMNS).convert([RECORD, b"{}"] * 50)
    assert converted.failures == []
    return ParquetWriter(COLUMNS, ParquetOptions(**options)).write(converted.table)


@pytest.mark.parametrize("compression", ["SNAPPY", "GZIP", "UNCOMPRESSED"])
@pytest.mark.parametrize("writer_version", ["V1", "V2"])
def test_object_of_every_glue_type_has_no_finding(compression: str, writer_version: str) -> None:
    data = engine_object(compression=compression, writer_version=writer_version)
    footer = FooterReader().read(data)
    rules = ParquetRules(elements=expected_elements(COLUMNS), codec=compression)
    assert [str(element) for element in footer.elements] == [str(element) for element in rules.elements]
    assert [
        *check_schema("k", footer.elements, rules.elements),
        *check_codec("k", footer, rules),
        *check_blocks("k", footer, rules),
        *check_pages("k", data, footer, rules),
    ] == []


def test_rows_of_every_glue_type_are_judged() -> None:
    scan = RowScan(RowRules(COLUMNS, {}, None, (), ()))
    try:
        file = pq.ParquetFile(pa.BufferReader(engine_object()), coerce_int96_timestamp_unit="us")
        table, unfit = fit(file.read(), scan.schema)
        assert unfit == ()
        assert [(group.rows, group.run) for group in [*scan.add(0, table), *scan.flush()]] == [(100, -1)]
    finally:
        scan.close()
