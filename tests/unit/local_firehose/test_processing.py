"""Which stages a configuration has."""

import pytest

from local_firehose.processing import processing_for, record_delimiter
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
