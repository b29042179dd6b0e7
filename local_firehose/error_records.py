"""Turn a failed record into its line of an error object: member names and order as Firehose writes them.

Pure. Source: https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-failure-handling.html and
https://docs.aws.amazon.com/firehose/latest/dev/record-format-conversion-error-handling.html
"""

import binascii
import json

from firehose_spec.error_documents import CODE_FIELD, FORMAT_CONVERSION_FAILED, MESSAGE_FIELD, PROCESSING_FAILED
from local_firehose.records import Failure
from local_firehose.stream_config import Conversion


def error_line(failure: Failure, *, attempt_ended_ms: int, conversion: Conversion | None = None) -> bytes:
    """Return one JSON object and its newline.

    Args:
        failure: the record and AWS's words for what went wrong.
        attempt_ended_ms: when the last attempt ended, in epoch milliseconds; never written earlier than the record's arrival.
        conversion: names the Glue table of a format conversion failure; not read for other types.

    Raises:
        ValueError: a format conversion failure without `conversion`.
    """
    record = failure.record
    raw = binascii.b2a_base64(record.original, newline=False).decode("ascii")
    ended_ms = max(attempt_ended_ms, record.arrived_ms)
    code = {
        CODE_FIELD[failure.output_type]: failure.error_code,
        MESSAGE_FIELD[failure.output_type]: failure.error_message,
    }
    members: dict[str, object]
    if failure.output_type == PROCESSING_FAILED:
        # observed: lines of 2025 and 2026 have this order and `lambdaARN`; older ones began with attemptsMade and said `lambdaArn`
        members = {
            "rawData": raw,
            **code,
            "attemptsMade": failure.attempts,
            "arrivalTimestamp": record.arrived_ms,
            "attemptEndingTimestamp": ended_ms,
        }
        if failure.lambda_arn is not None:
            members["lambdaARN"] = failure.lambda_arn
    else:
        # documented for conversion; decided for the others: docs/fidelity/processing.md#error-documents
        members = {
            "attemptsMade": failure.attempts,
            "arrivalTimestamp": record.arrived_ms,
            **code,
            "attemptEndingTimestamp": ended_ms,
            "rawData": raw,
        }
    if failure.output_type == FORMAT_CONVERSION_FAILED:
        members |= _conversion_members(failure, conversion)
    return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"


def _conversion_members(failure: Failure, conversion: Conversion | None) -> dict[str, object]:
    if conversion is None:
        raise ValueError("a format conversion failure was given without its conversion; pass the stream's Conversion")
    schema = conversion.schema
    return {
        "sequenceNumber": str(failure.record.sequence),  # observed: decimal text
        "subSequenceNumber": None,  # decided: a record is reported once, whole
        "dataCatalogTable": {  # observed: roleArn is part of the block, versionId stays LATEST
            "catalogId": schema.catalog_id,
            "databaseName": schema.database_name,
            "tableName": schema.table_name,
            "region": schema.region,
            "versionId": schema.version_id,
            "roleArn": schema.role_arn,
        },
    }
