"""Timestamps by Joda-Time patterns: the TimestampFormats of the Hive JSON SerDe.

Pure. Source: https://www.joda.org/joda-time/apidocs/org/joda/time/format/DateTimeFormat.html and
org.apache.hive.common.util.TimestampParser: the formats are tried in order, then java.sql.Timestamp.valueOf; ``millis`` is epoch
milliseconds; the result has milliseconds; what a pattern does not give is 1970-01-01T00:00 UTC.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from local_firehose.errors import LocalFirehoseError
from local_firehose.serde_errors import MalformedDataError
from local_firehose.timestamps import days_from_civil, month_length, sql_timestamp, wrapped

MILLIS = "millis"
PIVOT_YEAR = 1996  # decided: two-digit years are 1946 to 2045; Joda takes the year of its start minus 30

_MILLIS = re.compile(r"(-?\d{1,18})(?:\.\d+)?", re.ASCII)
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


class TimestampParser:
    """Parses a record's texts by a list of formats."""

    def __init__(self, formats: Sequence[str]) -> None:
        """Compile the formats.

        Raises:
            TimestampPatternError: a letter that is no Joda pattern letter, or an open quote.
        """
        self._parsers = [_parse_millis if text == MILLIS else JodaPattern(text).parse for text in formats]

    def parse(self, text: str) -> int:
        """Return epoch nanoseconds by the first format that fits all of `text`.

        Raises:
            MalformedDataError: no format fits, java.sql.Timestamp.valueOf neither.
        """
        for parse in self._parsers:
            instant = parse(text)
            if instant is not None:
                return instant
        try:
            return sql_timestamp(text)
        except MalformedDataError:
            if self._parsers:
                raise MalformedDataError(f'Cannot parse "{text}" with any of the timestamp formats') from None
            raise


def _parse_millis(text: str) -> int | None:
    match = _MILLIS.fullmatch(text)
    return wrapped(int(match[1]) * 10**6) if match else None


@dataclass(slots=True)
class _Fields:
    """What a text gave, field by field; absent fields stay at the epoch's."""

    numbers: dict[str, int] = field(default_factory=dict)
    offset_seconds: int = 0
    zone: ZoneInfo | None = None
    is_before_christ: bool = False


_Setter = Callable[[_Fields, str], None]


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
        fields = _Fields()
        try:
            for setter, given in zip(self._setters, match.groups(), strict=True):
                setter(fields, given)
            return _instant(fields)
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
    def set_year(fields: _Fields, text: str) -> None:
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


def _set_era(fields: _Fields, text: str) -> None:
    fields.is_before_christ = text.upper().startswith("B")


def _set_offset(fields: _Fields, text: str) -> None:
    if text in {"Z", "z"}:
        return
    digits = text[1:].replace(":", "").ljust(6, "0")
    seconds = int(digits[:2]) * 3600 + int(digits[2:4]) * 60 + int(digits[4:])
    fields.offset_seconds = -seconds if text[0] == "-" else seconds


def _set_zone(fields: _Fields, text: str) -> None:
    if text in {"Z", "z"} or text[0] in "+-":
        _set_offset(fields, text)
    else:
        fields.zone = ZoneInfo(_ZONE_NAMES.get(text, text))


def _set_fraction(fields: _Fields, text: str) -> None:
    fields.numbers["S"] = int(text.ljust(3, "0")[:3])


def _set_halfday(fields: _Fields, text: str) -> None:
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


def _instant(fields: _Fields) -> int:
    numbers = fields.numbers
    year = numbers.get("y", numbers.get("Y", numbers.get("x", 1970)))
    if "C" in numbers:
        year = numbers["C"] * 100 + year % 100
    if fields.is_before_christ:
        year = 1 - year
    days = _day(numbers, year)
    seconds = days * 86_400 + _second_of_day(numbers) - fields.offset_seconds
    if fields.zone is not None:
        local = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
        offset = local.replace(tzinfo=fields.zone).utcoffset() or timedelta()
        seconds -= int(offset.total_seconds())
    return wrapped((seconds * 1000 + numbers.get("S", 0)) * 10**6)


def _day(numbers: dict[str, int], year: int) -> int:
    if "w" in numbers or "x" in numbers:
        january_fourth = days_from_civil(year, 1, 4)
        monday = january_fourth - (january_fourth + 3) % 7
        week = _within(numbers.get("w", 1), 1, 53)
        return monday + (week - 1) * 7 + _within(numbers.get("e", 1), 1, 7) - 1
    if "D" in numbers:
        days = days_from_civil(year, 1, 1) + _within(numbers["D"], 1, 365 + (month_length(year, 2) == 29)) - 1
    else:
        month = _within(numbers.get("M", 1), 1, 12)
        days = days_from_civil(year, month, _within(numbers.get("d", 1), 1, month_length(year, month)))
    if "e" in numbers:  # a weekday moves the date within its week
        days += _within(numbers["e"], 1, 7) - 1 - (days + 3) % 7
    return days


def _second_of_day(numbers: dict[str, int]) -> int:
    hour = _within(numbers.get("H", 0), 0, 23)
    if "k" in numbers:
        hour = _within(numbers["k"], 1, 24) % 24
    if "h" in numbers:
        hour = _within(numbers["h"], 1, 12) % 12 + 12 * numbers.get("a", 0)
    elif "K" in numbers:
        hour = _within(numbers["K"], 0, 11) + 12 * numbers.get("a", 0)
    elif "a" in numbers:
        hour = hour % 12 + 12 * numbers["a"]
    return hour * 3600 + _within(numbers.get("m", 0), 0, 59) * 60 + _within(numbers.get("s", 0), 0, 59)


def _within(number: int, low: int, high: int) -> int:
    if not low <= number <= high:
        raise ValueError(f"{number} is not in {low} to {high}")
    return number
