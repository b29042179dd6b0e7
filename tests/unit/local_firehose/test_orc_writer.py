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


@pytest.mark.parametrize(
    ("names", "ids"),
    [
        # root 0, seven flat columns, tags and its element, shop and its members, m with key and value, then the last
        pytest.param(("last",), [16], id="flat"),
        pytest.param(("m", "Tags"), [8, 9, 13, 14, 15], id="nested-columns-with-all-inside-them"),
        pytest.param(("nobody",), None, id="no-such-column"),
    ],
)
def test_bloom_filters_are_for_the_places_in_the_type_tree(names: tuple[str, ...], ids: list[int] | None) -> None:
    writer = OrcWriter(COLUMNS, OrcOptions(bloom_filter_columns=names))
    assert writer._settings.get("bloom_filter_columns") == ids
    assert read(writer.write(table([RECORD] * 3))).nrows == 3


@pytest.mark.parametrize(
    ("options", "smaller"),
    [
        pytest.param(
            {"BloomFilterColumns": ["s"], "BloomFilterFalsePositiveProbability": 0.5}, True, id="false-positives"
        ),
        pytest.param({"DictionaryKeyThreshold": 0.0}, False, id="no-dictionary"),
        pytest.param({"PaddingTolerance": 0.9, "EnablePadding": True, "BlockSizeBytes": 2**26}, None, id="padding"),
    ],
)
def test_options_that_no_reader_shows_change_the_size(options: dict[str, Any], smaller: bool | None) -> None:
    rows = table([RECORD.replace(b'"x"', b'"key-%05d"' % (n % 50)) for n in range(3_000)])
    usual = {
        name: value
        for name, value in {**options, "BloomFilterFalsePositiveProbability": 0.05}.items()
        if "Bloom" in name
    }
    sizes = [
        len(writer_for(Conversion(REFERENCE, "OpenXJsonSerDe", {}, "OrcSerDe", given), COLUMNS).write(rows))
        for given in (usual, options)
    ]
    assert (None if sizes[0] == sizes[1] else sizes[1] < sizes[0]) is smaller


def test_stripes_end_at_their_size() -> None:
    rows = table([RECORD.replace(b'"x"', b'"%032d"' % n) for n in range(20_000)])
    body = OrcWriter(COLUMNS, OrcOptions(stripe_size_bytes=64 * 1024, compression="NONE", row_index_stride=1000)).write(
        rows
    )
    assert read(body).nstripes > 1
