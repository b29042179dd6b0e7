"""Say why a text is not JSON, in the words of the Jackson parser that AWS quotes after ``Encountered malformed JSON. ``.

Pure. Only failed records come here. # observed: the lead and that Jackson's text follows (floci-io/floci FirehoseParquetConverterTest);
# decided: the position is written as line and column without Jackson's memory address.
"""

from json.decoder import JSONDecodeError

_EXPECTED_VALUE = "JSON String, Number, Array, Object or token 'null', 'true' or 'false'"
_TOO_DEEP = "Document nesting depth exceeds the maximum allowed (200)"


def invalid_utf8(exc: UnicodeDecodeError) -> str:
    """Return the text for bytes that are not UTF-8; the column counts bytes."""
    byte = exc.object[exc.start]
    kind = "start" if exc.reason == "invalid start byte" else "middle"
    if kind == "middle" and exc.end < len(exc.object):
        byte = exc.object[exc.end]
    return f"Invalid UTF-8 {kind} byte 0x{byte:x}{_place(exc.object[: exc.start].decode(errors='replace'))}"


def describe_failure(text: str, exc: Exception) -> str:
    """Return what Jackson says about the first thing in `text` that is not JSON.

    Args:
        text: the whole record.
        exc: JSONDecodeError, RecursionError (nested too deep), or any other error for a NaN or Infinity.
    """
    if isinstance(exc, RecursionError):
        return _TOO_DEEP
    if not isinstance(exc, JSONDecodeError):
        return "Non-standard token 'NaN': enable `JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow"
    at = _failing_character(text, exc)
    return _reason(text, at, exc.msg) + _place(text[:at])


def _failing_character(text: str, exc: JSONDecodeError) -> int:
    at = exc.pos
    if exc.msg.startswith(("Illegal trailing comma", "Expecting property name")) and text[at : at + 1] == ",":
        at += 1  # later Pythons point at the comma, Jackson at what follows it
    if exc.msg.startswith(("Expecting", "Illegal trailing comma", "Extra data")):
        while text[at : at + 1] in (" ", "\t", "\n", "\r"):
            at += 1
    return at


def _reason(text: str, at: int, kind: str) -> str:
    if kind.startswith("Unterminated string"):
        return "Unexpected end-of-input in VALUE_STRING"
    if at >= len(text):
        return "Unexpected end-of-input: expected close marker for Object"
    character = text[at]
    shown = f"'{character}' (code {ord(character)})"
    if kind.startswith("Invalid control character"):
        return (
            f"Illegal unquoted character ((CTRL-CHAR, code {ord(character)})):"
            " has to be escaped using backslash to be included in string value"
        )
    if kind.startswith("Invalid \\u"):
        return f"Unexpected character ({shown}): expected a hex-digit for character escape sequence"
    if kind.startswith("Invalid \\"):
        escaped = text[at + 1 : at + 2]
        return f"Unrecognized character escape '{escaped}' (code {ord(escaped or ' ')})"
    if character < " ":
        return (
            f"Illegal character ((CTRL-CHAR, code {ord(character)})):"
            " only regular white space (\\r, \\n, \\t) is allowed between tokens"
        )
    if kind.startswith("Expecting ':'"):
        return f"Unexpected character ({shown}): was expecting a colon to separate field name and value"
    if kind.startswith("Expecting ','"):
        return f"Unexpected character ({shown}): was expecting comma to separate entries"
    if kind.startswith("Expecting property name") or (kind.startswith("Illegal trailing comma") and character == "}"):
        return f"Unexpected character ({shown}): was expecting double-quote to start field name"
    token = _token(text, at)
    if token:
        return f"Unrecognized token '{token}': was expecting ({_EXPECTED_VALUE})"
    return f"Unexpected character ({shown}): expected a valid value ({_EXPECTED_VALUE})"


def _token(text: str, at: int) -> str:
    end = at
    while end < len(text) and end - at < 256 and (text[end].isalnum() or text[end] in "_$"):
        end += 1
    return text[at:end] if text[at].isalpha() or text[at] in "_$" else ""


def _place(before: str) -> str:
    line = before.count("\n") + 1
    column = len(before) - (before.rfind("\n") + 1) + 1
    return f"\n at [Source: (byte[]); line: {line}, column: {column}]"
