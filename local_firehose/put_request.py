"""Read the body of PutRecord and PutRecordBatch; write their answers.

Pure. The common, valid body takes one typed pass with base64 decoded in C; only a refused one is read again to say what is wrong with it.
Source: https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from firehose_spec.quotas import MAX_BATCH_BYTES, MAX_BATCH_RECORDS, MAX_RECORD_BYTES
from firehose_spec.stream_name import is_stream_name
from local_firehose.errors import InvalidArgumentError, SerializationError, ValidationError, WireError

RECORD_ID_BYTES = 36  # random bytes a call; AWS's ids are opaque
_PLACE_BYTES = 12
# the place of a record in its call: no number to the eye, all different, and all made beforehand
_PLACES = tuple(
    binascii.b2a_base64(hashlib.sha256(place.to_bytes(2, "big")).digest()[:_PLACE_BYTES], newline=False).decode("ascii")
    for place in range(MAX_BATCH_RECORDS)
)

_NAME_RULES: tuple[tuple[Callable[[str], bool], str], ...] = (
    (lambda name: len(name) >= 1, "Member must have length greater than or equal to 1"),
    (lambda name: len(name) <= 64, "Member must have length less than or equal to 64"),
    (
        lambda name: re.fullmatch("[a-zA-Z0-9_.-]*", name) is not None,
        "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+",
    ),
)


class _Record(msgspec.Struct, gc=False):  # hundreds a request, and never part of a cycle
    Data: bytes


class _PutRecord(msgspec.Struct):
    DeliveryStreamName: str
    Record: _Record


class _PutRecordBatch(msgspec.Struct):
    DeliveryStreamName: str
    Records: list[_Record]


_decode_record = msgspec.json.Decoder(_PutRecord).decode
_decode_batch = msgspec.json.Decoder(_PutRecordBatch).decode


@dataclass(frozen=True, slots=True)
class PutRequest:
    """The records of one call, within all limits of one call."""

    stream_name: str
    records: list[bytes]
    size_bytes: int


def read_put_record(body: bytes) -> PutRequest:
    """Read a PutRecord body.

    Raises:
        SerializationError: not JSON, or a member of the wrong type.
        ValidationError: a member is missing or breaks a constraint of the service model.
    """
    try:
        request = _decode_record(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _explain_record(body) from error
    size = len(request.Record.Data)
    if size > MAX_RECORD_BYTES or not is_stream_name(request.DeliveryStreamName):
        raise _explain_record(body)
    return PutRequest(request.DeliveryStreamName, [request.Record.Data], size)


def read_put_record_batch(body: bytes) -> PutRequest:
    """Read a PutRecordBatch body.

    Raises:
        SerializationError: not JSON, or a member of the wrong type.
        ValidationError: a member is missing or breaks a constraint of the service model.
        InvalidArgumentError: more than 4 MiB in all.
    """
    try:
        request = _decode_batch(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _explain_batch(body) from error
    records = [record.Data for record in request.Records]
    size = sum(map(len, records))
    # observed: the count is checked before the size, and either refuses the whole call
    if (
        not 1 <= len(records) <= MAX_BATCH_RECORDS
        or (size > MAX_RECORD_BYTES and max(map(len, records)) > MAX_RECORD_BYTES)
        or not is_stream_name(request.DeliveryStreamName)
    ):
        raise _explain_batch(body)
    if size > MAX_BATCH_BYTES:
        raise InvalidArgumentError("Records size exceeds 4 MB limit")  # observed
    return PutRequest(request.DeliveryStreamName, records, size)


def record_ids(count: int, randomness: bytes) -> list[str]:
    """Return ids of one call's records: `RECORD_ID_BYTES` random bytes tell calls apart, the rest tells records of a call apart."""
    call = _call_id(randomness)
    return [call + place for place in _PLACES[:count]]


def put_record_answer(record_id: str, *, is_encrypted: bool) -> bytes:
    """Return the body of a PutRecord answer."""
    return f'{{"RecordId":"{record_id}","Encrypted":{_TRUTH[is_encrypted]}}}'.encode("ascii")


