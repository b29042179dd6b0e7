"""What Describe shows for a destination: the configuration as given, with the defaults that AWS fills in.

Pure. Input is shape-checked and follows the rules of `config_rules`. Source:
https://docs.aws.amazon.com/firehose/latest/APIReference/API_ExtendedS3DestinationDescription.html
"""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

Document = dict[str, Any]

DEFAULT_INTERVAL_SECONDS = 300  # documented
DEFAULT_SIZE_MIB = 5  # documented
DEFAULT_SIZE_MIB_CONVERTED = (
    128  # documented; decided for partitioning: docs/fidelity/control-plane.md#partitioned-buffer
)
DEFAULT_PARTITIONING_RETRY_SECONDS = 300  # observed: AWS's Describe, as CDK's documentation says
# observed: floci-io/floci FirehoseProcessingConfigurationTest; order and values
_LAMBDA_DEFAULTS = (
    ("LambdaArn", None),
    ("NumberOfRetries", "3"),
    ("RoleArn", None),
    ("BufferSizeInMBs", "1"),
    ("BufferIntervalInSeconds", "60"),
)
_S3_MEMBERS = (
    "RoleARN",
    "BucketARN",
    "Prefix",
    "ErrorOutputPrefix",
    "BufferingHints",
    "CompressionFormat",
    "EncryptionConfiguration",
    "CloudWatchLoggingOptions",
)


def is_converted(destination: Mapping[str, Any]) -> bool:
    """Say whether record format conversion is on."""
    conversion = destination.get("DataFormatConversionConfiguration")
    return conversion is not None and conversion.get("Enabled", True)  # documented: Enabled omitted is true


def is_partitioned(destination: Mapping[str, Any]) -> bool:
    """Say whether dynamic partitioning is on."""
    return bool(destination.get("DynamicPartitioningConfiguration", {}).get("Enabled", False))


def is_processed(destination: Mapping[str, Any]) -> bool:
    """Say whether processors run."""
    # observed: floci-io/floci FirehoseProcessingConfigurationTest; Enabled omitted is false
    return bool(destination.get("ProcessingConfiguration", {}).get("Enabled", False))


def without_empty_hints(configuration: Mapping[str, Any]) -> Document:
    """Return a copy in which hints without members are no hints."""
    copied = deepcopy(dict(configuration))
    if not copied.get("BufferingHints", True):
        del copied["BufferingHints"]  # decided: docs/fidelity/control-plane.md#half-hints, neither member is given
    return copied


def s3_description(configuration: Mapping[str, Any]) -> Document:
    """Complete an S3DestinationConfiguration: a plain S3 destination, or a source backup."""
    filled: Document = {
        "BufferingHints": {"SizeInMBs": DEFAULT_SIZE_MIB, "IntervalInSeconds": DEFAULT_INTERVAL_SECONDS},
        "CompressionFormat": "UNCOMPRESSED",
        "EncryptionConfiguration": {"NoEncryptionConfig": "NoEncryption"},
        "CloudWatchLoggingOptions": {"Enabled": False},
    } | without_empty_hints(configuration)
    filled["CloudWatchLoggingOptions"].setdefault("Enabled", False)
    return {name: filled[name] for name in _S3_MEMBERS if name in filled}


def extended_s3_description(configuration: Mapping[str, Any]) -> Document:
    """Complete an ExtendedS3DestinationConfiguration or -Update that has been merged."""
    filled = without_empty_hints(configuration)
    if "BufferingHints" not in filled and (is_converted(filled) or is_partitioned(filled)):
        filled["BufferingHints"] = {
            "SizeInMBs": DEFAULT_SIZE_MIB_CONVERTED,
            "IntervalInSeconds": DEFAULT_INTERVAL_SECONDS,
        }
    filled = {**filled, **s3_description(filled)}
    filled.setdefault("S3BackupMode", "Disabled")
    if "S3BackupConfiguration" in filled:
        filled["S3BackupDescription"] = s3_description(filled.pop("S3BackupConfiguration"))
    filled["CustomTimeZone"] = filled.get("CustomTimeZone") or "UTC"  # observed: Describe shows it always
    if "DataFormatConversionConfiguration" in filled:
        # observed: floci-io/floci FirehoseProcessingConfigurationTest; Describe shows an omitted Enabled as true
        filled["DataFormatConversionConfiguration"].setdefault("Enabled", True)
    if "ProcessingConfiguration" in filled:
        filled["ProcessingConfiguration"] = _processing(filled["ProcessingConfiguration"], role_arn=filled["RoleARN"])
    if "DynamicPartitioningConfiguration" in filled:
        filled["DynamicPartitioningConfiguration"] = _partitioning(filled["DynamicPartitioningConfiguration"])
    return filled


def s3_mirror(description: Mapping[str, Any]) -> Document:
    """Return the plain S3DestinationDescription that Describe shows beside the extended one."""
    return {name: deepcopy(description[name]) for name in _S3_MEMBERS if name in description}


def _partitioning(configuration: Document) -> Document:
    configuration.setdefault("Enabled", False)
    if configuration["Enabled"]:
        retry = configuration.setdefault("RetryOptions", {})
        retry.setdefault("DurationInSeconds", DEFAULT_PARTITIONING_RETRY_SECONDS)
    return configuration


def _processing(configuration: Document, *, role_arn: str) -> Document:
    return {
        "Enabled": configuration.get("Enabled", False),
        "Processors": [_processor(processor, role_arn) for processor in configuration.get("Processors", [])],
    }


def _processor(processor: Document, role_arn: str) -> Document:
    parameters = processor.get("Parameters", [])
    if processor["Type"] != "Lambda":
        return {"Type": processor["Type"], "Parameters": parameters}
    given = {parameter["ParameterName"]: parameter["ParameterValue"] for parameter in parameters}
    filled = {name: given.pop(name, role_arn if name == "RoleArn" else default) for name, default in _LAMBDA_DEFAULTS}
    return {
        "Type": "Lambda",
        "Parameters": [
            {"ParameterName": name, "ParameterValue": value}
            for name, value in (filled | given).items()
            if value is not None
        ],
    }
