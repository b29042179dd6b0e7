"""Zone names and offsets in Java time patterns: the letters ``V v z O X x Z``.

Talks to: the package's own table of zone names, which is Java 17's in the US English locale.
Source: https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/time/format/DateTimeFormatterBuilder.html
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files

from local_firehose.java_time_errors import PatternError, require_count

Formatter = Callable[[datetime], str]

# Zones whose database entry counts winter as the saving: Java counts the other way round.
_STANDARD_OFFSET = {"Europe/Dublin": 0, "Africa/Casablanca": 0, "Africa/Windhoek": 3600}


def zone_id(letter: str, count: int) -> Formatter:
    """Return what prints the zone's id, such as ``Asia/Tokyo``."""
    require_count(letter, count, (2,))
    return _zone_name_key


def _zone_name_key(moment: datetime) -> str:
    return str(moment.tzinfo)


def zone_name(letter: str, count: int) -> Formatter:
    """Return what prints the zone's name at that time, such as ``JST``; in full with four letters."""
    require_count(letter, count, (1, 2, 3, 4))
    column = 3 if count == 4 else 0

    def name(moment: datetime) -> str:
        key = _zone_name_key(moment)
        if key in _STANDARD_OFFSET:
            is_daylight = _offset_seconds(moment) != _STANDARD_OFFSET[key]
        else:
            is_daylight = bool(moment.dst())
        return _name_of(key, column + is_daylight)

    return name


def generic_zone_name(letter: str, count: int) -> Formatter:
    """Return what prints the zone's name without regard to daylight saving."""
    require_count(letter, count, (1, 4))
    return lambda moment: _name_of(_zone_name_key(moment), 5 if count == 4 else 2)


def _name_of(key: str, column: int) -> str:
    names = _zone_names().get(key)
    return names[column] if names else key


@cache
def _zone_names() -> dict[str, tuple[str, ...]]:
    """Standard, daylight and generic name of each zone, short then full."""
    text = files("local_firehose").joinpath("data/zone_names.tsv").read_text("utf-8")
    rows = [line.split("\t") for line in text.splitlines()[1:]]
    return {zone: tuple(row[:6]) for row in rows for zone in row[6].split()}


def localized_offset(letter: str, count: int) -> Formatter:
    """Return what prints the offset as ``GMT+9``; with minutes with four letters."""
    if letter == "O":
        require_count(letter, count, (1, 4))
    is_full = count == 4

    def offset(moment: datetime) -> str:
        seconds = _offset_seconds(moment)
        if not seconds:
            return "GMT"
        hours, minutes, rest = _split(seconds)
        sign = "-" if seconds < 0 else "+"
        if is_full:
            return f"GMT{sign}{hours:02}:{minutes:02}" + (f":{rest:02}" if rest else "")
        return f"GMT{sign}{hours}" + (f":{minutes:02}" if minutes or rest else "") + (f":{rest:02}" if rest else "")

    return offset


def _split(seconds: int) -> tuple[int, int, int]:
    minutes, rest = divmod(abs(seconds), 60)
    return minutes // 60, minutes % 60, rest


def numeric_offset(letter: str, count: int) -> Formatter:
    """Return what prints the offset in figures: ``X`` and ``x`` in their five forms, ``Z`` in its three."""
    if count > 5:
        raise PatternError(letter * count, f"{letter!r} is repeated {count} times, at most 5 are taken")
    if letter == "Z":
        return {4: localized_offset("Z", 4), 5: _plain_offset(":", "Z", count=5)}.get(
            count, _plain_offset("", "+0000", count=2)
        )
    separator = ":" if count in {3, 5} else ""
    zero = "Z" if letter == "X" else ("+00" if count == 1 else f"+00{separator}00")
    return _plain_offset(separator, zero, count=count)


def _plain_offset(separator: str, zero: str, *, count: int) -> Formatter:
    def offset(moment: datetime) -> str:
        seconds = _offset_seconds(moment)
        hours, minutes, rest = _split(seconds)
        if not (hours or minutes or (rest and count >= 4)):
            return zero
        text = f"{'-' if seconds < 0 else '+'}{hours:02}"
        if minutes or count > 1:
            text += f"{separator}{minutes:02}"
        if rest and count >= 4:
            text += f"{separator}{rest:02}"
        return text

    return offset


def _offset_seconds(moment: datetime) -> int:
    return int((moment.utcoffset() or timedelta()).total_seconds())
