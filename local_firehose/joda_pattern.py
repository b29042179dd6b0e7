"""Joda-Time patterns compiled to regular expressions.

Pure. Source: https://www.joda.org/joda-time/apidocs/org/joda/time/format/DateTimeFormat.html
"""

import re
from collections.abc import Callable, Sequence
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from local_firehose.errors import LocalFirehoseError
from local_firehose.joda_fields import Fields, instant_of

PIVOT_YEAR = 1996  # decided: two-digit years are 1946 to 2045; Joda takes the year of its start minus 30

_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_ZONE_NAMES = {
    "UT": "UTC",
    "UTC": "UTC",
    "GMT": "UTC",
    "EST": "America/New_York",
    "EDT": "America/New_York",
    "CST": "America/Chicago",
    "CDT": "America/Chicago",
    "MST": "America/Denver",
    "MDT": "America/Denver",
    "PST": "America/Los_Angeles",
    "PDT": "America/Los_Angeles",
}
_OFFSET = r"Z|[+-]\d{2}(?::?\d{2}(?::?\d{2})?)?"
_NUMERIC = "CYxwedDyMHhKkmsS"


class TimestampPatternError(LocalFirehoseError):
    """A pattern that Joda-Time refuses; `pattern` is its text."""

    def __init__(self, pattern: str, reason: str) -> None:
        self.pattern = pattern
        super().__init__(f"timestamp format {pattern!r}: {reason}")


_Setter = Callable[[Fields, str], None]


class JodaPattern:
    """One pattern, compiled."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._setters: list[_Setter] = []
        tokens = _tokens(pattern)
        pieces = []
        for place, (letter, count) in enumerate(tokens):
            if count == 0:
                pieces.append(re.escape(letter))
                continue
            next_is_number = place + 1 < len(tokens) and _is_numeric(*tokens[place + 1])
            expression, setter = _element(letter, count, next_is_number=next_is_number, pattern=pattern)
            pieces.append(f"({expression})")
            self._setters.append(setter)
        self._regex = re.compile("".join(pieces), re.IGNORECASE | re.ASCII)

    def parse(self, text: str) -> int | None:
        """Return epoch nanoseconds, or None when the text does not fit the pattern."""
        match = self._regex.fullmatch(text)
        if not match:
            return None
        fields = Fields()
        try:
            for setter, given in zip(self._setters, match.groups(), strict=True):
                setter(fields, given)
            return instant_of(fields)
        except (ValueError, ZoneInfoNotFoundError):
            return None


def _tokens(pattern: str) -> list[tuple[str, int]]:
    """Split into (letter, count) and (literal text, 0)."""
    tokens: list[tuple[str, int]] = []
    at = 0
    while at < len(pattern):
        character = pattern[at]
        if character == "'":
            literal, at = _quoted(pattern, at)
            tokens.append((literal, 0))
        elif character.isascii() and character.isalpha():
            end = at
            while end < len(pattern) and pattern[end] == character:
                end += 1
            tokens.append((character, end - at))
            at = end
        else:
            tokens.append((character, 0))
            at += 1
    return tokens


def _quoted(pattern: str, at: int) -> tuple[str, int]:
    if pattern[at : at + 2] == "''":
        return "'", at + 2
    literal = ""
    end = at + 1
    while end < len(pattern):
        if pattern[end] != "'":
            literal += pattern[end]
            end += 1
        elif pattern[end : end + 2] == "''":
            literal += "'"
            end += 2
        else:
            return literal, end + 1
    raise TimestampPatternError(pattern, "a quote is left open; write '' for a quote itself")


def _is_numeric(letter: str, count: int) -> bool:
    return count > 0 and letter in _NUMERIC and not (letter == "M" and count > 2)


def _element(letter: str, count: int, *, next_is_number: bool, pattern: str) -> tuple[str, _Setter]:
    """The regular expression of one run of letters, and what its text sets. Possessive: Joda never takes a digit back."""
    if letter in "yYx":
        if count == 2:
            return ("\\d{2}" if next_is_number else "[+-]?\\d{1,9}+"), _two_digit_year(letter)
        return f"[+-]?\\d{{1,{count if next_is_number else 9}}}+", _number(letter)
    if letter == "M" and count > 2:
        return _names(_MONTHS), _name_setter("M", _MONTHS)
    if letter == "E":
        return _names(_WEEKDAYS), _name_setter("e", _WEEKDAYS)
    if letter == "S":
        return f"\\d{{1,{count}}}+", _set_fraction
    if letter == "Z" and count < 3:
        return _OFFSET, _set_offset
    if letter in _SIMPLE:
        return _SIMPLE[letter]
    raise TimestampPatternError(pattern, f"{letter!r} is not a pattern letter of Joda-Time; quote it to mean itself")


def _number(name: str) -> _Setter:
    return lambda fields, text: fields.numbers.__setitem__(name, int(text))


def _two_digit_year(letter: str) -> _Setter:
    def set_year(fields: Fields, text: str) -> None:
        year = int(text)
        if len(text) == 2 and text.isdecimal():
            low = PIVOT_YEAR - 50
            year = low + (year - low) % 100
        fields.numbers[letter] = year

    return set_year


def _names(names: Sequence[str]) -> str:
    return "|".join(f"{name}|{name[:3]}" for name in names)


def _name_setter(field_name: str, names: Sequence[str]) -> _Setter:
    places = {spelling: place for place, name in enumerate(names, 1) for spelling in (name, name[:3])}
    return lambda fields, text: fields.numbers.__setitem__(field_name, places[text.lower()])


def _set_era(fields: Fields, text: str) -> None:
    fields.is_before_christ = text.upper().startswith("B")


def _set_offset(fields: Fields, text: str) -> None:
    if text in {"Z", "z"}:
        return
    digits = text[1:].replace(":", "").ljust(6, "0")
    seconds = int(digits[:2]) * 3600 + int(digits[2:4]) * 60 + int(digits[4:])
    fields.offset_seconds = -seconds if text[0] == "-" else seconds


def _set_zone(fields: Fields, text: str) -> None:
    if text in {"Z", "z"} or text[0] in "+-":
        _set_offset(fields, text)
    else:
        fields.zone = ZoneInfo(_ZONE_NAMES.get(text, text))


def _set_fraction(fields: Fields, text: str) -> None:
    fields.numbers["S"] = int(text.ljust(3, "0")[:3])


def _set_halfday(fields: Fields, text: str) -> None:
    fields.numbers["a"] = int(text.upper() == "PM")


_ZONE = rf"{_OFFSET}|[A-Za-z][A-Za-z0-9_+/-]*+"
_SIMPLE: dict[str, tuple[str, _Setter]] = {
    **{letter: ("\\d{1,2}+", _number(letter)) for letter in "MdHhKkmsw"},
    "C": ("[+-]?\\d{1,9}+", _number("C")),
    "D": ("\\d{1,3}+", _number("D")),
    "e": ("\\d", _number("e")),
    "a": ("AM|PM", _set_halfday),
    "G": ("AD|BC|CE|BCE", _set_era),
    "z": (_ZONE, _set_zone),
    "Z": (_ZONE, _set_zone),
}
