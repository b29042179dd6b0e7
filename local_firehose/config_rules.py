"""The second validation layer: rules between members at create and update, with AWS's verbatim messages and in AWS's order.

Pure. Shape errors come first (`shape_validation`), then source and destination here, then prefixes, processors, conversion; what other
services are asked comes last (`backing_checks`). Marks name the probe; cdk-preflight's are of 2026-09.
Source: https://docs.aws.amazon.com/firehose/latest/APIReference/API_CreateDeliveryStream.html
"""

from collections.abc import Mapping
from typing import Any

from local_firehose.caller import Caller
from local_firehose.config_defaults import is_partitioned
from local_firehose.conversion_rules import check_conversion
from local_firehose.errors import AccessDeniedError, InvalidArgumentError
from local_firehose.prefix_rules import check_partitioned_prefix, check_prefixes
from local_firehose.processing_rules import check_processing
from local_firehose.stream_encryption import SSE_NEEDS_DIRECT_PUT, check_key_choice
from local_firehose.stream_record import DIRECT_PUT, KINESIS_SOURCE
from local_firehose.time_zones import is_accepted

Document = dict[str, Any]

_EXTENDED_S3, _S3 = "ExtendedS3DestinationConfiguration", "S3DestinationConfiguration"
_TYPES_WITH_A_SOURCE_OF_OURS = {DIRECT_PUT, KINESIS_SOURCE}


def destination_of(request: Mapping[str, Any]) -> Document:
    """Return the one S3 destination of a CreateDeliveryStream request, as an ExtendedS3DestinationConfiguration.

    Raises:
        InvalidArgumentError: no destination, several, or one that is not S3.
    """
    given = [name for name in request if name.endswith("DestinationConfiguration")]
    if len(given) != 1:
        # observed: cdk-preflight pf-firehose-one-destination
        raise InvalidArgumentError("Exactly one destination configuration is supported for a Firehose")
    if given[0] not in {_EXTENDED_S3, _S3}:
        # decided: docs/fidelity/control-plane.md#scope
        raise InvalidArgumentError(
            f"{given[0]} is not supported by local_firehose, which delivers to Amazon S3; use {_EXTENDED_S3}"
        )
    destination: Document = dict(request[given[0]])
    return destination


def check_create(request: Mapping[str, Any], destination: Document, caller: Caller) -> None:
    """Refuse what AWS refuses at create.

    Raises:
        InvalidArgumentError: a rule is broken; AWS's words.
        AccessDeniedError: a role of another account.
    """
    kind = request.get("DeliveryStreamType", DIRECT_PUT)
    if kind not in _TYPES_WITH_A_SOURCE_OF_OURS:
        # decided: docs/fidelity/control-plane.md#scope
        raise InvalidArgumentError(
            f"DeliveryStreamType {kind} is not supported by local_firehose; use {DIRECT_PUT} or {KINESIS_SOURCE}"
        )
    encryption = request.get("DeliveryStreamEncryptionConfigurationInput")
    if kind == KINESIS_SOURCE:
        _check_kinesis_source(request, caller)
    check_destination(destination, caller)
    if encryption:
        check_key_choice(encryption, region=caller.region)


def check_destination(destination: Document, caller: Caller) -> None:
    """Refuse a complete destination: one to be created, or one that results from an update.

    Raises:
        InvalidArgumentError: a rule is broken; AWS's words.
        AccessDeniedError: a role of another account.
    """
    _check_s3(destination, caller)
    backup = destination.get("S3BackupConfiguration")
    if destination.get("S3BackupMode") == "Enabled" and backup is None:
        # observed: cdk-preflight pf-firehose-s3-backup-config
        raise InvalidArgumentError("S3 backup destination configuration is required when enabling S3 backup.")
    if backup is not None:
        if not {"RoleARN", "BucketARN"} <= backup.keys():
            # decided: docs/fidelity/control-plane.md#backup, an update of a backup that is not there; the words are ours
            raise InvalidArgumentError("S3BackupUpdate must have RoleARN and BucketARN when there is no S3 backup yet.")
        _check_s3(backup, caller)
        if backup.get("BufferingHints", {}).get("IntervalInSeconds") == 0:
            # documented: zero buffering is not for backups. decided: docs/fidelity/control-plane.md#backup, the words are ours
            raise InvalidArgumentError(
                "BufferingHints.IntervalInSeconds must not be 0 for the S3 backup destination: zero buffering is not available there."
            )
    if not is_accepted(destination.get("CustomTimeZone", "")):
        # observed: cdk-preflight pf-firehose-custom-time-zone
        raise InvalidArgumentError(
            "Provided custom time zone is not supported. Custom time zones are limited to UTC and non-3-letter IANA time zones."
        )
    check_prefixes(destination)
    check_partitioned_prefix(destination, is_partitioned=is_partitioned(destination))
    if backup is not None:
        check_prefixes(backup)
        check_partitioned_prefix(backup, is_partitioned=False)
    check_processing(destination)
    check_conversion(destination, caller)


