"""What Firehose sends to a transforming Lambda function, and what each part of the answer means.

Pure. Source: https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-status-model.html
"""

import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from local_firehose.records import Record
from local_firehose.serde_text import utf8_text


@dataclass(frozen=True, slots=True)
class Transformed:
    """``Ok``: the new data, and the partition keys that came with it."""

    data: bytes
    partition_keys: Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class Dropped:
    """``Dropped``: nothing is delivered and nothing reported."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The record goes to the error output with this code and message."""

    code: str
    message: str


Verdict = Transformed | Dropped | Refused

# observed: floci-io/floci FirehoseLambdaTransformer, probed 2026-09-10, unless noted
FUNCTION_ERROR = Refused(
    "Lambda.FunctionError", "The Lambda function was successfully invoked but it returned an error result."
)
FUNCTION_TIMED_OUT = Refused(  # observed: an error object of 2022
    "Lambda.FunctionTimedOut",
    "The Lambda function invocation timed out. Increase the Timeout setting in the Lambda function.",
)
MISSING_RECORD_ID = Refused(
    "Lambda.MissingRecordId",
    "One or more record Ids were not returned. Ensure that the Lambda function returns all received record Ids.",
)
DUPLICATED_RECORD_ID = Refused(
    "Lambda.DuplicatedRecordId",
    "Multiple records were returned with the same record Id. "
    "Ensure that the Lambda function returns a unique record Id for each record.",
)
PROCESSING_FAILED = Refused("Lambda.ProcessingFailedStatus", "ProcessingFailed status set for record")
NULL_DATA = Refused(
    "Lambda.InvalidReturnFormat",
    "The data field cannot be null when the SourceType is DirectPut or KinesisStreamAsSource and processing result is Ok. "
    "The value field cannot be null when the SourceType is MSKAsSource and processing result is Ok.",
)
# decided: docs/fidelity/processing.md#lambda, the words are ours
UNKNOWN_RESULT = Refused(
    "Lambda.InvalidReturnFormat", "The result field must be one of Ok, Dropped or ProcessingFailed."
)
DATA_NOT_BASE64 = Refused("Lambda.InvalidReturnFormat", "The data field must be base64 encoded.")
# documented: https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-logs.html
INVOKE_LIMIT_EXCEEDED = Refused(
    "Lambda.InvokeLimitExceeded",
    "The Lambda concurrent execution limit is exceeded. Increase the concurrent execution limit.",
)
RESOURCE_NOT_FOUND = Refused(
    "Lambda.ResourceNotFound", "The specified Lambda function does not exist. Use a different function that does exist."
)
INVOKE_ACCESS_DENIED = Refused(
    "Lambda.InvokeAccessDenied",
    "Access was denied. Ensure that the access policy allows access to the Lambda function.",
)


def request(
    records: Sequence[Record], record_ids: Sequence[str], *, invocation_id: str, stream_arn: str, region: str
) -> bytes:
    """Return the payload of one invocation."""
    return json.dumps(
        {
            "invocationId": invocation_id,
            "deliveryStreamArn": stream_arn,
            "region": region,
            "records": [
                {
                    "recordId": record_id,
                    "approximateArrivalTimestamp": record.arrived_ms,
                    "data": binascii.b2a_base64(record.data, newline=False).decode("ascii"),
                }
                for record, record_id in zip(records, record_ids, strict=True)
            ],
        },
        separators=(",", ":"),
    ).encode()


def verdicts(response: bytes, record_ids: Sequence[str]) -> list[Verdict]:
    """Return what becomes of each record; a response without usable `records` returned none of them, unknown ids are ignored."""
    found: dict[str, Mapping[str, object]] = {}
    duplicated: set[str] = set()
    for entry in _entries(response):
        record_id = entry.get("recordId")
        if isinstance(record_id, str) and found.setdefault(record_id, entry) is not entry:
            duplicated.add(record_id)
    return [
        DUPLICATED_RECORD_ID
        if record_id in duplicated
        else _verdict(found[record_id])
        if record_id in found
        else MISSING_RECORD_ID
        for record_id in record_ids
    ]


def _entries(response: bytes) -> list[Mapping[str, object]]:
    try:
        body = json.loads(response)
    except (ValueError, RecursionError):
        return []
    records = body.get("records") if isinstance(body, dict) else None
    return [entry for entry in records if isinstance(entry, dict)] if isinstance(records, list) else []


def _verdict(entry: Mapping[str, object]) -> Verdict:
    match entry.get("result"):
        case "Ok":
            return _transformed(entry)
        case "Dropped":
            return Dropped()
        case "ProcessingFailed":
            return PROCESSING_FAILED
        case _:
            return UNKNOWN_RESULT


def _transformed(entry: Mapping[str, object]) -> Verdict:
    data = entry.get("data")
    if not isinstance(data, str):
        return NULL_DATA if data is None else DATA_NOT_BASE64
    try:
        decoded = binascii.a2b_base64(data, strict_mode=True) if data else b""
    except (binascii.Error, ValueError):
        return DATA_NOT_BASE64
    return Transformed(decoded, _partition_keys(entry.get("metadata")))


def _partition_keys(metadata: object) -> Mapping[str, str] | None:
    keys = metadata.get("partitionKeys") if isinstance(metadata, dict) else None
    if not isinstance(keys, dict):
        return None
    # documented: a map of strings. decided: docs/fidelity/processing.md#lambda, other values count as missing
    # half of a surrogate pair is no text that a key could have: it becomes what Java makes of it
    return {name: utf8_text(value) for name, value in keys.items() if isinstance(value, str)}
