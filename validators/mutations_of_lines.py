"""Breaking the lines of a delivery: error objects line by line, raw objects line by line.

Pure, see `mutations`.
"""

import base64
import json
from collections.abc import Callable
from typing import Any

from firehose_spec import error_documents as spec
from firehose_spec.quotas import MIB
from validators.mutations import Broken, Mutation, Specimen, mutation
from validators.mutations_of_rows import read_table
from validators.object_key import ParsedKey
from validators.raw_lines import split_records

_QUARANTINE = ("quarantine.unexpected", "quarantine.missing", "quarantine.reason", "completeness.lost", "error.reason")


def _error_of(specimen: Specimen, error_type: str | None = None) -> ParsedKey | None:
    return next((parsed for parsed in specimen.errors if error_type in (None, parsed.error_type)), None)


def _edit_line(
    specimen: Specimen, change: Callable[[dict[str, Any]], object], error_type: str | None = None
) -> Broken | None:
    """Change the first line of an error object; `change` edits it in place."""
    chosen = _error_of(specimen, error_type)
    if chosen is None:
        return None
    stored = specimen.stored(chosen)
    first, *rest = stored.data.splitlines(keepends=True)
    line = json.loads(first)
    change(line)
    return Broken({chosen.key: stored.with_data(json.dumps(line).encode() + b"\n" + b"".join(rest))})


def _edit_lines(specimen: Specimen, change: Callable[[list[bytes]], list[bytes]]) -> Broken | None:
    chosen = _error_of(specimen)
    if chosen is None:
        return None
    stored = specimen.stored(chosen)
    return Broken({chosen.key: stored.with_data(b"".join(change(stored.data.splitlines(keepends=True))))})


@mutation("error-type", "an error object under another error type", "error.type", "error.shape", "quarantine.reason", consequences=_QUARANTINE)  # fmt: skip
def _error_type(specimen: Specimen) -> Broken | None:
    chosen = _error_of(specimen, spec.METADATA_EXTRACTION_FAILED)
    if chosen is None:
        return None
    key = chosen.key.replace(spec.METADATA_EXTRACTION_FAILED, spec.PROCESSING_FAILED, 1)
    return Broken({chosen.key: None, key: specimen.stored(chosen)})


@mutation("error-code", "an error code of another kind", "error.type")
def _error_code(specimen: Specimen) -> Broken | None:
    return _edit_line(
        specimen, lambda line: line.update(errorCode="Lambda.FunctionError"), spec.METADATA_EXTRACTION_FAILED
    )


@mutation("error-message", "an error message that Firehose never gives", "error.type")
def _error_message(specimen: Specimen) -> Broken | None:
    return _edit_line(specimen, lambda line: line.update(lastErrorMessage="oops"), spec.FORMAT_CONVERSION_FAILED)


@mutation("error-member", "errorCode where lastErrorCode belongs", "error.shape")
def _error_member(specimen: Specimen) -> Broken | None:
    return _edit_line(
        specimen, lambda line: line.update(errorCode=line.pop("lastErrorCode")), spec.FORMAT_CONVERSION_FAILED
    )


@mutation("error-table", "a conversion error that names another table", "error.table")
def _error_table(specimen: Specimen) -> Broken | None:
    return _edit_line(
        specimen, lambda line: line["dataCatalogTable"].update(tableName="another"), spec.FORMAT_CONVERSION_FAILED
    )


