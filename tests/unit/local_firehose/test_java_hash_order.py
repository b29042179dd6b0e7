"""Orders that were captured from AWS (floci-io/floci S3DestinationValidatorTest, 2026-09), from the service model's own order."""

import pytest
from botocore.session import get_session

from local_firehose.java_hash_order import enum_order, java_hash, member_order

MODEL = get_session().get_service_model("firehose")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("", 0, id="empty"),
        pytest.param("a", 97, id="one-letter"),
        pytest.param("polygenelubricants", 0x80000000, id="the-least-integer"),
        pytest.param("日本", 835047, id="beyond-ascii"),
        pytest.param("\U0001f600", 1772899, id="two-units"),
    ],
)
def test_hash_is_java_s(text: str, value: int) -> None:
    assert java_hash(text) == value


@pytest.mark.parametrize(
    ("shape", "printed"),
    [
        pytest.param("CompressionFormat", "ZIP HADOOP_SNAPPY Snappy GZIP UNCOMPRESSED", id="compression"),
        pytest.param("ParquetCompression", "SNAPPY GZIP UNCOMPRESSED", id="parquet-compression"),
        pytest.param("ParquetWriterVersion", "V1 V2", id="parquet-version"),
        pytest.param("OrcCompression", "ZLIB SNAPPY NONE", id="orc-compression"),
        pytest.param("OrcFormatVersion", "V0_11 V0_12", id="orc-version"),
        pytest.param(
            "ProcessorType",
            "Decompression Lambda RecordDeAggregation MetadataExtraction AppendDelimiterToRecord CloudWatchLogProcessing",
            id="processor",
        ),
        pytest.param(
            "ProcessorParameterName",
            "DataMessageExtraction NumberOfRetries Delimiter RoleArn JsonParsingEngine SubRecordType "
            "MetadataExtractionQuery BufferIntervalInSeconds LambdaArn BufferSizeInMBs CompressionFormat",
            id="parameter",
        ),
    ],
)
def test_enumeration_is_printed_as_aws_prints_it(shape: str, printed: str) -> None:
    assert enum_order(MODEL.shape_for(shape).enum) == printed.split()


@pytest.mark.parametrize(
    ("shape", "listed"),
    [
        pytest.param(
            "ParquetSerDe", "maxPaddingBytes blockSizeBytes pageSizeBytes compression writerVersion", id="parquet"
        ),
        pytest.param(
            "OrcSerDe",
            "dictionaryKeyThreshold blockSizeBytes rowIndexStride paddingTolerance stripeSizeBytes compression formatVersion "
            "bloomFilterFalsePositiveProbability",
            id="orc",
        ),
        pytest.param("SchemaConfiguration", "versionId catalogId databaseName roleARN region tableName", id="schema"),
        pytest.param("Serializer", "parquetSerDe orcSerDe", id="serializer"),
        pytest.param(
            "DataFormatConversionConfiguration",
            "outputFormatConfiguration inputFormatConfiguration schemaConfiguration",
            id="conversion",
        ),
    ],
)
def test_violations_are_listed_as_aws_lists_them(shape: str, listed: str) -> None:
    members = [name[0].lower() + name[1:] for name in MODEL.shape_for(shape).members]
    assert [name for name in member_order(members) if name in listed.split()] == listed.split()


def test_more_than_twelve_names_need_a_larger_table() -> None:
    names = [f"n{number}" for number in range(13)]
    spread = {name: java_hash(name) ^ java_hash(name) >> 16 for name in names}
    assert member_order(names) == sorted(names, key=lambda name: spread[name] % 32)
    assert member_order(names[:12]) == sorted(names[:12], key=lambda name: spread[name] % 16)
