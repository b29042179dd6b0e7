"""A delivery stream as the Firehose API describes it, and the Glue tables it names.

Talks to: Firehose (DescribeDeliveryStream) and Glue (GetTable), through clients that are passed in.
Source: https://docs.aws.amazon.com/firehose/latest/APIReference/API_DeliveryStreamDescription.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import botocore.exceptions

from firehose_spec.glue_types import Column, GlueTypeError, parse
from validators.errors import UnreachableError
from validators.key_expressions import parse_query
from validators.stack_outputs import ConversionDeclaration, Declaration, Partitioning, TableName


@dataclass(frozen=True, slots=True)
class Stream:
    """What Describe says. `destination` is the ExtendedS3DestinationDescription as it came over the wire."""

    name: str
    arn: str
    status: str
    source: str
    version: int
    destination: Mapping[str, Any]

    @property
    def bucket(self) -> str:
        return str(self.destination.get("BucketARN", "")).removeprefix("arn:aws:s3:::").rpartition(":")[2]

    @property
    def prefix(self) -> str:
        return str(self.destination.get("Prefix") or "")

    @property
    def error_output_prefix(self) -> str:
        return str(self.destination.get("ErrorOutputPrefix") or "")

    @property
    def compression_format(self) -> str:
        return str(self.destination.get("CompressionFormat") or "UNCOMPRESSED")

    @property
    def buffering(self) -> tuple[int, int]:
        """Size in MiB and interval in seconds."""
        hints = self.destination.get("BufferingHints") or {}
        return int(hints.get("SizeInMBs", 5)), int(hints.get("IntervalInSeconds", 300))

    @property
    def partitioning_retry_seconds(self) -> int | None:
        """Retry duration of dynamic partitioning; None while it is off."""
        partitioning = self.destination.get("DynamicPartitioningConfiguration") or {}
        if not partitioning.get("Enabled"):
            return None
        return int((partitioning.get("RetryOptions") or {}).get("DurationInSeconds", 300))

    @property
    def processors(self) -> Mapping[str, Mapping[str, str]]:
        """Processor type to its parameters; empty while processing is off."""
        processing = self.destination.get("ProcessingConfiguration") or {}
        if not processing.get("Enabled"):
            return {}
        return {
            processor["Type"]: {
                parameter["ParameterName"]: parameter["ParameterValue"] for parameter in processor.get("Parameters", ())
            }
            for processor in processing.get("Processors", ())
        }

    @property
    def conversion(self) -> Mapping[str, Any] | None:
        """DataFormatConversionConfiguration; None while it is off (documented: Enabled left out means on)."""
        conversion = self.destination.get("DataFormatConversionConfiguration")
        return (
            conversion
            if conversion and conversion.get("Enabled", True) and conversion.get("SchemaConfiguration")
            else None
        )

    @property
    def serializer(self) -> tuple[str, Mapping[str, Any]]:
        """Name of the serializer and its options; ("", {}) while conversion is off."""
        return _choice(self.conversion, "OutputFormatConfiguration", "Serializer")

    @property
    def deserializer(self) -> tuple[str, Mapping[str, Any]]:
        """Name of the deserializer and its options; ("", {}) while conversion is off."""
        return _choice(self.conversion, "InputFormatConfiguration", "Deserializer")

    @property
    def log_group(self) -> str | None:
        options = self.destination.get("CloudWatchLoggingOptions") or {}
        return options.get("LogGroupName") if options.get("Enabled") else None


def _choice(conversion: Mapping[str, Any] | None, side: str, member: str) -> tuple[str, Mapping[str, Any]]:
    chosen = ((conversion or {}).get(side) or {}).get(member) or {}
    for name, options in chosen.items():
        if options is not None:
            return name, options
    return "", {}


def describe_stream(client: Any, name: str) -> Stream:
    """Ask Firehose for the stream.

    Raises:
        UnreachableError: no such stream, or Firehose does not answer.
    """
    try:
        answer = client.describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"]
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as exc:
        raise UnreachableError(
            f"delivery stream {name}", str(exc), "run `make deploy`, or check AWS_ENDPOINT_URL, region and credentials"
        ) from exc
    return stream_of(answer)


def stream_of(answer: Mapping[str, Any]) -> Stream:
    """Return the typed form of a DeliveryStreamDescription."""
    destinations = answer.get("Destinations") or [{}]
    version = str(answer.get("VersionId") or "1")
    return Stream(
        name=answer["DeliveryStreamName"],
        arn=answer.get("DeliveryStreamARN", ""),
        status=answer.get("DeliveryStreamStatus", ""),
        source=answer.get("DeliveryStreamType", ""),
        version=int(version) if version.isdigit() else 1,
        destination=destinations[0].get("ExtendedS3DestinationDescription")
        or destinations[0].get("S3DestinationDescription")
        or {},
    )


@dataclass(frozen=True, slots=True)
class Table:
    """A Glue table: data columns in order, partition columns in order, its parameters, its location."""

    name: TableName
    columns: tuple[Column, ...]
    partition_columns: tuple[Column, ...]
    parameters: Mapping[str, str]
    location: str


def get_table(client: Any, name: TableName) -> Table:
    """Ask Glue for a table.

    Raises:
        UnreachableError: no such table, a column type Hive does not know, or Glue does not answer.
    """
    try:
        answer = client.get_table(DatabaseName=name.database, Name=name.table)["Table"]
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as exc:
        raise UnreachableError(f"Glue table {name}", str(exc), "run `make deploy`, or check the Region") from exc
    try:
        return table_of(name, answer)
    except GlueTypeError as exc:
        raise UnreachableError(f"Glue table {name}", str(exc), "correct the column's type") from exc


def table_of(name: TableName, answer: Mapping[str, Any]) -> Table:
    """Return the typed form of a Glue table."""
    storage = answer.get("StorageDescriptor") or {}
    return Table(
        name=name,
        columns=tuple(_column(column) for column in storage.get("Columns") or ()),
        partition_columns=tuple(_column(column) for column in answer.get("PartitionKeys") or ()),
        parameters=dict(answer.get("Parameters") or {}),
        location=storage.get("Location") or "",
    )


def _column(column: Mapping[str, str]) -> Column:
    return Column(column["Name"].lower(), parse(column.get("Type") or "string"))


def declaration_from(stream: Stream, *, region: str, query_table: TableName | None) -> Declaration:
    """Take the stream at its word: what a stack would have declared to get it. For verifying without outputs."""
    conversion, retry_seconds = stream.conversion, stream.partitioning_retry_seconds
    schema = (conversion or {}).get("SchemaConfiguration") or {}
    query = stream.processors.get("MetadataExtraction", {}).get("MetadataExtractionQuery", "")
    parsed = parse_query(query)
    serializer, options = stream.serializer
    size_mib, seconds = stream.buffering
    account = stream.arn.split(":")[4] if stream.arn.count(":") >= 5 else ""
    return Declaration(
        source="DescribeDeliveryStream",
        pipeline="other",
        target="",
        account_id=account,
        region=region,
        stream_name=stream.name,
        role_arn=str(stream.destination.get("RoleARN", "")),
        bucket=stream.bucket,
        prefix=stream.prefix,
        error_output_prefix=stream.error_output_prefix,
        buffer_mib=size_mib,
        buffer_seconds=seconds,
        compression_format=stream.compression_format,
        log_group=stream.log_group,
        partitioning=None
        if retry_seconds is None
        else Partitioning(
            parsed.expressions if parsed else {}, query, retry_seconds, "RecordDeAggregation" in stream.processors
        ),
        conversion=None
        if conversion is None
        else ConversionDeclaration(
            database=str(schema.get("DatabaseName", "")),
            table=str(schema.get("TableName", "")),
            region=str(schema.get("Region") or region),
            deserializer=stream.deserializer[0],
            serializer=serializer,
            compression=str(options.get("Compression") or "SNAPPY"),
        ),
        query_table=query_table,
    )
