"""What AWS takes as DataFormatConversionConfiguration, with its messages, in its order of precedence.

Pure. Marks: order and messages were observed on AWS (floci-io/floci FirehoseDataFormatConversionTest, 2026-09) unless a line says
otherwise. Source: https://docs.aws.amazon.com/firehose/latest/APIReference/API_DataFormatConversionConfiguration.html
"""

import re
from collections.abc import Mapping
from typing import Any

from firehose_spec.quotas import MIN_BUFFER_MIB_CONVERTED
from local_firehose.caller import Caller
from local_firehose.config_defaults import is_converted
from local_firehose.errors import AccessDeniedError, InvalidArgumentError, WireError
from local_firehose.java_time_errors import PatternError
from local_firehose.java_time_format import compile_pattern

_ROLE_ARN = re.compile(r"arn:[^:]+:iam::(\d{12}):role/\S+")


def check_conversion(destination: Mapping[str, Any], caller: Caller) -> None:
    """Refuse a destination's record format conversion; a disabled one is not looked at.

    Raises:
        InvalidArgumentError: AWS's words.
        AccessDeniedError: the schema's role is of another account.
    """
    if not is_converted(destination):
        return
    if destination.get("CompressionFormat", "UNCOMPRESSED") != "UNCOMPRESSED":
        raise InvalidArgumentError(
            "The S3 destination's compression format must be set to UNCOMPRESSED when data format conversion is enabled. "
            "To enable compression within the converted output format, set the appropriate serialization option in the "
            "output format configuration."
        )
    hints = destination.get("BufferingHints", {})
    if hints.get("SizeInMBs", MIN_BUFFER_MIB_CONVERTED) < MIN_BUFFER_MIB_CONVERTED:
        raise InvalidArgumentError(
            "BufferingHints.SizeInMBs must be at least 64 when data format conversion is enabled."
        )
    conversion = destination["DataFormatConversionConfiguration"]
    for member in ("InputFormatConfiguration", "OutputFormatConfiguration", "SchemaConfiguration"):
        if member not in conversion:
            raise InvalidArgumentError(f"{member} must not be null")
    deserializers = conversion["InputFormatConfiguration"].get("Deserializer")
    serializers = conversion["OutputFormatConfiguration"].get("Serializer")
    for name, choice in (("Deserializer", deserializers), ("Serializer", serializers)):
        if not choice:  # an empty object counts as null
            raise InvalidArgumentError(f"{name} must not be null")
    for name, choice in (("deserializer", deserializers), ("serializer", serializers)):
        if len(choice) > 1:
            raise InvalidArgumentError(f"More than one {name} specified. Only one may be chosen.")
    for member, shown in (("RoleARN", "RoleArn"), ("DatabaseName", "DatabaseName"), ("TableName", "TableName")):
        if not conversion["SchemaConfiguration"].get(member):
            raise InvalidArgumentError(f"SchemaConfiguration.{shown} must not be null or empty")
    _check_timestamp_formats(deserializers.get("HiveJsonSerDe", {}).get("TimestampFormats", []))
    _check_role_account(conversion["SchemaConfiguration"]["RoleARN"], caller)


def _check_timestamp_formats(formats: list[str]) -> None:
    for text in formats:
        if text == "millis":  # documented
            continue
        try:
            compile_pattern(text)
        except PatternError:
            # observed: cdk-preflight pf-firehose-hive-timestamp-formats; the letters are those of prefix timestamps
            raise InvalidArgumentError(
                "Invalid deserializer option(s): One or more SerDe options are invalid for "
                f"org.apache.hcatalog.data.JsonSerDe: [Key: timestamp.formats Value: {text}]"
            ) from None


def _check_role_account(role_arn: str, caller: Caller) -> None:
    role = _ROLE_ARN.fullmatch(role_arn)
    if role is None:
        # observed: the type (floci-io/floci S3DestinationValidatorTest). decided: docs/fidelity/control-plane.md#glue, the words
        raise WireError(
            f"SchemaConfiguration.RoleARN {role_arn} is not the ARN of a role",
            error_type="InvalidParameterValueException",
            status=400,
        )
    if role[1] != caller.account_id:
        # observed: cdk-preflight pf-firehose-schema-config-role-account
        raise AccessDeniedError("Cross-account pass role is not allowed.")
