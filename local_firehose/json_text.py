"""Read a record's bytes as one or more JSON documents, strictly, and keep what the SerDes need to know.

Pure. Numbers keep their text (`Integer`, `Real`), so that 12345678901234567890.12 reaches a decimal column whole and a string
column gets Java's form of it. What counts as JSON follows the parser that AWS runs: no comments, single quotes, trailing commas, NaN or
control characters in strings; several documents may follow each other with or without blanks between them.
# documented: https://docs.aws.amazon.com/firehose/latest/dev/record-format-conversion.html
"""

import json
from collections.abc import Callable
from json.decoder import JSONDecodeError
from typing import NoReturn

from local_firehose.json_syntax import describe_failure, invalid_utf8
from local_firehose.serde_errors import MalformedJsonError, array_record, empty_record, primitive_record

BLANKS = " \t\n\r"
MAX_DEPTH = 200  # decided: docs/fidelity/conversion.md#documents; deeper documents are refused whatever the Python stack could bear
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Integer(str):
    """The text of a JSON number without fraction and exponent."""

    __slots__ = ()


class Real(str):
    """The text of a JSON number with a fraction or an exponent."""

    __slots__ = ()


Json = object
Pairs = list[tuple[str, Json]]


class PairList(Pairs):
    """An object's pairs in order, duplicates kept: what the Hive SerDe reads."""


class NotANumberError(ValueError):
    """NaN and Infinity are not JSON."""


def _refuse_constant(_: str) -> NoReturn:
    raise NotANumberError


class JsonReader:
    """Parses records into documents; `object_hook` turns an object's pairs, in order and with duplicates, into what a SerDe wants."""

    def __init__(self, object_hook: Callable[[Pairs], object]) -> None:
        self._decode = json.JSONDecoder(
            object_pairs_hook=object_hook, parse_int=Integer, parse_float=Real, parse_constant=_refuse_constant
        ).raw_decode

    def documents(self, record: bytes) -> list[Json]:
        """Return the record's objects in order, at least one.

        Raises:
            MalformedJsonError: not JSON, or not UTF-8.
            MalformedDataError: empty, or a document that is not an object.
        """
        try:
            text = record.removeprefix(_BYTE_ORDER_MARK).decode()
        except UnicodeDecodeError as exc:
            raise MalformedJsonError(invalid_utf8(exc)) from exc
        documents: list[Json] = []
        bracketed = text.count("{") + text.count("[") > MAX_DEPTH
        at, end = _skip_blanks(text, 0), len(text)
        try:
            while at < end:
                first = text[at]
                document, at = self._decode(text, at)
                if first != "{":
                    if first not in '["' and at < end and text[at] not in BLANKS:
                        raise JSONDecodeError("Extra data", text, at)  # 12abc is not the number 12
                    raise array_record() if first == "[" else primitive_record()
                if bracketed and _depth(document) > MAX_DEPTH:
                    raise RecursionError
                documents.append(document)
                at = _skip_blanks(text, at)
        except (JSONDecodeError, NotANumberError, RecursionError) as exc:
            raise MalformedJsonError(describe_failure(text, exc)) from exc
        if not documents:
            raise empty_record()
        return documents


def _skip_blanks(text: str, at: int) -> int:
    while at < len(text) and text[at] in BLANKS:
        at += 1
    return at


def _depth(document: Json) -> int:
    depth, level = 0, [document]
    while level:
        depth += 1
        deeper: list[Json] = []
        for value in level:
            if isinstance(value, dict):
                deeper.extend(item for item in value.values() if isinstance(item, dict | list))
            elif isinstance(value, list):
                deeper.extend(_values(value))
        level = deeper
    return depth


def _values(value: list[Json]) -> list[Json]:
    """Containers among a list's items, or among the values of an object that is kept as pairs."""
    items = [item[1] for item in value if isinstance(item, tuple)] if isinstance(value, PairList) else value
    return [item for item in items if isinstance(item, dict | list)]
