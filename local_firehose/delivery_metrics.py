"""What delivery counts for CloudWatch, under AWS's names.

Pure: values go into a `MetricBook`. Source: https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-metrics.html
"""

import numpy as np

from firehose_spec.error_documents import FORMAT_CONVERSION_FAILED, PROCESSING_FAILED
from local_firehose.delivery_rows import Rows
from local_firehose.journal_chunk import Int64Array
from local_firehose.ledger import PlannedObject
from local_firehose.metrics import MetricBook
from local_firehose.stream_config import DeliveryConfig, StreamId


def count_processed(book: MetricBook, config: DeliveryConfig, *, rows: Rows, errors: Rows) -> None:
    """Count what became of records that went through the stages."""
    stream, add = config.stream, book.add
    records, size = _distinct(rows.row_ids), int(rows.sizes.sum())
    failed = {identity[0]: errors.codes == code for code, identity in enumerate(errors.identities)}
    if config.conversion is not None:
        add(stream, "SucceedConversion.Records", records)
        add(stream, "SucceedConversion.Bytes", size, "Bytes")
        refused = failed.get(FORMAT_CONVERSION_FAILED)
        add(stream, "FailedConversion.Records", 0 if refused is None else int(refused.sum()))
        add(stream, "FailedConversion.Bytes", 0 if refused is None else int(errors.sizes[refused].sum()), "Bytes")
    if config.processor("Lambda") is not None:
        refused = failed.get(PROCESSING_FAILED)
        add(stream, "ExecuteProcessing.Success", 0 if refused is not None and bool(refused.any()) else 1)
        add(stream, "SucceedProcessing.Records", records)
        add(stream, "SucceedProcessing.Bytes", size, "Bytes")


def count_partitions(book: MetricBook, stream: StreamId, *, active: int, is_exceeded: bool) -> None:
    """Count the partitions that hold records now."""
    book.add(stream, "PartitionCount", active)
    book.add(stream, "PartitionCountExceeded", int(is_exceeded))


def count_attempt(
    book: MetricBook, stream: StreamId, planned: PlannedObject, *, size_bytes: int, is_delivered: bool, now_ms: int
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
    if planned.kind == "data":
        book.add(stream, "DeliveryToS3.ObjectCount", 1)


def _distinct(row_ids: Int64Array) -> int:
    steps = np.diff(row_ids)
    if bool((steps < 0).any()):
        return len(np.unique(row_ids))
    return int(np.count_nonzero(steps)) + min(len(row_ids), 1)  # rows lie in journal order: equal ones are neighbours
