"""Split a record that holds several: consecutive JSON objects, or pieces between delimiters.

Pure. Source: https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning-multirecord-deaggergation.html
"""

import binascii
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from firehose_spec.quotas import MAX_SUB_RECORDS

_OBJECT: msgspec.json.Decoder[dict[str, Any]] = msgspec.json.Decoder(dict[str, Any])
# a string that is not closed takes all the rest: looked at once more from each quote in it, a record of 1 MB would take half an hour
_STRING_OR_BRACE = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[{}]', re.DOTALL)
_BLANK = b" \t\n\r"


def split_json(data: bytes) -> list[bytes]:
    """Return the JSON objects of a record without the whitespace between them, or the record as it is if it cannot be split.

    >>> split_json(b'{"a":1}{"a":2}')
    [b'{"a":1}', b'{"a":2}']

    It cannot be split if it holds anything but JSON objects (an array is no valid input), or more than 500 of them.
    """
    objects = _lines_of_objects(data)
    if objects is None:
        objects = _consecutive_objects(data)
    # documented: more than 500 are accepted, not split. decided: docs/fidelity/processing.md#json-deaggregation, nor is what is no object
    return [data] if objects is None or len(objects) > MAX_SUB_RECORDS else objects


def split_delimited(data: bytes, delimiter: bytes) -> list[bytes]:
    """Return the pieces between delimiters, or the record as it is if it has more than 500.

    >>> split_delimited(b"a####b####", b"####")
    [b'a', b'b']
    """
    # decided: docs/fidelity/processing.md#delimited-deaggregation, nothing between two delimiters is no record
    pieces = [piece for piece in data.split(delimiter) if piece]
    return [data] if not pieces or len(pieces) > MAX_SUB_RECORDS else pieces


def delimiter_bytes(parameter: str) -> bytes:
    """Return the delimiter that a processor's ``Delimiter`` stands for: base64, or the text itself where it is no base64.

    >>> delimiter_bytes("IyMjIw=="), delimiter_bytes("|")
    (b'####', b'|')
    """
    try:
        decoded = binascii.a2b_base64(parameter, strict_mode=True)
    except binascii.Error:
        decoded = b""
    return (
        decoded or parameter.encode()
    )  # documented: base64. decided: docs/fidelity/processing.md#delimited-deaggregation


def _lines_of_objects(data: bytes) -> list[bytes] | None:
    """The usual case, without a search: one object, or one on each line."""
    lines = [stripped for line in data.split(b"\n") if (stripped := line.strip(_BLANK))]
    return lines if lines and all(map(_is_object, lines)) else None


def _consecutive_objects(data: bytes) -> list[bytes] | None:
    objects = list(_braced(data))
    between = len(data) - sum(map(len, objects))
    whitespace = sum(map(data.count, (b" ", b"\t", b"\n", b"\r"))) - sum(
        piece.count(blank) for piece in objects for blank in (b" ", b"\t", b"\n", b"\r")
    )
    return objects if objects and between == whitespace and all(map(_is_object, objects)) else None


def _braced(data: bytes) -> Iterator[bytes]:
    """Yield each stretch from a brace to the one that closes it, strings respected."""
    depth = start = 0
    for match in _STRING_OR_BRACE.finditer(data):
        token = match[0]
        if token == b"{":
            if depth == 0:
                start = match.start()
            depth += 1
        elif token == b"}" and depth:
            depth -= 1
            if depth == 0:
                yield data[start : match.end()]


def _is_object(piece: bytes) -> bool:
    try:
        _OBJECT.decode(piece)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True
