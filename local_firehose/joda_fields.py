"""The fields that a Joda-Time pattern found in a text, and the instant they make.

Pure. Source: https://www.joda.org/joda-time/apidocs/org/joda/time/format/DateTimeFormat.html; what is absent is 1970-01-01T00:00 UTC.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from local_firehose.timestamps import days_from_civil, month_length, wrapped


@dataclass(slots=True)
class Fields:
    """What a text gave, field by field; absent fields stay at the epoch's."""

    numbers: dict[str, int] = field(default_factory=dict)
    offset_seconds: int = 0
    zone: ZoneInfo | None = None
    is_before_christ: bool = False


def instant_of(fields: Fields) -> int:
    """Return epoch nanoseconds, to the millisecond.

    Raises:
        ValueError: a field is out of its range.
    """
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