def update_of(request: Mapping[str, Any]) -> Document:
    """Return the one S3 update of an UpdateDestination request, as an ExtendedS3DestinationUpdate.

    Raises:
        InvalidArgumentError: none, several, or one that is not S3.
    """
    given = [name for name in request if name.endswith("DestinationUpdate")]
    if len(given) != 1:
        # decided: docs/fidelity/control-plane.md#update, as at create
        raise InvalidArgumentError("Exactly one destination configuration is supported for a Firehose")
    if given[0] not in {"ExtendedS3DestinationUpdate", "S3DestinationUpdate"}:
        raise InvalidArgumentError(
            f"{given[0]} is not supported by local_firehose, which delivers to Amazon S3; use ExtendedS3DestinationUpdate"
        )
    update: Document = dict(request[given[0]])
    return update


def check_update(update: Mapping[str, Any], stored: Mapping[str, Any]) -> None:
    """Refuse changes that a stream never takes.

    Raises:
        InvalidArgumentError: dynamic partitioning switched, or source backup switched off.
    """
    partitioning = update.get("DynamicPartitioningConfiguration", {})
    if partitioning.get("Enabled", is_partitioned(stored)) != is_partitioned(stored):
        # documented: only at create, and never off again. decided: docs/fidelity/control-plane.md#update, the words are ours
        verb = "disabled" if is_partitioned(stored) else "enabled"
        raise InvalidArgumentError(f"Dynamic Partitioning cannot be {verb} on an existing delivery stream.")
    if stored.get("S3BackupMode") == "Enabled" and update.get("S3BackupMode") == "Disabled":
        # documented. decided: docs/fidelity/control-plane.md#update, the words are ours
        raise InvalidArgumentError("S3 backup cannot be disabled once it is enabled.")


def _check_kinesis_source(request: Mapping[str, Any], caller: Caller) -> None:
    source = request.get("KinesisStreamSourceConfiguration")
    if source is None:
        # observed: cdk-preflight pf-firehose-kinesis-source-config
        raise InvalidArgumentError("KinesisSourceStreamConfig is mandatory for KinesisStreamAsSource stream type.")
    _check_role_account(source["RoleARN"], caller)
    if "DeliveryStreamEncryptionConfigurationInput" in request:
        raise InvalidArgumentError(SSE_NEEDS_DIRECT_PUT)


def _check_s3(configuration: Mapping[str, Any], caller: Caller) -> None:
    """The rules that a destination and its backup share."""
    _check_role_account(configuration["RoleARN"], caller)
    logging = configuration.get("CloudWatchLoggingOptions", {})
    if logging.get("Enabled") and not logging.get("LogGroupName"):
        # observed: cdk-preflight pf-firehose-cloudwatch-logging-names
        raise InvalidArgumentError("CloudWatch Log Group Name is required if CloudWatch Logging is enabled")
    hints = configuration.get("BufferingHints", {})
    if len(hints) == 1:
        # documented: both or neither. decided: docs/fidelity/control-plane.md#half-hints, the words are ours
        raise InvalidArgumentError("BufferingHints must have both SizeInMBs and IntervalInSeconds, or neither.")
    encryption = configuration.get("EncryptionConfiguration")
    if encryption is not None and len(encryption) != 1:
        # observed: cdk-preflight pf-firehose-s3-encryption-exclusive, for both; decided: for none
        raise InvalidArgumentError("Exactly one of NoEncryptionConfig or KMSEncryptionConfig must be specified")
    if encryption and "KMSEncryptionConfig" in encryption:
        _check_s3_key_region(encryption["KMSEncryptionConfig"]["AWSKMSKeyARN"], caller)


def _check_role_account(role_arn: str, caller: Caller) -> None:
    if role_arn.split(":")[4] != caller.account_id:
        # observed: cdk-preflight pf-firehose-role-arn-account
        raise AccessDeniedError(f"User: {caller.principal_arn} is not authorized to access this resource")


def _check_s3_key_region(key_arn: str, caller: Caller) -> None:
    region = key_arn.split(":")[3]
    if region != caller.region:
        # observed: cdk-preflight pf-firehose-s3-kms-key-region; decided: the bucket is taken to be in the stream's Region
        raise InvalidArgumentError(
            f"KMS Key {key_arn} does not exist in the same region as the S3 bucket. KMS Key region: {region}. "
            f"S3 Bucket Region: {caller.region}"
        )