def put_record_batch_answer(count: int, randomness: bytes, *, is_encrypted: bool) -> bytes:
    """Return the body of a PutRecordBatch answer in which every record was taken, with the ids that `record_ids` gives."""
    call = _call_id(randomness)
    entries = f'"}},{{"RecordId":"{call}'.join(_PLACES[:count])
    return (
        f'{{"FailedPutCount":0,"Encrypted":{_TRUTH[is_encrypted]},"RequestResponses":[{{"RecordId":"{call}{entries}"}}]}}'
    ).encode("ascii")


def partial_answer(entries: Sequence[str | tuple[str, str]], *, is_encrypted: bool) -> bytes:
    """Return the body of a PutRecordBatch answer; an entry is a record id, or an error code with its message."""
    responses = [
        {"RecordId": entry} if isinstance(entry, str) else {"ErrorCode": entry[0], "ErrorMessage": entry[1]}
        for entry in entries
    ]
    failed = sum(not isinstance(entry, str) for entry in entries)
    answer = {"FailedPutCount": failed, "Encrypted": is_encrypted, "RequestResponses": responses}
    return msgspec.json.encode(answer)


def _call_id(randomness: bytes) -> str:
    return binascii.b2a_base64(randomness, newline=False).decode("ascii")


_TRUTH = {True: "true", False: "false"}


def _explain_record(body: bytes) -> WireError:
    members = _members(body)
    violations = _name_violations(members)
    record = members.get("Record")
    if record is None:
        violations.append(_null("record"))
    else:
        violations += _data_violations(record, "record.data")
    return _joined(violations)


def _explain_batch(body: bytes) -> WireError:
    members = _members(body)
    violations = _name_violations(members)
    records = members.get("Records")
    if records is None:
        violations.append(_null("records"))
    elif not isinstance(records, list):
        raise SerializationError("Expected list or null")
    else:
        for number, record in enumerate(records, start=1):
            violations += _data_violations(record, f"records.{number}.member.data")
        if not 1 <= len(records) <= MAX_BATCH_RECORDS:
            bound = "less than or equal to 500" if records else "greater than or equal to 1"
            listed = ", ".join(f"Record(data={_java_buffer(_decoded(record['Data']))})" for record in records)
            violations.insert(0, _violation(f"Value '[{listed}]'", "records", f"Member must have length {bound}"))
    return _joined(violations)


def _members(body: bytes) -> dict[str, object]:
    try:
        members = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise SerializationError("The request body is not valid JSON.") from error
    if not isinstance(members, dict):
        raise SerializationError("Start of structure or map found where not expected.")
    return members


def _name_violations(members: dict[str, object]) -> list[str]:
    name = members.get("DeliveryStreamName")
    if name is None:
        return [_null("deliveryStreamName")]
    if not isinstance(name, str):
        raise SerializationError("Expected string or null")
    return [
        _violation(f"Value '{name}'", "deliveryStreamName", constraint)
        for holds, constraint in _NAME_RULES
        if not holds(name)
    ]


def _data_violations(record: object, path: str) -> list[str]:
    if record is None:
        return [_null(path.removesuffix(".data"))]
    if not isinstance(record, dict):
        raise SerializationError("Expected structure or null")
    data = record.get("Data")
    if data is None:
        return [_null(path)]
    decoded = _decoded(data)
    if len(decoded) <= MAX_RECORD_BYTES:
        return []
    constraint = f"Member must have length less than or equal to {MAX_RECORD_BYTES}"
    return [_violation(f"Value '{_java_buffer(decoded)}'", path, constraint)]  # observed


def _decoded(data: object) -> bytes:
    if not isinstance(data, str):
        raise SerializationError("Expected string or null")
    try:
        return base64.b64decode(data, validate=True)
    except ValueError as error:
        raise SerializationError("The base64 of a blob member is not valid.") from error


def _java_buffer(data: bytes) -> str:
    return f"java.nio.HeapByteBuffer[pos=0 lim={len(data)} cap={len(data)}]"  # observed


def _null(path: str) -> str:
    return _violation("Value null", path, "Member must not be null")


def _violation(value: str, path: str, constraint: str) -> str:
    return f"{value} at '{path}' failed to satisfy constraint: {constraint}"


def _joined(violations: list[str]) -> WireError:
    if not violations:  # every member is fine by itself and the typed pass refused it: a wrong type somewhere
        return SerializationError("The request body does not have the shape of this operation.")
    noun = "error" if len(violations) == 1 else "errors"
    return ValidationError(f"{len(violations)} validation {noun} detected: {'; '.join(violations)}")
