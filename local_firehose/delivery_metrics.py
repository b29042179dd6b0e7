"""What delivery counts for CloudWatch, under AWS's names.

Pure: values go into a `MetricBook`. A record counts once, however often it is processed again. Source: https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-metrics.html
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from firehose_spec.error_documents import FORMAT_CONVERSION_FAILED
from local_firehose.delivery_rows import Rows
from local_firehose.journal_chunk import Int64Array
from local_firehose.ledger import PlannedObject
from local_firehose.ledger_rows import ORDINAL_BITS
from local_firehose.metrics import MetricBook, Value
from local_firehose.stream_config import DeliveryConfig, StreamId


@dataclass(frozen=True, slots=True)
class StageCount:
    """Records that a stage counts under ``<name>.Records`` and ``<name>.Bytes`` or the like: of each, its sequence and size."""

    records_metric: str
    bytes_metric: str
    sequences: Sequence[int]
    sizes: Sequence[int]

    def values(self, since: int) -> Iterator[Value]:
        """Yield the totals of the records from `since` on."""
        new = [size for sequence, size in zip(self.sequences, self.sizes, strict=True) if sequence >= since]
        yield self.records_metric, len(new), "Count"
        yield self.bytes_metric, sum(new), "Bytes"


def processed_values(
    config: DeliveryConfig,
    sizes: Int64Array,
    *,
    rows: Rows,
    errors: Rows,
    stages: Iterable[StageCount] = (),
    since: int = 0,
) -> Iterator[Value]:
    """Yield what became of records of these sizes in the stages; those before sequence `since` are counted already."""
    for stage in stages:
        yield from stage.values(since)
    if config.conversion is not None:
        lowest = since << ORDINAL_BITS
        new = rows.row_ids >= lowest
        yield "SucceedConversion.Records", _distinct(rows.row_ids[new]), "Count"
        yield "SucceedConversion.Bytes", int(rows.sizes[new].sum()), "Bytes"
        failed = {identity[0]: code for code, identity in enumerate(errors.identities)}
        refused = (errors.codes == failed.get(FORMAT_CONVERSION_FAILED, -1)) & (errors.row_ids >= lowest)
        yield "FailedConversion.Records", int(refused.sum()), "Count"
        yield "FailedConversion.Bytes", int(sizes[errors.origins[refused]].sum()), "Bytes"


def count_partitions(book: MetricBook, stream: StreamId, *, active: int, limit: int, is_exceeded: bool) -> None:
    """Count the partitions that hold records now."""
    book.add(stream, "PartitionCount", active)
    book.add(stream, "PartitionCountExceeded", int(is_exceeded))
    book.add(stream, "ActivePartitionsLimit", limit)


def count_attempt(
    book: MetricBook,
    stream: StreamId,
    planned: PlannedObject,
    *,
    size_bytes: int,
    is_delivered: bool,
    is_partitioned: bool,
    now_ms: int,
) -> None:
    """Count one PUT of an object to S3."""
    if planned.kind == "error":
        return
    lead = "BackupToS3" if planned.kind == "backup" else "DeliveryToS3"
    book.add(stream, f"{lead}.Success", int(is_delivered))
    if not is_delivered:
        return
    book.add(stream, f"{lead}.Records", planned.records)
    book.add(stream, f"{lead}.Bytes", size_bytes, "Bytes")
    book.add(stream, f"{lead}.DataFreshness", max(now_ms - planned.arrived_ms, 0) / 1000, "Seconds")
    if is_partitioned and planned.kind == "data":
        book.add(stream, "DeliveryToS3.ObjectCount", 1)  # documented: with dynamic partitioning only
        # decided: docs/fidelity/delivery.md#per-partition-throughput
        seconds = max((now_ms - planned.arrived_ms) / 1000, 1.0)
        book.add(stream, "PerPartitionThroughput", size_bytes / seconds, "Bytes/Second")


def _distinct(row_ids: Int64Array) -> int:
    steps = np.diff(row_ids)
    if bool((steps < 0).any()):
        return len(np.unique(row_ids))
    return int(np.count_nonzero(steps)) + min(len(row_ids), 1)  # rows lie in journal order: equal ones are neighbours
