"""JSON values as the Java objects that the OpenX SerDe makes of them: their class names and their texts.

Pure. # observed: rcongiu/Hive-JSON-Serde JSONObject.toString and quote; java.lang.Long for a whole number (floci-io/floci, 2026-09-12).
"""

from local_firehose.java_numbers import LONG_MAX, LONG_MIN, double_text, long_text, plain_double_text
from local_firehose.json_text import Integer, Json, Real
from local_firehose.serde_errors import MalformedDataError

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


def java_class(value: Json) -> str:
    """Return the Java class that error texts name."""
    match value:
        case Integer():
            return "java.lang.Long" if LONG_MIN <= int(value[:30]) <= LONG_MAX else "java.math.BigInteger"
        case Real():
            return "java.lang.Double"
        case str():
            return "java.lang.String"
        case bool():
            return "java.lang.Boolean"
        case list():
            return "org.openx.data.jsonserde.json.JSONArray"
        case _:
            return "org.openx.data.jsonserde.json.JSONObject"


def refuse_cast(value: Json, target: str) -> MalformedDataError:
    """Return the refusal of a value whose Java class is not the column's."""
    return MalformedDataError(f"{java_class(value)} cannot be cast to {target}")


def java_text(value: Json) -> str:
    """Return what Java's toString gives: objects and arrays are compact JSON, a bare number or string is itself."""
    match value:
        case Integer():
            return long_text(value)
        case Real():
            return double_text(value)
        case str():
            return value
        case _:
            return json_text(value)


def json_text(value: Json) -> str:
    """Return compact JSON as org.json writes it."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case Integer():
            return long_text(value)
        case Real():
            return plain_double_text(value)
        case str():
            return _quote(value)
        case list():
            return f"[{','.join(map(json_text, value))}]"
        case dict():
            return f"{{{','.join(f'{_quote(key)}:{json_text(item)}' for key, item in value.items())}}}"
        case _:
            raise TypeError(f"not a JSON value: {type(value)}")


def _quote(text: str) -> str:
    if text.isalnum() and text.isascii():
        return f'"{text}"'
    pieces = []
    previous = ""
    for character in text:
        if character in _ESCAPES:
            pieces.append(_ESCAPES[character])
        elif character == "/" and previous == "<":
            pieces.append("\\/")
        elif character < " " or "\x80" <= character < "\xa0" or "\u2000" <= character < "\u2100":
            pieces.append(f"\\u{ord(character):04x}")
        else:
            pieces.append(character)
        previous = character
    return f'"{"".join(pieces)}"'
