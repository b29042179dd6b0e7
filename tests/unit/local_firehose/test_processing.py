"""Which stages a configuration has."""

import gzip

import pytest

from local_firehose.delivery_metrics import StageCount
from local_firehose.lambda_processor import LambdaOutcome
from local_firehose.processing import processing_for, record_delimiter
from local_firehose.records import Record
from local_firehose.stream_config import BufferingHints, DeliveryConfig, Processor, S3Destination, StreamId

DESTINATION = S3Destination("b", "r", "", "", BufferingHints(5, 300), "UNCOMPRESSED", "", "UTC", None, None, None)


def config(*processors: Processor) -> DeliveryConfig:
    return DeliveryConfig(StreamId("1", "r", "s"), 1, "DirectPut", DESTINATION, processors, None, None, None)


@pytest.mark.parametrize(
    "processors",
    [
        pytest.param((), id="none"),
        pytest.param((Processor("AppendDelimiterToRecord"),), id="delimiter"),
        pytest.param((Processor("MetadataExtraction", {"MetadataExtractionQuery": "{}"}),), id="extraction"),
    ],
)
def test_stream_without_work_before_partitioning_has_no_stage(processors: tuple[Processor, ...]) -> None:
    assert processing_for(config(*processors)) is None


def test_lambda_processor_without_a_function_to_call_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="pass lambda_stage"):
        processing_for(config(Processor("Lambda", {"LambdaArn": "f"})))


def test_decompression_and_lambda_count_what_they_took_and_what_they_refused() -> None:
    class Dropping:
        def transform(self, records: list[Record]) -> LambdaOutcome:
            return LambdaOutcome(records[:1], [], records[1:])

    parameters = {"CompressionFormat": "GZIP"}
    process = processing_for(
        config(Processor("Decompression", parameters), Processor("Lambda", {"LambdaArn": "f"})),
        lambda_stage=Dropping,  # type: ignore[arg-type]
    )
    assert process is not None
    sent = [gzip.compress(b"first"), b"not gzip", gzip.compress(b"third one")]
    counts = process([Record(at, 0, data, data) for at, data in enumerate(sent)]).counts
    assert counts == [
        StageCount("OutputDecompressedRecords.Success", "OutputDecompressedBytes.Success", [0, 2], [5, 9]),
        StageCount("OutputDecompressedRecords.Failed", "OutputDecompressedBytes.Failed", [1], [8]),
        StageCount("SucceedProcessing.Records", "SucceedProcessing.Bytes", [0, 2], [5, 0]),
    ]


@pytest.mark.parametrize(
    ("processors", "delimiter"),
    [
        pytest.param((), b"", id="none"),
        pytest.param((Processor("AppendDelimiterToRecord"),), b"\n", id="newline"),
        pytest.param((Processor("AppendDelimiterToRecord", {"Delimiter": "\\n"}),), b"\n", id="newline-written-out"),
        pytest.param((Processor("AppendDelimiterToRecord", {"Delimiter": "|"}),), b"|", id="another"),
    ],
)
def test_delimiter_of_an_object(processors: tuple[Processor, ...], delimiter: bytes) -> None:
    assert record_delimiter(config(*processors)) == delimiter
