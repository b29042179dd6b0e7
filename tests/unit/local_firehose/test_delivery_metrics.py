from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest

from local_firehose.delivery_metrics import count_processed
from local_firehose.delivery_rows import Identity, Rows, raw_table
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
    book = MetricBook()
    count_processed(book, CONFIG, rows=rows(row_ids), errors=rows([], identities=()))
    expected = MetricBook()
    expected.add(CONFIG.stream, "SucceedConversion.Records", records)
    expected.add(CONFIG.stream, "SucceedConversion.Bytes", 2 * len(row_ids), "Bytes")
    expected.add(CONFIG.stream, "FailedConversion.Records", 0)
    expected.add(CONFIG.stream, "FailedConversion.Bytes", 0, "Bytes")
    assert book.drain() == expected.drain()
