"""Read Java ``DateTimeFormatter`` patterns the other way round: which text may stand for one given second.

Pure, and written apart from anything that formats keys. `pattern_regex` returns a regular expression that matches exactly the texts which
the pattern can give for an instant of which only the second is known (an object's name has no more); fields that the second does not fix,
such as fractions and zone names, match any text of their shape.
Source: https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html and java.time.format.DateTimeFormatter.
"""

import re
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache

from validators.errors import ValidatorError

REFUSED_LETTERS = frozenset("CIJPRTUVbfijloprt")  # observed: refused when a stream is created (each letter tried alone)

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
_QUARTERS = ["1st quarter", "2nd quarter", "3rd quarter", "4th quarter"]
_TOKEN = re.compile(r"'(?P<quoted>(?:[^']|'')*)'|(?P<letters>([A-Za-z])\3*)|(?P<other>[^A-Za-z'])")


class TimePatternError(ValidatorError):
    """A pattern that Firehose refuses; `pattern` is the text as given."""

    def __init__(self, pattern: str, reason: str) -> None:
        self.pattern = pattern
        super().__init__(f"timestamp pattern {pattern!r}: {reason}")


@lru_cache(maxsize=4096)
def pattern_regex(pattern: str, at: datetime) -> str:
    """Return a regular expression for what `pattern` gives at `at`, a wall-clock time without zone, whole seconds.

    >>> pattern_regex("yyyy/MM/dd/HH", datetime(2024, 5, 17, 3, 4, 5))
    '2024/05/17/03'

    Raises:
        TimePatternError: an unpaired quote, or a letter that Firehose refuses.
    """
    parts: list[str] = []
    position = 0
    for token in _TOKEN.finditer(pattern):
        if token.start() != position:
            break
        position = token.end()
        if token["letters"]:
            parts.append(_field(pattern, token["letters"], at))
        elif token["other"]:
            parts.append(re.escape(token["other"]))
        else:
            parts.append(re.escape(token["quoted"].replace("''", "'") or "'"))
    if position != len(pattern):
        raise TimePatternError(pattern, "a quote is not closed")
    return "".join(parts).replace(r"\-", "-")


def _field(pattern: str, letters: str, at: datetime) -> str:
    letter, width = letters[0], len(letters)
    if letter in REFUSED_LETTERS:
        raise TimePatternError(pattern, f"Firehose refuses the letter {letter!r}")
    if letter in _TEXTS and width >= 3:
        return re.escape(_TEXTS[letter](at, width))
    if letter in _NUMBERS:
        return _number(_NUMBERS[letter](at), letter, width)
    if letter in _SHAPES:
        return _SHAPES[letter].format(width=width)
    return r"[^/]+?"


def _number(value: int, letter: str, width: int) -> str:
    if letter in "uyY" and width == 2:
        value %= 100  # documented: two letters print the reduced year
    return str(value).zfill(width)


def _text(names: list[str], index: int, width: int) -> str:
    return names[index][:3] if width == 3 else names[index][:1] if width == 5 else names[index]


def _quarter(quarter: int, width: int) -> str:
    return f"Q{quarter}" if width == 3 else _QUARTERS[quarter - 1] if width == 4 else str(quarter)


def _week_start_sunday(at: datetime) -> tuple[int, int]:
    """Return (week-based year, week) by the rules of the US locale: weeks start on Sunday, week 1 holds 1 January."""
    day_of_year, weekday = at.timetuple().tm_yday, at.isoweekday() % 7
    first_weekday = (weekday - (day_of_year - 1)) % 7
    week = (day_of_year - 1 + first_weekday) // 7 + 1
    days = 366 if at.year % 4 == 0 and (at.year % 100 != 0 or at.year % 400 == 0) else 365
    next_first_weekday = (first_weekday + days) % 7
    if days - day_of_year < next_first_weekday and next_first_weekday != 0:
        return at.year + 1, 1
    return at.year, week


_NUMBERS: dict[str, Callable[[datetime], int]] = {
    "y": lambda at: at.year,
    "u": lambda at: at.year,
    "Y": lambda at: _week_start_sunday(at)[0],
    "w": lambda at: _week_start_sunday(at)[1],
    "W": lambda at: (at.day - 1 + (at.replace(day=1).isoweekday() % 7)) // 7 + 1,
    "M": lambda at: at.month,
    "L": lambda at: at.month,
    "Q": lambda at: (at.month + 2) // 3,
    "q": lambda at: (at.month + 2) // 3,
    "d": lambda at: at.day,
    "D": lambda at: at.timetuple().tm_yday,
    "F": lambda at: (at.day - 1) // 7 + 1,
    "e": lambda at: at.isoweekday() % 7 + 1,
    "c": lambda at: at.isoweekday() % 7 + 1,
    "H": lambda at: at.hour,
    "k": lambda at: at.hour or 24,
    "K": lambda at: at.hour % 12,
    "h": lambda at: at.hour % 12 or 12,
    "m": lambda at: at.minute,
    "s": lambda at: at.second,
}
_TEXTS: dict[str, Callable[[datetime, int], str]] = {
    "M": lambda at, width: _text(_MONTHS, at.month - 1, width),
    "L": lambda at, width: _text(_MONTHS, at.month - 1, width),
    "E": lambda at, width: _text(_DAYS, at.weekday(), width),
    "e": lambda at, width: _text(_DAYS, at.weekday(), width),
    "c": lambda at, width: _text(_DAYS, at.weekday(), width),
    "Q": lambda at, width: _quarter((at.month + 2) // 3, width),
    "q": lambda at, width: _quarter((at.month + 2) // 3, width),
}
_SHAPES = {
    "S": r"\d{{{width}}}",
    "n": r"\d{{{width},9}}",
    "N": r"\d{{{width},14}}",
    "A": r"\d{{{width},8}}",
    "a": r"(?:AM|PM|am|pm)",
}