@mutation("error-seconds", "times in seconds", "error.times")
def _error_seconds(specimen: Specimen) -> Broken | None:
    return _edit_line(specimen, lambda line: line.update(arrivalTimestamp=line["arrivalTimestamp"] // 1000))


@mutation("error-order", "an arrival after the last attempt", "error.times")
def _error_order(specimen: Specimen) -> Broken | None:
    return _edit_line(specimen, lambda line: line.update(arrivalTimestamp=line["attemptEndingTimestamp"] + 1))


@mutation("error-attempts", "attemptsMade as text", "error.shape")
def _error_attempts(specimen: Specimen) -> Broken | None:
    return _edit_line(specimen, lambda line: line.update(attemptsMade="1"))


@mutation("error-base64", "rawData that is no base64", "error.shape", consequences=_QUARANTINE)
def _error_base64(specimen: Specimen) -> Broken | None:
    return _edit_line(specimen, lambda line: line.update(rawData="%%%"))


@mutation("error-not-json", "a line that is no JSON", "error.shape", consequences=_QUARANTINE)
def _error_not_json(specimen: Specimen) -> Broken | None:
    return _edit_lines(specimen, lambda lines: [b"not json\n", *lines[1:]])


@mutation("error-raw-changed", "rawData of a record that was never sent", "quarantine.unexpected", "quarantine.missing", consequences=_QUARANTINE)  # fmt: skip
def _error_raw_changed(specimen: Specimen) -> Broken | None:
    return _edit_line(specimen, lambda line: line.update(rawData=base64.b64encode(b"never sent").decode()))


@mutation(
    "error-dropped",
    "a line of an error object dropped",
    "quarantine.missing",
    consequences=("completeness.lost", "error.shape"),
)
def _error_dropped(specimen: Specimen) -> Broken | None:
    return _edit_lines(specimen, lambda lines: lines[1:])


@mutation("error-doubled", "a line of an error object doubled", "quarantine.unexpected")
def _error_doubled(specimen: Specimen) -> Broken | None:
    return _edit_lines(specimen, lambda lines: [lines[0], *lines])


@mutation("error-deleted", "an error object deleted", "quarantine.missing", consequences=("completeness.lost",))
def _error_deleted(specimen: Specimen) -> Broken | None:
    chosen = _error_of(specimen)
    return None if chosen is None else Broken({chosen.key: None})


@mutation("good-quarantined", "a good record in quarantine", "error.reason", "quarantine.unexpected")
def _good_quarantined(specimen: Specimen) -> Broken | None:
    chosen = _error_of(specimen, spec.METADATA_EXTRACTION_FAILED)
    if chosen is None or not specimen.data or not specimen.evidence.is_parquet:
        return None
    row = read_table(specimen.stored(specimen.data[0]).data).slice(0, 1).to_pylist()[0]
    row["event_timestamp"] = int(row["event_timestamp"].timestamp())
    stored = specimen.stored(chosen)
    line = json.loads(stored.data.splitlines()[0])
    line.update(rawData=base64.b64encode(json.dumps(row).encode()).decode(), errorMessage=spec.NULL_KEY_MESSAGE)
    return Broken({chosen.key: stored.with_data(stored.data + json.dumps(line).encode() + b"\n")})


def _edit_raw(specimen: Specimen, change: Callable[[list[bytes]], list[bytes]]) -> Broken | None:
    declared = specimen.evidence.declared
    if declared.conversion is not None or declared.compression_format != "UNCOMPRESSED" or not specimen.data:
        return None
    chosen = specimen.data[0]
    stored = specimen.stored(chosen)
    return Broken({chosen.key: stored.with_data(b"".join(change(split_records(stored.data))))})


@mutation("line-changed", "one byte of a line changed", "completeness.digest")
def _line_changed(specimen: Specimen) -> Broken | None:
    return _edit_raw(specimen, lambda lines: [b"~" + lines[0][1:], *lines[1:]])


@mutation("line-dropped", "a line dropped", "completeness.lost")
def _line_dropped(specimen: Specimen) -> Broken | None:
    return _edit_raw(specimen, lambda lines: lines[1:])


@mutation("line-doubled", "a line doubled", "completeness.duplicated")
def _line_doubled(specimen: Specimen) -> Broken | None:
    return _edit_raw(specimen, lambda lines: [lines[0], *lines])


@mutation("line-invented", "a line that was never sent", "completeness.invented")
def _line_invented(specimen: Specimen) -> Broken | None:
    return _edit_raw(specimen, lambda lines: [*lines, b"never sent\n"])


@mutation("line-ending", "a line without its line ending", "completeness.digest")
def _line_ending(specimen: Specimen) -> Broken | None:
    return _edit_raw(specimen, lambda lines: [*lines[:-1], lines[-1].rstrip(b"\n")])


@mutation("separator-added", "a separator between lines that Firehose never writes", "completeness.invented")
def _separator_added(specimen: Specimen) -> Broken | None:
    return _edit_raw(specimen, lambda lines: [lines[0], b"\n", *lines[1:]])


@mutation("lines-shuffled", "lines in another order")
def _lines_shuffled(specimen: Specimen) -> Broken | None:
    return _edit_raw(specimen, lambda lines: lines[::-1])


@mutation(
    "raw-truncated",
    "a raw object cut in the middle of a line",
    "completeness.lost",
    consequences=("completeness.digest",),
)
def _raw_truncated(specimen: Specimen) -> Broken | None:
    return _edit_raw(specimen, lambda lines: [*lines[: len(lines) // 2], lines[len(lines) // 2][:10]])


@mutation("oversized", "an object larger than the buffer", "buffering.size", consequences=("completeness.duplicated",))
def _oversized(specimen: Specimen) -> Broken | None:
    limit = (specimen.evidence.declared.buffer_mib + 1) * MIB
    if limit > 8 * MIB:
        return None

    def grow(lines: list[bytes]) -> list[bytes]:
        return lines * (limit // sum(map(len, lines)) + 1)

    return _edit_raw(specimen, grow)


MUTATIONS: tuple[Mutation, ...] = (
    _error_type, _error_code, _error_message, _error_member, _error_table, _error_seconds, _error_order, _error_attempts,
    _error_base64, _error_not_json, _error_raw_changed, _error_dropped, _error_doubled, _error_deleted, _good_quarantined,
    _line_changed, _line_dropped, _line_doubled, _line_invented, _line_ending, _separator_added, _lines_shuffled,
    _raw_truncated, _oversized,
)  # fmt: skip
