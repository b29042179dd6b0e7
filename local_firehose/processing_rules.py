"""What AWS takes as processors, parameters and dynamic partitioning, with its messages.

Pure, but for asking libjq whether a query compiles. Source: https://docs.aws.amazon.com/firehose/latest/APIReference/API_Processor.html
"""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from firehose_spec.quotas import MIN_BUFFER_MIB_CONVERTED, MIN_BUFFER_SECONDS_PARTITIONED
from local_firehose.config_defaults import is_partitioned, is_processed
from local_firehose.errors import InvalidArgumentError
from local_firehose.jq_query import QueryError, output_keys
from local_firehose.prefix_expressions import LAMBDA, QUERY, expressions_of

Parameters = Mapping[str, str]

MAX_PROCESSORS = 5
_INTERNAL_NAME = "class com.amazonaws.services.firehose.internal.model."
_LAMBDA_ARN = re.compile(r"arn:[^:]+:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]+(:[A-Za-z0-9_$-]+)?")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")


def check_processing(destination: Mapping[str, Any]) -> None:
    """Refuse a destination's ProcessingConfiguration and DynamicPartitioningConfiguration.

    Raises:
        InvalidArgumentError: AWS's words.
    """
    if is_processed(destination):
        _check_processors(destination)
    if is_partitioned(destination):
        _check_partitioning(destination)


def _check_processors(destination: Mapping[str, Any]) -> None:
    processors = destination["ProcessingConfiguration"].get("Processors", [])
    for processor in processors:
        _check_no_duplicates(processor)
    if not 1 <= len(processors) <= MAX_PROCESSORS:
        # observed: cdk-preflight pf-firehose-processor-count
        raise InvalidArgumentError(
            "A maximum of 5 and a minimum of 1 processor needs to be supplied when processing is enabled."
        )
    types = Counter(processor["Type"] for processor in processors)
    if types["Lambda"] > 1:
        # observed: cdk-preflight pf-firehose-processor-duplicate-type
        raise InvalidArgumentError("Cannot have more than 1 Lambda processor.")
    for processor in processors:
        check = _CHECKS.get(processor["Type"])
        if check:
            check(_parameters(processor), destination)
    if types["CloudWatchLogProcessing"] and not types["Decompression"]:
        # observed: cdk-preflight pf-firehose-cloudwatch-log-processing-decompression
        raise InvalidArgumentError("CloudWatchLogProcessingProcessor can only be enabled with DecompressionProcessor")


def _check_no_duplicates(processor: Mapping[str, Any]) -> None:
    names = [parameter["ParameterName"] for parameter in processor.get("Parameters", [])]
    if len(names) != len(set(names)):
        # observed: floci-io/floci FirehoseProcessingConfigurationTest; checked first
        raise InvalidArgumentError("Duplicate ProcessorParameter passed to ProcessingConfiguration.")


def _parameters(processor: Mapping[str, Any]) -> Parameters:
    return {parameter["ParameterName"]: parameter["ParameterValue"] for parameter in processor.get("Parameters", [])}


def _number(text: str) -> float:
    return float(text) if _NUMBER.fullmatch(text) else float("nan")


# observed: cdk-preflight pf-firehose-processor-*, floci-io/floci FirehoseProcessingConfigurationTest
def _check_lambda(parameters: Parameters, _: Mapping[str, Any]) -> None:
    if "LambdaArn" not in parameters:
        raise InvalidArgumentError("LambdaArn is required when Lambda processor is used.")
    if not _LAMBDA_ARN.fullmatch(parameters["LambdaArn"]):
        raise InvalidArgumentError("Invalid lambda ARN.")
    if ("BufferSizeInMBs" in parameters) != ("BufferIntervalInSeconds" in parameters):
        raise InvalidArgumentError(
            "Both BufferSizeInMBs and BufferIntervalInSeconds are required to configure buffering for lambda processor."
        )
    if "BufferSizeInMBs" in parameters:
        if not 0.2 <= _number(parameters["BufferSizeInMBs"]) <= 3:
            raise InvalidArgumentError("BufferSizeInMBs for lambda processor must be between 0.2 and 3.")
        if not 0 <= _number(parameters["BufferIntervalInSeconds"]) <= 900:
            raise InvalidArgumentError("BufferIntervalInSeconds for lambda processor must be between 0 and 900.")
    if not 0 <= _number(parameters.get("NumberOfRetries", "3")) <= 300:
        raise InvalidArgumentError("Number of retries for lambda must be between 0 and 300.")


