"""Timestamps and dates of JSON records as instants, by the rules of the OpenX and Hive SerDes.

Pure. A timestamp is epoch nanoseconds (UTC) as Parquet's INT96 is read back: wrapped into 64 bits; a date is days since 1970-01-01.
Source: https://docs.aws.amazon.com/firehose/latest/dev/record-format-conversion.html (formats), java.sql.Timestamp.valueOf (the space
form, vectors from OpenJDK 17 in the tests). Days before 1582-10-15 count in the Gregorian calendar. # decided: docs/fidelity/conversion.md#timestamps
"""

import re
from calendar import monthrange
from datetime import date
from decimal import Decimal

from local_firehose.java_numbers import LONG_MAX
from local_firehose.serde_errors import MalformedDataError

TIMESTAMP_FORMAT_MESSAGE = "Timestamp format must be yyyy-mm-dd hh:mm:ss[.fffffffff]"
MILLISECONDS_FROM = 10**12  # observed: |n| below is seconds, from here on milliseconds (floci-io/floci, 2026-09-08)

_NANOSECONDS = 10**9
_DAY_SECONDS = 86_400
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
_LONGEST = 400  # characters of an hour, say: Python reads no whole number of more than 4,300 digits
_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
_SQL = re.compile(
    r"([+-]?\d{1,4})-([+-]?\d{1,2})-([+-]?\d{1,2}) ([+-]?\d+):([+-]?\d+):([+-]?\d+)(?:\.(\d{1,9}))?", re.ASCII
)
_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?Z?", re.ASCII)


def openx_timestamp(text: str) -> int:
    """Return the instant of a JSON number or string in a timestamp column.

    Seconds, milliseconds from 10^12 on, ``yyyy-[m]m-[d]d h:m:s[.f]`` and strict ``yyyy-MM-dd'T'HH:mm:ss[.f]'Z'``. Without ``Z`` it is
    UTC too. # decided: docs/fidelity/conversion.md#timestamps

    Raises:
        MalformedDataError: any other text, an offset such as ``+00:00`` among them. # observed: an error object of 2026-05
    """
    if ":" not in text:
        return _epoch(text)
    return _iso(text) if "T" in text else sql_timestamp(text)


def sql_timestamp(text: str) -> int:
    """Return what java.sql.Timestamp.valueOf makes of `text`; fields roll over, so February 30th is March 2nd.

    Raises:
        MalformedDataError: not of that form, with Java's message.
    """
    match = _SQL.fullmatch(text.strip())
    if not match or len(match[1]) != 4 or len(match[0]) > _LONGEST:
        raise MalformedDataError(TIMESTAMP_FORMAT_MESSAGE)
    year, month, day, hour, minute, second = (int(match[field]) for field in range(1, 7))
    days = _days(year, month, day)
    if days is None or max(abs(hour), abs(minute), abs(second)) >= 2**31:
        raise MalformedDataError(TIMESTAMP_FORMAT_MESSAGE)
    return _instant(days * _DAY_SECONDS + hour * 3600 + minute * 60 + second, match[7])


def sql_date(text: str) -> int:
    """Return the day of ``yyyy-[m]m-[d]d`` as java.sql.Date.valueOf reads it; February 30th is March 2nd.

    Raises:
        MalformedDataError: any other text.
    """
    match = _DATE.fullmatch(text)
    days = _days(int(match[1]), int(match[2]), int(match[3])) if match else None
    if days is None:
        raise MalformedDataError(f'Date format must be yyyy-[m]m-[d]d, for input string: "{text}"')
    return days


def wrapped(nanoseconds: int) -> int:
    """Return `nanoseconds` in 64 bits: what readers make of an INT96 beyond that."""
    # observed: year 33658 reads as 2092
    return (nanoseconds + 2**63) % 2**64 - 2**63


def days_from_civil(year: int, month: int, day: int) -> int:
    """Return the days from 1970-01-01 to a Gregorian date of any year; a day beyond the month's end counts on."""
    cycles, year_of_cycle = divmod(year, 400)  # the calendar repeats after 400 years, which have 146,097 days
    return cycles * 146_097 + date(year_of_cycle + 400, month, 1).toordinal() - 146_097 + day - 1 - _EPOCH_DAY


def month_length(year: int, month: int) -> int:
    """Return how many days a month has."""
    return monthrange(year % 400 + 400, month)[1]


def _days(year: int, month: int, day: int) -> int | None:
    if not (1 <= month <= 12 and 1 <= day <= 31 and 0 <= year <= 9999):
        return None
    return days_from_civil(year, month, day)


def _iso(text: str) -> int:
    match = _ISO.fullmatch(text)
    if not match:
        raise MalformedDataError(TIMESTAMP_FORMAT_MESSAGE)
    year, month, day, hour, minute, second = (int(match[field]) for field in range(1, 7))
    days = _days(year, month, day)
    if days is None or hour > 23 or minute > 59 or second > 59 or day > month_length(year, month):
        raise MalformedDataError(TIMESTAMP_FORMAT_MESSAGE)
    return _instant(days * _DAY_SECONDS + hour * 3600 + minute * 60 + second, match[7])


def _instant(seconds: int, fraction: str | None) -> int:
    return wrapped(seconds * _NANOSECONDS + int((fraction or "0").ljust(9, "0")))


def _epoch(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise MalformedDataError(f'For input string: "{text}"')
    # Java reads a double where there is a fraction or an exponent; its shortest text stands for it
    number = Decimal(text if _WHOLE.fullmatch(text) else repr(float(text)))
    if not abs(number) <= LONG_MAX:
        raise MalformedDataError(f"Value {text} is out of range for a column of type timestamp")
    # observed: a fraction is kept; decided: to the millisecond, where the SerDe's Java code cuts it
    return wrapped((int(number * 1000) if abs(number) < MILLISECONDS_FROM else int(number)) * 10**6)
