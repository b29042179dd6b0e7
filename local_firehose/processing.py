"""Carry out a stream's processors on records, in Firehose's fixed order, whatever the order of the list.

Decompression, CloudWatch message extraction, KPL deaggregation (Kinesis sources), JSON or DELIMITED deaggregation, Lambda. Partition keys
come after (`partition_keys`), then conversion or the delimiter, which `delivery_pipeline` puts after each record.
Pure but for the Lambda function. Source: https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning.html
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from firehose_spec.error_documents import DECOMPRESSION_FAILED
from local_firehose.deaggregation import delimiter_bytes, split_delimited, split_json
from local_firehose.decompression import DecompressionError, gunzip, log_messages
from local_firehose.delivery_metrics import StageCount
from local_firehose.kpl import user_records
from local_firehose.lambda_processor import LambdaProcessor
from local_firehose.records import Failure, Record
from local_firehose.stream_config import DeliveryConfig


class StageResult(NamedTuple):
    """What a stage, or several in turn, made of records."""

    records: list[Record]
    failures: list[Failure]
    counts: Sequence[StageCount] = ()


Process = Callable[[list[Record]], StageResult]

DECOMPRESSION_CODE = (
    "Decompression.Failed"  # decided: docs/fidelity/processing.md#decompression, AWS's code is unpublished
)


def processing_for(
    config: DeliveryConfig, *, lambda_stage: Callable[[], LambdaProcessor] | None = None
) -> Process | None:
    """Return the stages before partitioning as one function, or None where the stream has none.

    Args:
        config: the stream's.
        lambda_stage: makes the stream's Lambda stage; called once, only if it has a Lambda processor.

    Raises:
        ValueError: the stream has a Lambda processor and `lambda_stage` is None.
    """
    stages: list[Process] = []
    if config.processor("Decompression") is not None:
        extraction = config.processor("CloudWatchLogProcessing")
        extracts = extraction is not None and extraction.parameters.get("DataMessageExtraction", "").lower() == "true"
        stages.append(lambda records: _decompress(records, extracts_messages=extracts))
    if (split := _splitter(config)) is not None:
        stages.append(lambda records: StageResult(_split(records, split), []))
    if config.processor("Lambda") is not None:
        if lambda_stage is None:
            raise ValueError(f"{config.stream.name} has a Lambda processor; pass lambda_stage")
        transform = lambda_stage().transform

        def _transform(records: list[Record]) -> StageResult:
            outcome = transform(records)
            # documented: Ok and Dropped are both processed successfully
            sequences = [record.sequence for record in (*outcome.records, *outcome.dropped)]
            sizes = [len(record.data) for record in outcome.records] + [0] * len(outcome.dropped)
            count = StageCount("SucceedProcessing.Records", "SucceedProcessing.Bytes", sequences, sizes)
            return StageResult(outcome.records, outcome.failures, [count])

        stages.append(_transform)
    return _in_turn(stages) if stages else None


def record_delimiter(config: DeliveryConfig) -> bytes:
    r"""Return what goes after each record of an object: nothing, or AppendDelimiterToRecord's newline.

    observed: a Delimiter of ``\n`` written out is taken; decided: docs/fidelity/processing.md#append-delimiter, after the last record too
    """
    processor = config.processor("AppendDelimiterToRecord")
    if processor is None:
        return b""
    return processor.parameters.get("Delimiter", "\\n").replace("\\n", "\n").encode()


def _in_turn(stages: Sequence[Process]) -> Process:
    def run(records: list[Record]) -> StageResult:
        failures: list[Failure] = []
        counts: list[StageCount] = []
        for stage in stages:
            records, failed, counted = stage(records)
            failures += failed
            counts += counted
        return StageResult(records, failures, counts)

    return run


def _decompress(records: list[Record], *, extracts_messages: bool) -> StageResult:
    kept, failures, sizes = [], [], []
    for record in records:
        try:
            data = gunzip(record.data)
            sizes.append(len(data))
            kept.append(replace(record, data=log_messages(data) if extracts_messages else data))
        except DecompressionError as error:
            # documented: delivered as it was sent, below decompression-failed
            failures.append(Failure(record, DECOMPRESSION_FAILED, DECOMPRESSION_CODE, str(error)))
    kept_sequences = [record.sequence for record in kept]
    failed = [failure.record for failure in failures]
    failed_sequences, failed_sizes = [record.sequence for record in failed], [len(record.data) for record in failed]
    return StageResult(
        kept,
        failures,
        [
            StageCount("OutputDecompressedRecords.Success", "OutputDecompressedBytes.Success", kept_sequences, sizes),
            StageCount(
                "OutputDecompressedRecords.Failed", "OutputDecompressedBytes.Failed", failed_sequences, failed_sizes
            ),
        ],
    )


def _splitter(config: DeliveryConfig) -> Callable[[bytes], list[bytes]] | None:
    parts: list[Callable[[bytes], list[bytes]]] = []
    if config.source == "KinesisStreamAsSource":
        parts.append(user_records)
    if (processor := config.processor("RecordDeAggregation")) is not None:
        if processor.parameters.get("SubRecordType") == "DELIMITED":
            delimiter = delimiter_bytes(processor.parameters["Delimiter"])
            parts.append(lambda data: split_delimited(data, delimiter))
        else:
            parts.append(split_json)
    if not parts:
        return None

    def split(data: bytes) -> list[bytes]:
        pieces = [data]
        for part in parts:
            pieces = [piece for whole in pieces for piece in part(whole)]
        return pieces

    return split


def _split(records: Sequence[Record], split: Callable[[bytes], list[bytes]]) -> list[Record]:
    result = []
    for record in records:
        pieces = split(record.data)
        if len(pieces) == 1 and pieces[0] == record.data:
            result.append(record)
        else:
            result += [replace(record, data=piece, ordinal=at) for at, piece in enumerate(pieces)]
    return result
