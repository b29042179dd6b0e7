from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest

from local_firehose.delivery_metrics import StageCount, count_attempt, processed_values
from local_firehose.delivery_rows import Identity, Rows, raw_table
from local_firehose.ledger import PlannedObject
from local_firehose.ledger_rows import ORDINAL_BITS
from local_firehose.metrics import MetricBook
from local_firehose.stream_config import (
    BufferingHints,
    Conversion,
    DeliveryConfig,
    S3Destination,
    SchemaReference,
    StreamId,
)

CONFIG = DeliveryConfig(
    stream=StreamId("123456789012", "us-east-1", "s"),
    version=1,
    source="DirectPut",
    s3=S3Destination("b", "r", "", "e", BufferingHints(1, 60), "UNCOMPRESSED", "", "UTC", None, None, None),
    processors=(),
    partitioning_retry_seconds=None,
    conversion=Conversion(
        SchemaReference("r", "c", "d", "t", "us-east-1", "LATEST"), "OpenXJsonSerDe", {}, "ParquetSerDe", {}
    ),
    backup=None,
)


def rows(row_ids: list[int], *, identities: Sequence[Identity] = ((),)) -> Rows:
    count = len(row_ids)
    zeros = np.zeros(count, dtype=np.int64)
    table = raw_table(pa.array([b"xy"] * count, type=pa.binary()))
    return Rows(table, np.array(row_ids, dtype=np.int64), zeros, zeros, zeros + 2, zeros, zeros, identities)


@pytest.mark.parametrize(
    ("row_ids", "records"),
    [
        pytest.param([], 0, id="none"),
        pytest.param([7], 1, id="one"),
        pytest.param([1, 1, 1, 4, 9, 9], 3, id="several-rows-of-one-record"),
        pytest.param([9, 1, 9], 2, id="out-of-order"),
    ],
)
def test_a_record_of_several_rows_counts_once(row_ids: list[int], records: int) -> None:
    values = list(processed_values(CONFIG, np.array([17]), rows=rows(row_ids), errors=rows([], identities=())))
    assert values == [
        ("SucceedConversion.Records", records, "Count"),
        ("SucceedConversion.Bytes", 2 * len(row_ids), "Bytes"),
        ("FailedConversion.Records", 0, "Count"),
        ("FailedConversion.Bytes", 0, "Bytes"),
    ]


def test_what_was_counted_before_is_left_out() -> None:
    ids = [sequence << ORDINAL_BITS for sequence in (3, 4, 5)]
    errors = rows([ids[1], ids[2]], identities=[("format-conversion-failed",)])
    count = StageCount("Stage.Records", "Stage.Bytes", [3, 4, 5, 5], [1, 10, 100, 1000])
    values = processed_values(
        CONFIG, np.array([17]), rows=rows([ids[0], ids[2]]), errors=errors, stages=[count], since=5
    )
    assert list(values) == [
        ("Stage.Records", 2, "Count"),
        ("Stage.Bytes", 1100, "Bytes"),
        ("SucceedConversion.Records", 1, "Count"),
        ("SucceedConversion.Bytes", 2, "Bytes"),
        ("FailedConversion.Records", 1, "Count"),
        ("FailedConversion.Bytes", 17, "Bytes"),
    ]


def test_other_errors_are_no_failed_conversions() -> None:
    errors = rows([1, 2], identities=[("metadata-extraction-failed",)])
    values = processed_values(CONFIG, np.array([17]), rows=rows([]), errors=errors)
    assert {name: value for name, value, _ in values if name.startswith("Failed")} == {
        "FailedConversion.Records": 0,
        "FailedConversion.Bytes": 0,
    }


def test_objects_are_counted_by_dynamic_partitioning_only() -> None:
    planned = PlannedObject(1, "data", (), "b", "k", 1_000, 2, np.array([0]))
    for is_partitioned in (False, True):
        book = MetricBook()
        attempt = {"size_bytes": 500, "is_delivered": True, "now_ms": 11_000}
        count_attempt(book, CONFIG.stream, planned, is_partitioned=is_partitioned, **attempt)
        found = {name: (unit, statistics.total) for (_, name, unit), statistics in book.drain().items()}
        always = {
            "DeliveryToS3.Success": ("Count", 1),
            "DeliveryToS3.Records": ("Count", 2),
            "DeliveryToS3.Bytes": ("Bytes", 500),
            "DeliveryToS3.DataFreshness": ("Seconds", 10),
        }
        partitioned = {"DeliveryToS3.ObjectCount": ("Count", 1), "PerPartitionThroughput": ("Bytes/Second", 50)}
        assert found == always | (partitioned if is_partitioned else {})
