"""One field of a Java time pattern: pattern letter and count to a formatting function, in the US English locale.

Pure. The rules are those of DateTimeFormatterBuilder in Java 17: Firehose refuses exactly the letters that this Java refuses when they
stand alone.
Source: https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/time/format/DateTimeFormatterBuilder.html
"""

from collections.abc import Callable
from datetime import datetime

from local_firehose import java_time_zones as zones
from local_firehose.java_time_errors import PatternError, require_count

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
_MAX_DIGITS = 19


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


# letter: its value, and how often Java takes it at most; the value is padded with zeros to the count
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
    require_count(letter, count, (1, 4, 5))

    def period(moment: datetime) -> str:
        if moment.minute == 0 and moment.hour in {0, 12}:
            name = "noon" if moment.hour else "midnight"
            return {"noon": "n", "midnight": "mi"}[name] if count == 5 else name
        return next((name for until, name in _DAY_PERIODS if moment.hour < until), "at night")

    return period


def _era(letter: str, count: int) -> Formatter:
    require_count(letter, count, tuple(_ERAS))
    return lambda _: _ERAS[count]


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
    "V": zones.zone_id,
    "z": zones.zone_name,
    "v": zones.generic_zone_name,
    "O": zones.localized_offset,
    "Z": zones.numeric_offset,
    "X": zones.numeric_offset,
    "x": zones.numeric_offset,
}
