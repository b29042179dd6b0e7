"""Decide, for one quarantined record, whether the reason that its error object gives is the right one.

Pure, and written apart from the conversion itself: a record is tried again with the stream's jq query and, field by field, with a strict
reading of the OpenX and Hive JSON SerDes for flat types. Where the rules leave room, the stated reason is believed.
"""

import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal as Number
from decimal import InvalidOperation
from typing import Literal

import jq

from firehose_spec import error_documents as spec
from firehose_spec.glue_types import Column, Primitive

Verdict = Literal["right", "wrong", "unknown"]

_INTEGER_BITS = {"tinyint": 8, "smallint": 16, "int": 32, "bigint": 64}
_TIMESTAMP = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z?|\d{4}-\d{1,2}-\d{1,2} \d{1,2}:\d{1,2}:\d{1,2}(\.\d{1,9})?|-?\d+(\.\d+)?"
)


class ReasonJudge:
    """Tries records again."""

    def __init__(self, *, query: str | None, columns: Mapping[str, Column], deserializer: str) -> None:
        """`query` is the stream's jq program, None without partitioning; `columns` maps JSON key to column, empty without conversion."""
        self._columns = columns
        self._hive = deserializer == "HiveJsonSerDe"
        self._program: Callable[[str], list[object]] | None = _compiled(query) if query else None

    def judge(self, raw: bytes, error_type: str) -> tuple[Verdict, str]:
        """Return whether `error_type` is the right end for `raw`, and what was found instead."""
        if error_type == spec.METADATA_EXTRACTION_FAILED:
            return self._extraction(raw)
        if error_type == spec.FORMAT_CONVERSION_FAILED:
            verdict, found = self._extraction(raw)
            if self._program is not None and verdict == "right":
                return "wrong", f"partition keys cannot be extracted ({found}), which comes before conversion"
            return self._conversion(raw)
        return "unknown", ""

    def _extraction(self, raw: bytes) -> tuple[Verdict, str]:
        if self._program is None:
            return "unknown", ""
        document = _document(raw)
        if document is _NOT_ONE_DOCUMENT:
            return "right", spec.NON_JSON_MESSAGE
        try:
            outputs = self._program(json.dumps(document))
        except (ValueError, StopIteration) as exc:
            return "right", str(exc)
        if len(outputs) != 1 or not isinstance(outputs[0], dict):
            return "right", f"jq gives {len(outputs)} results"
        empty = [name for name, value in outputs[0].items() if value in (None, "") or isinstance(value, dict | list)]
        if empty:
            return "right", spec.NULL_KEY_MESSAGE
        return "wrong", f"jq gives {json.dumps(outputs[0])}"

    def _conversion(self, raw: bytes) -> tuple[Verdict, str]:
        if not self._columns or any(not isinstance(column.type, Primitive) for column in self._columns.values()):
            return "unknown", ""
        if not raw.strip():
            return "right", spec.EMPTY_RECORD_MESSAGE
        document = _document(raw)
        if document is _NOT_ONE_DOCUMENT or not isinstance(document, dict):
            return "right", "not one JSON object"
        lowered = [name.lower() for name in document]
        if len(set(lowered)) != len(lowered):
            return "unknown", ""
        for name, value in document.items():
            column = self._columns.get(name.lower())
            if column is not None and not self._fits(value, column):
                return "right", f"{name} {json.dumps(value)} is no {column.type}"
        return "wrong", "every field fits its column"

    def _fits(self, value: object, column: Column) -> bool:
        kind = str(column.type)
        if value is None or kind == "string":
            return True
        if kind in _INTEGER_BITS:
            return _is_whole(value, _INTEGER_BITS[kind], text_too=not self._hive)
        if kind in {"float", "double"}:
            return _is_number(value, text_too=not self._hive)
        if kind == "boolean":
            return isinstance(value, bool) or (isinstance(value, str) and value.lower() in {"true", "false"})
        if kind == "timestamp":
            return not isinstance(value, bool) and bool(_TIMESTAMP.fullmatch(str(value)))
        return not isinstance(value, dict | list)


_NOT_ONE_DOCUMENT = object()


def _document(raw: bytes) -> object:
    try:
        document: object = json.loads(raw)
    except ValueError:
        return _NOT_ONE_DOCUMENT
    return document


def _compiled(query: str) -> Callable[[str], list[object]] | None:
    try:
        program = jq.compile(query)
    except ValueError:  # no jq program: configuration.partitioning shows it, and no reason can be judged
        return None

    def run(text: str) -> list[object]:
        return list(program.input(text=text).all())

    return run


def _is_whole(value: object, bits: int, *, text_too: bool) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | str) or (isinstance(value, str) and not text_too):
        return False
    try:
        number = Number(str(value))
    except InvalidOperation:
        return isinstance(value, str) and bool(re.fullmatch(r"0[xX][0-9a-fA-F]+", value))
    return number == number.to_integral_value() and -(2 ** (bits - 1)) <= number < 2 ** (bits - 1)


def _is_number(value: object, *, text_too: bool) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | str) or (isinstance(value, str) and not text_too):
        return False
    try:
        Number(str(value).strip())
    except InvalidOperation:
        return False
    return True
