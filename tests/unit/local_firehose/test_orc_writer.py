import io
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import orc

from firehose_spec.glue_types import Column, parse
from local_firehose.conversion import converter_for
from local_firehose.object_writer import writer_for
from local_firehose.orc_writer import OrcOptions, OrcWriter
from local_firehose.stream_config import Conversion, SchemaReference

REFERENCE = SchemaReference("arn:aws:iam::123456789012:role/r", "123456789012", "db", "t", "us-east-1", "LATEST")
COLUMNS = tuple(
    Column(name, parse(kind))
    for name, kind in {
        "ti": "tinyint",
        "i": "int",
        "d": "double",
        "s": "string",
        "ts": "timestamp",
        "day": "date",
        "amount": "decimal(10,2)",
        "tags": "array<string>",
        "shop": "struct<name:string,n:int>",
        "m": "map<string,bigint>",
        "last": "string",
    }.items()
)
RECORD = (
    b'{"ti":-7,"i":70000,"d":1.5,"s":"x","ts":"2018-02-07 19:58:48.123456789","day":"2026-09-07","amount":"12.50",'
    b'"tags":["a",null],"shop":{"name":"n","n":1},"m":{"k":1},"last":"z"}'
)


def table(records: list[bytes]) -> pa.Table:
    conversion = Conversion(REFERENCE, "OpenXJsonSerDe", {}, "OrcSerDe", {})
    return converter_for(conversion, COLUMNS).convert(records).table


def read(body: bytes) -> orc.ORCFile:
    return orc.ORCFile(io.BytesIO(body))


def test_an_orc_object_reads_back() -> None:
    rows = table([RECORD, b"{}"])
    found = read(OrcWriter(COLUMNS, OrcOptions()).write(rows)).read()
    assert found.select(["amount"]).to_pylist() == [{"amount": Decimal("12.50")}, {"amount": None}]
    assert found["ts"].cast(pa.int64()).to_pylist() == rows["ts"].cast(pa.int64()).to_pylist()
    rest = [name for name in found.column_names if name != "ts"]
    assert found.select(rest).to_pylist() == rows.select(rest).to_pylist()


@pytest.mark.parametrize(
    ("options", "attribute", "value"),
    [
        pytest.param({}, "compression", "SNAPPY", id="snappy-by-default"),
        pytest.param({"Compression": "ZLIB"}, "compression", "ZLIB", id="zlib"),
        pytest.param({"Compression": "NONE"}, "compression", "UNCOMPRESSED", id="none"),
        pytest.param({}, "file_version", "0.12", id="version-by-default"),
        pytest.param({"FormatVersion": "V0_11"}, "file_version", "0.11", id="older-version"),
        pytest.param({}, "row_index_stride", 10_000, id="stride-by-default"),
        pytest.param({"RowIndexStride": 2_000}, "row_index_stride", 2_000, id="stride"),
    ],
)
def test_serde_options_reach_the_file(options: dict[str, Any], attribute: str, value: object) -> None:
    writer = writer_for(Conversion(REFERENCE, "OpenXJsonSerDe", {}, "OrcSerDe", options), COLUMNS)
    assert getattr(read(writer.write(table([RECORD]))), attribute) == value
    assert (writer.extension, writer.content_encoding) == (".orc", None)


def test_bloom_filters_are_written_for_columns_by_name() -> None:
    rows = table([RECORD] * 100)
    plain = OrcWriter(COLUMNS, OrcOptions()).write(rows)
    bloomed = OrcWriter(COLUMNS, OrcOptions(bloom_filter_columns=("LAST",))).write(rows)
    assert len(bloomed) > len(plain)
    assert read(bloomed).read().equals(read(plain).read())
    # root 0, seven flat columns, tags and its element, shop and its members, m with key and value, then the last
    assert OrcWriter(COLUMNS, OrcOptions(bloom_filter_columns=("last",)))._settings["bloom_filter_columns"] == [16]


def test_stripes_end_at_their_size() -> None:
    rows = table([RECORD.replace(b'"x"', b'"%032d"' % n) for n in range(20_000)])
    body = OrcWriter(COLUMNS, OrcOptions(stripe_size_bytes=64 * 1024, compression="NONE", row_index_stride=1000)).write(
        rows
    )
    assert read(body).nstripes > 1