# observed: cdk-preflight pf-firehose-metadata-extraction-dp-only, -processor-metadata-params, -dynamic-partitioning-query-key
def _check_metadata_extraction(parameters: Parameters, destination: Mapping[str, Any]) -> None:
    _check_partitioned("MetadataExtractionProcessor", destination)
    if parameters.get("JsonParsingEngine") != "JQ-1.6":
        raise InvalidArgumentError("MetaDataExtraction JSON Parsing Engine has to be one of JQ-1.6")
    if "MetadataExtractionQuery" not in parameters:
        # decided: docs/fidelity/control-plane.md#jq, the words are ours
        raise InvalidArgumentError("MetadataExtractionQuery is required when MetadataExtraction processor is used.")
    try:
        keys = output_keys(parameters["MetadataExtractionQuery"])
    except QueryError as error:
        # decided: docs/fidelity/control-plane.md#jq, jq's own words after ours
        raise InvalidArgumentError(f"MetadataExtractionQuery: {error.reason}") from error
    named = {expression.value for expression in _prefix_keys(destination, QUERY)}
    if keys is not None and not keys <= named:
        raise InvalidArgumentError(
            "MetaDataExtraction JQ Query can't contain keys that are not present in the S3 Prefix expression"
        )
    if keys is not None and not named <= keys:
        # documented: the two sets of keys must match. decided: docs/fidelity/control-plane.md#jq, the words are ours
        raise InvalidArgumentError(
            "S3 Prefix expression can't contain keys that are not present in the MetaDataExtraction JQ Query: "
            + ", ".join(sorted(named - keys))
        )


# observed: cdk-preflight pf-firehose-record-deaggregation-dp-only, -processor-subrecord-type, -processor-deaggregation-delimiter
def _check_deaggregation(parameters: Parameters, destination: Mapping[str, Any]) -> None:
    _check_partitioned("RecordDeAggregationProcessor", destination)
    kind = parameters.get("SubRecordType")
    if kind not in {"JSON", "DELIMITED"}:
        raise InvalidArgumentError("SubRecordType has to be one of JSON, DELIMITED")
    if kind == "DELIMITED" and "Delimiter" not in parameters:
        raise InvalidArgumentError("Delimiter should be present for DELIMITED")


# observed: cdk-preflight pf-firehose-cloudwatch-log-processing-value; lower case is taken, no parameter at all is not
def _check_log_processing(parameters: Parameters, _: Mapping[str, Any]) -> None:
    if parameters.get("DataMessageExtraction", "").lower() not in {"true", "false"}:
        raise InvalidArgumentError(
            "Invalid parameter value for DataMessageExtraction. Allowed values are True and False."
        )


def _check_partitioned(processor: str, destination: Mapping[str, Any]) -> None:
    if not is_partitioned(destination):
        raise InvalidArgumentError(
            f"{_INTERNAL_NAME}{processor} can only be present when Dynamic Partitioning is enabled."
        )


_CHECKS = {
    "Lambda": _check_lambda,
    "MetadataExtraction": _check_metadata_extraction,
    "RecordDeAggregation": _check_deaggregation,
    "CloudWatchLogProcessing": _check_log_processing,
}


# observed: aws/aws-cdk aws-kinesisfirehose, which quotes the service; cdk-preflight pf-firehose-dynamic-partitioning-buffer
def _check_partitioning(destination: Mapping[str, Any]) -> None:
    processors = destination.get("ProcessingConfiguration", {}).get("Processors", [])
    types = {processor["Type"] for processor in processors} if is_processed(destination) else set()
    if not types & {"MetadataExtraction", "Lambda"}:
        raise InvalidArgumentError("Processing Configuration is not enabled when DataPartitioning is enabled")
    if _prefix_keys(destination, QUERY) and "MetadataExtraction" not in types:
        raise InvalidArgumentError(
            "MetadataExtraction processor should be present when S3 Prefix has partitionKeyFromQuery namespace."
        )
    if _prefix_keys(destination, LAMBDA) and "Lambda" not in types:
        raise InvalidArgumentError(
            "Lambda should be present when S3 Prefix contains keys from partitionKeyFromLambda namespace"
        )
    hints = destination.get("BufferingHints", {})
    if hints.get("SizeInMBs", MIN_BUFFER_MIB_CONVERTED) < MIN_BUFFER_MIB_CONVERTED:
        raise InvalidArgumentError("BufferingHints.SizeInMBs must be at least 64 when Dynamic Partitioning is enabled.")
    if hints.get("IntervalInSeconds", MIN_BUFFER_SECONDS_PARTITIONED) < MIN_BUFFER_SECONDS_PARTITIONED:
        raise InvalidArgumentError(
            "BufferingHints.IntervalInSeconds must be at least 60 seconds when Dynamic Partitioning is enabled."
        )


def _prefix_keys(destination: Mapping[str, Any], namespace: str) -> list[Any]:
    found = expressions_of(destination.get("Prefix", ""))
    return [expression for expression in found if expression.namespace == namespace]
