"""Decode error objects line by line and judge each line: its shape, its codes, its times, the table it names.

Pure. Source: https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-failure-handling.html and
https://docs.aws.amazon.com/firehose/latest/dev/record-format-conversion-error-handling.html
"""

import base64
import binascii
import json
from collections.abc import Iterator
from dataclasses import dataclass

from firehose_spec import error_documents as spec
from validators.findings import Finding

_COMMON = ("attemptsMade", "arrivalTimestamp", "attemptEndingTimestamp", "rawData")
_CODES = {
    spec.METADATA_EXTRACTION_FAILED: ("DynamicPartitioning.MetadataExtractionFailed",),
    spec.FORMAT_CONVERSION_FAILED: ("DataFormatConversion.",),
    spec.PROCESSING_FAILED: ("Lambda.",),
    spec.ACTIVE_PARTITION_EXCEEDED: ("DynamicPartitioning.",),
}
_MESSAGES = {  # observed: texts of real lines, see firehose_spec.error_documents
    spec.METADATA_EXTRACTION_CODE: (spec.NULL_KEY_MESSAGE, spec.NON_JSON_MESSAGE, ""),
    spec.PARSE_ERROR_CODE: (spec.MALFORMED_JSON_LEAD,),
    spec.MALFORMED_DATA_CODE: (spec.SCHEMA_MISMATCH_LEAD, spec.EMPTY_RECORD_MESSAGE, "The input JSON", "One or more"),
}


@dataclass(frozen=True, slots=True)
class ErrorLine:
    """One record that was quarantined: the bytes that were sent, and why they were not delivered."""

    location: str
    error_type: str
    code: str
    message: str
    raw: bytes
    arrived_ms: int


@dataclass(frozen=True, slots=True)
class ExpectedTable:
    """The Glue table that conversion errors must name."""

    database: str
    table: str
    region: str


def read_error_object(
    uri: str, body: bytes, *, error_type: str, table: ExpectedTable | None
) -> Iterator[ErrorLine | Finding]:
    """Yield each line as an `ErrorLine`, each contradiction in it as a finding; a line without usable rawData is a finding only."""
    for number, text in enumerate(body.split(b"\n")):
        if text:
            yield from _line(f"{uri}#line={number}", text, error_type, table)
    if not body.strip():
        yield Finding("error.shape", uri, expected="one JSON object a line", found="an empty object")


def _line(location: str, text: bytes, error_type: str, table: ExpectedTable | None) -> Iterator[ErrorLine | Finding]:
    try:
        line = json.loads(text)
    except ValueError as exc:
        yield Finding("error.shape", location, expected="one JSON object a line", found=f"{exc}: {_short(text)}")
        return
    if not isinstance(line, dict):
        yield Finding("error.shape", location, expected="a JSON object", found=f"{type(line).__name__}: {_short(text)}")
        return
    raw = _raw(line.get("rawData"))
    if raw is None:
        yield Finding("error.shape", location, expected="rawData in base64", found=_short(repr(line.get("rawData"))))
        return
    code, message = line.get(_code_field(error_type)), line.get(_message_field(error_type))
    yield from _members(location, line, error_type)
    yield from _codes(location, code, message, error_type)
    yield from _times(location, line)
    if error_type == spec.FORMAT_CONVERSION_FAILED and table is not None:
        yield from _table(location, line.get("dataCatalogTable"), table)
    arrived = line.get("arrivalTimestamp")
    yield ErrorLine(location, error_type, str(code), str(message), raw, arrived if isinstance(arrived, int) else 0)


def _members(location: str, line: dict[str, object], error_type: str) -> Iterator[Finding]:
    wanted = {*_COMMON, _code_field(error_type), _message_field(error_type)}
    if error_type == spec.FORMAT_CONVERSION_FAILED:
        wanted.add("dataCatalogTable")
    if error_type == spec.PROCESSING_FAILED and not {"lambdaArn", "lambdaARN"} & set(line):
        wanted.add("lambdaARN")  # documented as lambdaArn, observed as lambdaARN: both are read
    missing = sorted(wanted - set(line))
    if missing:
        yield Finding(
            "error.shape", location, expected=f"members {', '.join(sorted(wanted))}", found=f"no {', '.join(missing)}"
        )
    for name in ("attemptsMade", "arrivalTimestamp", "attemptEndingTimestamp"):
        value = line.get(name, 1)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            yield Finding("error.shape", location, expected=f"{name} a whole number, 0 or more", found=repr(value))


def _codes(location: str, code: object, message: object, error_type: str) -> Iterator[Finding]:
    allowed = _CODES.get(error_type, ("",))
    if code is None:
        return
    if not (isinstance(code, str) and code.startswith(allowed)):
        yield Finding(
            "error.type", location, expected=f"{error_type} with a code {' or '.join(allowed)}…", found=repr(code)
        )
        return
    leads = _MESSAGES.get(code, ("",))
    if not (isinstance(message, str) and message.startswith(leads)):
        yield Finding(
            "error.type", location, expected=f"{code} with a message {' or '.join(leads)}…", found=repr(message)
        )


def _times(location: str, line: dict[str, object]) -> Iterator[Finding]:
    arrived, ended = line.get("arrivalTimestamp"), line.get("attemptEndingTimestamp")
    if not (isinstance(arrived, int) and isinstance(ended, int)):
        return
    if arrived < 10**12 or arrived > ended:
        yield Finding(
            "error.times",
            location,
            expected="epoch milliseconds, arrival not after the last attempt",
            found=f"arrived {arrived}, ended {ended}",
        )


def _table(location: str, found: object, table: ExpectedTable) -> Iterator[Finding]:
    named = found if isinstance(found, dict) else {}
    shown = ExpectedTable(str(named.get("databaseName")), str(named.get("tableName")), str(named.get("region")))
    if shown != table:
        yield Finding(
            "error.table",
            location,
            expected=f"{table.database}.{table.table} in {table.region}",
            found=f"{shown.database}.{shown.table} in {shown.region}",
        )


def _raw(value: object) -> bytes | None:
    if not isinstance(value, str):
        return None
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return None


def _code_field(error_type: str) -> str:
    return spec.CODE_FIELD.get(error_type, "errorCode")


def _message_field(error_type: str) -> str:
    return spec.MESSAGE_FIELD.get(error_type, "errorMessage")


def _short(text: bytes | str) -> str:
    shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return shown if len(shown) <= 120 else f"{shown[:117]}…"
