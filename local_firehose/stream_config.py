"""What a delivery stream is configured to do, typed for the delivery engine.

Pure: no clock, no network. The control plane keeps the wire form (what Describe echoes); `delivery_config` reads it into these types.
Source: https://docs.aws.amazon.com/firehose/latest/APIReference/API_ExtendedS3DestinationDescription.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

CompressionFormat = Literal["UNCOMPRESSED", "GZIP", "ZIP", "Snappy", "HADOOP_SNAPPY"]


@dataclass(frozen=True, slots=True, order=True)
class StreamId:
    """Account, Region and name: what makes a delivery stream unique."""

    account_id: str
    region: str
    name: str

    @property
    def arn(self) -> str:
        return f"arn:aws:firehose:{self.region}:{self.account_id}:deliverystream/{self.name}"


@dataclass(frozen=True, slots=True)
class BufferingHints:
    """Deliver at `size_mib` (before compression) or when the oldest record is `interval_seconds` old, whichever is first."""

    size_mib: int
    interval_seconds: int

    @property
    def size_bytes(self) -> int:
        return self.size_mib * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Processor:
    """One entry of ProcessingConfiguration.Processors; `parameters` maps ParameterName to ParameterValue."""

    type: str
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SchemaReference:
    """The Glue table that gives the columns. `version_id` is ``LATEST`` or a number as text."""

    role_arn: str
    catalog_id: str
    database_name: str
    table_name: str
    region: str
    version_id: str


@dataclass(frozen=True, slots=True)
class Conversion:
    """DataFormatConversionConfiguration, enabled. Options keep the wire names; absent options are absent here too."""

    schema: SchemaReference
    deserializer: Literal["OpenXJsonSerDe", "HiveJsonSerDe"]
    deserializer_options: Mapping[str, object]
    serializer: Literal["ParquetSerDe", "OrcSerDe"]
    serializer_options: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class S3Destination:
    """Where and how objects are written; also used for the source record backup."""

    bucket: str
    role_arn: str
    prefix: str
    error_output_prefix: str
    buffering: BufferingHints
    compression_format: CompressionFormat
    file_extension: str
    custom_time_zone: str
    kms_key_arn: str | None
    log_group: str | None
    log_stream: str | None


@dataclass(frozen=True, slots=True)
class DeliveryConfig:
    """Everything delivery needs to know of one stream at one version.

    `processors` is empty unless ProcessingConfiguration is enabled; `partitioning_retry_seconds` is None unless dynamic partitioning
    is; `conversion` is None unless enabled; `backup` is None unless S3BackupMode is Enabled.
    """

    stream: StreamId
    version: int
    source: Literal["DirectPut", "KinesisStreamAsSource"]
    s3: S3Destination
    processors: tuple[Processor, ...]
    partitioning_retry_seconds: int | None
    conversion: Conversion | None
    backup: S3Destination | None
    kinesis_stream_arn: str | None = None
    kinesis_role_arn: str | None = None

    @property
    def is_partitioned(self) -> bool:
        return self.partitioning_retry_seconds is not None

    def processor(self, kind: str) -> Processor | None:
        """Return the processor of that type, or None."""
        return next((processor for processor in self.processors if processor.type == kind), None)


def delivery_config(
    stream: StreamId,
    *,
    version: int,
    destination: Mapping[str, Any],
    kinesis_source: Mapping[str, Any] | None = None,
) -> DeliveryConfig:
    """Read a completed ExtendedS3DestinationDescription into what delivery needs.

    Args:
        stream: whose destination it is; its account and Region are the defaults of the schema reference.
        version: VersionId as a number, part of every object's name.
        destination: as Describe shows it, defaults filled in.
        kinesis_source: KinesisStreamSourceDescription, or None for Direct PUT.
    """
    partitioning = destination.get("DynamicPartitioningConfiguration", {})
    backup = destination.get("S3BackupDescription")
    return DeliveryConfig(
        stream=stream,
        version=version,
        source="KinesisStreamAsSource" if kinesis_source else "DirectPut",
        s3=_s3_destination(destination),
        processors=_processors(destination.get("ProcessingConfiguration", {})),
        partitioning_retry_seconds=(
            partitioning["RetryOptions"]["DurationInSeconds"] if partitioning.get("Enabled") else None
        ),
        conversion=_conversion(destination.get("DataFormatConversionConfiguration"), stream),
        backup=_s3_destination(backup) if backup and destination.get("S3BackupMode") == "Enabled" else None,
        kinesis_stream_arn=kinesis_source["KinesisStreamARN"] if kinesis_source else None,
        kinesis_role_arn=kinesis_source["RoleARN"] if kinesis_source else None,
    )


def _s3_destination(description: Mapping[str, Any]) -> S3Destination:
    hints = description["BufferingHints"]
    logging = description["CloudWatchLoggingOptions"]
    is_logging = logging.get("Enabled", False)
    return S3Destination(
        bucket=description["BucketARN"].partition(":::")[2],
        role_arn=description["RoleARN"],
        prefix=description.get("Prefix", ""),
        error_output_prefix=description.get("ErrorOutputPrefix", ""),
        buffering=BufferingHints(size_mib=hints["SizeInMBs"], interval_seconds=hints["IntervalInSeconds"]),
        compression_format=description["CompressionFormat"],
        file_extension=description.get("FileExtension", ""),
        custom_time_zone=description.get("CustomTimeZone") or "UTC",
        kms_key_arn=description["EncryptionConfiguration"].get("KMSEncryptionConfig", {}).get("AWSKMSKeyARN"),
        log_group=logging.get("LogGroupName") if is_logging else None,
        log_stream=logging.get("LogStreamName") if is_logging else None,
    )


def _processors(configuration: Mapping[str, Any]) -> tuple[Processor, ...]:
    if not configuration.get("Enabled", False):
        return ()
    return tuple(
        Processor(
            type=processor["Type"],
            parameters={
                parameter["ParameterName"]: parameter["ParameterValue"] for parameter in processor.get("Parameters", [])
            },
        )
        for processor in configuration.get("Processors", [])
    )


def _conversion(configuration: Mapping[str, Any] | None, stream: StreamId) -> Conversion | None:
    if configuration is None or not configuration.get("Enabled", True):
        return None
    schema = configuration["SchemaConfiguration"]
    deserializer, deserializer_options = next(iter(configuration["InputFormatConfiguration"]["Deserializer"].items()))
    serializer, serializer_options = next(iter(configuration["OutputFormatConfiguration"]["Serializer"].items()))
    return Conversion(
        schema=SchemaReference(
            role_arn=schema["RoleARN"],
            catalog_id=schema.get("CatalogId", stream.account_id),
            database_name=schema["DatabaseName"],
            table_name=schema["TableName"],
            region=schema.get("Region", stream.region),
            version_id=schema.get("VersionId", "LATEST"),
        ),
        deserializer=deserializer,
        deserializer_options=deserializer_options,
        serializer=serializer,
        serializer_options=serializer_options,
    )
