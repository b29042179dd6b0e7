"""Names and encodings of the three kinds of objects: data, error lines, source record backup."""

import gzip
import io
import zipfile
from dataclasses import replace
from typing import Any
from uuid import UUID

import pyarrow as pa
import pytest

from local_firehose.delivery_partitions import Partitioner
from local_firehose.delivery_pipeline import Pipeline
from local_firehose.delivery_rows import raw_table
from local_firehose.delivery_setup import Setup
from local_firehose.object_key import compile_prefix
from local_firehose.stream_config import (
    BufferingHints,
    Conversion,
    DeliveryConfig,
    S3Destination,
    SchemaReference,
    StreamId,
)

ARRIVED_MS = 1_715_915_045_678  # 2024-05-17T03:04:05.678Z
ID = "01234567-89ab-cdef-0123-456789abcdef"
S3 = S3Destination("b", "r", "", "", BufferingHints(5, 300), "UNCOMPRESSED", "", "UTC", None, None, None)
CONVERSION = Conversion(
    SchemaReference("r", "1", "db", "t", "us-east-1", "LATEST"), "OpenXJsonSerDe", {}, "ParquetSerDe", {}
)
FAILED = ("format-conversion-failed",)


class Writer:
    """Stands in for the Parquet writer."""

    extension, content_encoding = ".parquet", "hadoop-snappy"

    def write(self, table: pa.Table) -> bytes:
        return f"{table.num_rows} rows".encode()


def setup(*, backup: S3Destination | None = None, conversion: Conversion | None = None, **changes: Any) -> Setup:
    s3 = replace(S3, **changes)
    config = DeliveryConfig(StreamId("1", "us-east-1", "s"), 7, "DirectPut", s3, (), None, conversion, backup)
    return Setup(
        config,
        pipeline=Pipeline(
            partitioner=Partitioner(compile_prefix(s3.prefix), is_partitioned=False, extractor=None),
            error_line=lambda _failure, _ended: b"",
        ),
        writer=Writer() if conversion else None,
        random_string=lambda: "random",
        new_uuid=lambda: UUID(ID),
    )


def rows(*records: bytes) -> pa.RecordBatch:
    (batch,) = raw_table(pa.array(records, pa.binary())).to_batches()
    return batch


@pytest.mark.parametrize(
    ("changes", "kind", "key"),
    [
        pytest.param({}, "data", f"2024/05/17/03/s-7-2024-05-17-03-04-05-{ID}", id="data"),
        pytest.param(
            {"prefix": "a"}, "data", f"a2024/05/17/03/s-7-2024-05-17-03-04-05-{ID}", id="prefix-without-slash"
        ),
        pytest.param(
            {"compression_format": "GZIP"}, "data", f"2024/05/17/03/s-7-2024-05-17-03-04-05-{ID}.gz", id="gzip"
        ),
        pytest.param({"file_extension": ".x"}, "data", f"2024/05/17/03/s-7-2024-05-17-03-04-05-{ID}.x", id="extension"),
        pytest.param(
            {"custom_time_zone": "Asia/Tokyo"},
            "data",
            f"2024/05/17/12/s-7-2024-05-17-12-04-05-{ID}",
            id="one-zone-for-prefix-and-suffix",
        ),
        pytest.param(
            {"conversion": CONVERSION}, "data", f"2024/05/17/03/s-7-2024-05-17-03-04-05-{ID}.parquet", id="parquet"
        ),
        pytest.param(
            {"conversion": CONVERSION, "error_output_prefix": "error"},
            "error",
            f"errorformat-conversion-failed/2024/05/17/03/s-7-2024-05-17-03-04-05-{ID}",
            id="error-lines-have-no-extension",
        ),
        pytest.param(
            {"compression_format": "GZIP", "file_extension": ".x"},
            "error",
            f"format-conversion-failed/2024/05/17/03/s-7-2024-05-17-03-04-05-{ID}",
            id="error-lines-have-no-extension-of-the-destination",
        ),
        pytest.param(
            {
                "custom_time_zone": "Asia/Tokyo",
                "error_output_prefix": "e/!{firehose:error-output-type}/!{timestamp:HH}/",
            },
            "error",
            f"e/format-conversion-failed/12/s-7-2024-05-17-12-04-05-{ID}",
            id="error-prefix-in-the-zone",
        ),
        pytest.param(
            {
                "custom_time_zone": "Asia/Tokyo",
                "prefix": "data/",
                "backup": replace(S3, prefix="raw/", compression_format="ZIP"),
            },
            "backup",
            f"raw/2024/05/17/03/s-7-2024-05-17-03-04-05-{ID}.zip",
            id="backup-has-its-own-prefix-format-and-utc",
        ),
    ],
)
def test_key(changes: dict[str, Any], kind: Any, key: str) -> None:
    identity = FAILED if kind == "error" else ()
    assert setup(**changes).key(kind, identity, arrived_ms=ARRIVED_MS) == key


def test_data_is_compressed_and_error_lines_are_not() -> None:
    made = setup(compression_format="GZIP")
    data, errors = made.encode("data", [rows(b"a"), rows(b"b", b"c")]), made.encode("error", [rows(b"{}\n", b"{}\n")])
    assert (gzip.decompress(data.data), data.content_encoding) == (b"abc", "gzip")
    assert (errors.data, errors.content_encoding) == (b"{}\n{}\n", None)


def test_error_lines_of_a_converting_stream_are_lines() -> None:
    made = setup(conversion=CONVERSION)
    assert made.encode("error", [rows(b"{}\n")]).data == b"{}\n"
    data = made.encode("data", [rows(b"a"), rows(b"b")])
    assert (data.data, data.content_encoding) == (b"2 rows", "hadoop-snappy")


def test_the_one_entry_of_a_zip_is_named_by_a_uuid() -> None:
    body = setup(compression_format="ZIP").encode("data", [rows(b"a", b"b")])
    with zipfile.ZipFile(io.BytesIO(body.data)) as archive:
        assert (archive.namelist(), archive.read(ID), body.content_encoding) == ([ID], b"ab", "zip")


def test_the_backup_of_a_converting_stream_holds_the_records() -> None:
    made = setup(conversion=CONVERSION, backup=replace(S3, bucket="other"))
    assert made.encode("backup", [rows(b"a", b"b")]).data == b"ab"
    assert [made.destination(kind).bucket for kind in ("data", "error", "backup")] == ["b", "b", "other"]
