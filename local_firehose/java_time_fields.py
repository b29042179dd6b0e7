"""One field of a Java time pattern: pattern letter and count to a formatting function, in the US English locale.

Talks to: the package's own table of zone names. The rules are those of DateTimeFormatterBuilder in Java 17, which is where the letters
that Firehose takes come from: it refuses exactly those that this Java refuses when they stand alone.
Source: https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/time/format/DateTimeFormatterBuilder.html
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files

Formatter = Callable[[datetime], str]

_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_QUARTERS = ("1st quarter", "2nd quarter", "3rd quarter", "4th quarter")
_ERAS = {1: "AD", 2: "AD", 3: "AD", 4: "Anno Domini", 5: "A"}
_DAY_PERIODS = ((6, "at night"), (12, "in the morning"), (18, "in the afternoon"), (21, "in the evening"))
_MODIFIED_JULIAN_EPOCH = datetime(1858, 11, 17).toordinal()  # noqa: DTZ001, a date
# Zones whose database entry counts winter as the saving: Java counts the other way round.
_STANDARD_OFFSET = {"Europe/Dublin": 0, "Africa/Casablanca": 0, "Africa/Windhoek": 3600}
_MAX_DIGITS = 19


class PatternError(ValueError):
    """A pattern that Java refuses; `reason` says why."""

    def __init__(self, pattern: str, reason: str) -> None:
        self.pattern, self.reason = pattern, reason
        super().__init__(f"time pattern {pattern!r}: {reason}")


def formatter(letter: str, count: int) -> Formatter:
    """Return what formats `count` times that letter.

    Raises:
        PatternError: no such letter, or not that often.
    """
    if letter in _NUMBERS:
        return _number(letter, count)
    if letter not in _TEXTS:
        raise PatternError(letter * count, f"{letter!r} is not a pattern letter")
    return _TEXTS[letter](letter, count)


def padded(inner: Formatter, width: int, pattern: str) -> Formatter:
    """Return `inner` padded with blanks on the left to `width`."""

    def pad(moment: datetime) -> str:
        text = inner(moment)
        if len(text) > width:
            raise PatternError(pattern, f"{text!r} is wider than its pad of {width}")
        return text.rjust(width)

    return pad


def _offset_seconds(moment: datetime) -> int:
    return int((moment.utcoffset() or timedelta()).total_seconds())


def _milli_of_day(moment: datetime) -> int:
    return ((moment.hour * 60 + moment.minute) * 60 + moment.second) * 1000 + moment.microsecond // 1000


def _us_weekday(moment: datetime) -> int:
    return moment.isoweekday() % 7 + 1  # Sunday is 1


def _week_year(moment: datetime) -> tuple[int, int]:
    """Week-based year and its week in the US: weeks begin on Sunday, week 1 holds January 1st."""
    saturday = moment.toordinal() + 7 - _us_weekday(moment)
    year = datetime.fromordinal(saturday).year
    first_sunday = datetime(year, 1, 1).toordinal() - (_us_weekday(datetime(year, 1, 1)) - 1)  # noqa: DTZ001, dates
    return year, (saturday - first_sunday) // 7 + 1


def _week_of_month(moment: datetime) -> int:
    first = moment.replace(day=1)
    return (moment.day + _us_weekday(first) - 2) // 7 + 1


# letter: value, smallest and largest count that Java takes, whether a longer value than the count is still printed
_NUMBERS: dict[str, tuple[Callable[[datetime], int], int]] = {
    "u": (lambda m: m.year, _MAX_DIGITS),
    "y": (lambda m: m.year, _MAX_DIGITS),
    "Y": (lambda m: _week_year(m)[0], 1024),
    "D": (lambda m: m.timetuple().tm_yday, 3),
    "d": (lambda m: m.day, 2),
    "F": (lambda m: (m.day - 1) % 7 + 1, 1),
    "w": (lambda m: _week_year(m)[1], 2),
    "W": (_week_of_month, 1),
    "H": (lambda m: m.hour, 2),
    "k": (lambda m: m.hour or 24, 2),
    "K": (lambda m: m.hour % 12, 2),
    "h": (lambda m: m.hour % 12 or 12, 2),
    "m": (lambda m: m.minute, 2),
    "s": (lambda m: m.second, 2),
    "A": (_milli_of_day, _MAX_DIGITS),
    "n": (lambda m: m.microsecond * 1000, _MAX_DIGITS),
    "N": (lambda m: _milli_of_day(m) * 1_000_000 + m.microsecond % 1000 * 1000, _MAX_DIGITS),
    "g": (lambda m: m.toordinal() - _MODIFIED_JULIAN_EPOCH, _MAX_DIGITS),
}


def _number(letter: str, count: int) -> Formatter:
    value, most = _NUMBERS[letter]
    if count > most:
        raise PatternError(letter * count, f"{letter!r} is repeated {count} times, at most {most} are taken")
    if letter in "uyY" and count == 2:
        return lambda moment: f"{value(moment) % 100:02}"
    if letter in "uyY" and count >= 4:
        return lambda moment: f"{value(moment):0{count}}"
    return lambda moment: f"{value(moment):0{count}}"


def _month(letter: str, count: int) -> Formatter:
    if count <= 2:
        return lambda moment: f"{moment.month:0{count}}"
    length = _text_length(letter, count)
    return lambda moment: _MONTHS[moment.month - 1][:length]


def _quarter(letter: str, count: int) -> Formatter:
    if count in {1, 2}:
        return lambda moment: f"{(moment.month + 2) // 3:0{count}}"
    _text_length(letter, count)
    if count == 3:
        return lambda moment: f"Q{(moment.month + 2) // 3}"
    if count == 4:
        return lambda moment: _QUARTERS[(moment.month - 1) // 3]
    return lambda moment: f"{(moment.month + 2) // 3}"


def _weekday(letter: str, count: int) -> Formatter:
    if letter == "c" and count == 2:
        raise PatternError("cc", "'c' is repeated twice; 1, 3, 4 or 5 times are taken")
    if letter != "E" and count <= 2:
        return lambda moment: f"{_us_weekday(moment):0{count}}"
    length = 3 if count <= 2 else _text_length(letter, count)
    return lambda moment: _DAYS[moment.weekday()][:length]


def _text_length(letter: str, count: int) -> int | None:
    lengths = {3: 3, 4: None, 5: 1}
    if count not in lengths:
        raise PatternError(letter * count, f"{letter!r} is repeated {count} times, at most 5 are taken")
    return lengths[count]


def _fraction(letter: str, count: int) -> Formatter:
    if count > 9:
        raise PatternError(letter * count, f"{letter!r} is repeated {count} times, at most 9 are taken")
    return lambda moment: f"{moment.microsecond * 1000:09}"[:count]


def _half_day(letter: str, count: int) -> Formatter:
    if count > 1:
        raise PatternError(letter * count, f"{letter!r} is repeated {count} times, at most 1 is taken")
    return lambda moment: "AM" if moment.hour < 12 else "PM"


def _day_period(letter: str, count: int) -> Formatter:
    _one_of(letter, count, (1, 4, 5))

    def period(moment: datetime) -> str:
        if moment.minute == 0 and moment.hour in {0, 12}:
            name = "noon" if moment.hour else "midnight"
            return {"noon": "n", "midnight": "mi"}[name] if count == 5 else name
        return next((name for until, name in _DAY_PERIODS if moment.hour < until), "at night")

    return period


def _era(letter: str, count: int) -> Formatter:
    _one_of(letter, count, tuple(_ERAS))
    return lambda _: _ERAS[count]


def _one_of(letter: str, count: int, allowed: tuple[int, ...]) -> None:
    if count not in allowed:
        raise PatternError(
            letter * count,
            f"{letter!r} is repeated {count} times; {', '.join(map(str, allowed))} are taken",
        )


def _zone_id(letter: str, count: int) -> Formatter:
    _one_of(letter, count, (2,))
    return _zone_name_key


def _zone_name_key(moment: datetime) -> str:
    return str(moment.tzinfo)


def _zone_name(letter: str, count: int) -> Formatter:
    _one_of(letter, count, (1, 2, 3, 4))
    column = 3 if count == 4 else 0

    def name(moment: datetime) -> str:
        key = _zone_name_key(moment)
        if key in _STANDARD_OFFSET:
            is_daylight = _offset_seconds(moment) != _STANDARD_OFFSET[key]
        else:
            is_daylight = bool(moment.dst())
        return _name_of(key, column + is_daylight)

    return name


def _generic_zone_name(letter: str, count: int) -> Formatter:
    _one_of(letter, count, (1, 4))
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


def _localized_offset(letter: str, count: int) -> Formatter:
    if letter == "O":
        _one_of(letter, count, (1, 4))
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


def _offset(letter: str, count: int) -> Formatter:
    if count > 5:
        raise PatternError(letter * count, f"{letter!r} is repeated {count} times, at most 5 are taken")
    if letter == "Z":
        return {4: _localized_offset("Z", 4), 5: _numeric_offset(":", "Z", count=5)}.get(
            count, _numeric_offset("", "+0000", count=2)
        )
    separator = ":" if count in {3, 5} else ""
    zero = "Z" if letter == "X" else ("+00" if count == 1 else f"+00{separator}00")
    return _numeric_offset(separator, zero, count=count)


def _numeric_offset(separator: str, zero: str, *, count: int) -> Formatter:
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


_TEXTS: dict[str, Callable[[str, int], Formatter]] = {
    "M": _month,
    "L": _month,
    "Q": _quarter,
    "q": _quarter,
    "E": _weekday,
    "e": _weekday,
    "c": _weekday,
    "S": _fraction,
    "a": _half_day,
    "B": _day_period,
    "G": _era,
    "V": _zone_id,
    "z": _zone_name,
    "v": _generic_zone_name,
    "O": _localized_offset,
    "Z": _offset,
    "X": _offset,
    "x": _offset,
}
