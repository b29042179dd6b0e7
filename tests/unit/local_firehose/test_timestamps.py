"""Held to what OpenJDK 17 answers, with the default time zone UTC; the vectors were printed by a Java program."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_firehose.serde_errors import MalformedDataError
from local_firehose.timestamps import days_from_civil, openx_timestamp, sql_date, sql_timestamp, wrapped

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "millis", "nanos"),
    [
        ("2026-09-07 12:00:02", 1788782402000, 0),
        ("2026-9-7 1:2:3", 1788742923000, 0),
        ("2026-9-7 12:00:02.5", 1788782402500, 500000000),
        ("2026-02-30 00:00:00", 1772409600000, 0),
        ("2026-01-01 25:61:61", 1767319321000, 0),
        ("2026-01-01 24:00:00", 1767312000000, 0),
        ("  2026-01-01 00:00:00  ", 1767225600000, 0),
        ("2026-01-01 00:00:00.123456789", 1767225600123, 123456789),
        ("2026-01-01 -1:00:00", 1767222000000, 0),
        ("2026-01-01 +1:00:00", 1767229200000, 0),
        ("2026-01-01 001:00:00", 1767229200000, 0),
        ("2026-01-01 00:00:60", 1767225660000, 0),
        ("2026-+1-01 00:00:00", 1767225600000, 0),
        ("2026-1-1 99:99:99", 1767588039000, 0),
        ("2026-01-01 00:00:00.5 ", 1767225600500, 500000000),
    ],
)
def test_the_space_form_is_read_as_javas_timestamp(text: str, millis: int, nanos: int) -> None:
    assert sql_timestamp(text) == millis // 1000 * 10**9 + nanos


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01 00:00:00.",
        "2026-01-01 00:00:00.1234567890",
        "2026-01-01 00:00",
        "2026-01-01",
        "2026-13-01 00:00:00",
        "2026-00-01 00:00:00",
        "2026-01-00 00:00:00",
        "2026-01-32 00:00:00",
        "226-01-01 00:00:00",
        "12026-01-01 00:00:00",
        "2026-01-01  00:00:00",
        "2026-001-01 00:00:00",
        "2026-01-01T00:00:00",
        "2026-01-01 12:00:00.-5",
        "2026-01-01\t00:00:00",
        "2026-01-01 00:00:00Z",
        pytest.param(f"2026-01-01 {'0' * 5_000}:00:00", id="hour-of-5000-digits"),
    ],
)
def test_what_java_refuses_is_refused(text: str) -> None:
    with pytest.raises(MalformedDataError, match="Timestamp format must be yyyy-mm-dd hh:mm:ss"):
        sql_timestamp(text)


@pytest.mark.parametrize(
    ("text", "millis"),
    [
        ("2026-09-07", 1788739200000),
        ("2026-9-7", 1788739200000),
        ("2026-02-30", 1772409600000),
        ("2026-2-31", 1772496000000),
    ],
)
def test_dates_are_read_as_javas_date(text: str, millis: int) -> None:
    assert sql_date(text) == millis // 86_400_000


@pytest.mark.parametrize(
    "text",
    [
        "2026-13-1",
        "2026-0-1",
        "2026-1-32",
        "2026-01-01 ",
        "2026-01-01 00:00:00",
        " 2026-01-01",
        "26-01-01",
        "2026-1-",
        "2026-01-001",
    ],
)
def test_other_dates_are_refused(text: str) -> None:
    with pytest.raises(MalformedDataError, match="Date format must be"):
        sql_date(text)


@given(st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1)))  # noqa: DTZ001  the strategy wants naive bounds
def test_every_form_of_an_instant_is_the_same_instant(instant: datetime) -> None:
    aware = instant.replace(tzinfo=UTC)
    nanoseconds = (aware - EPOCH) // timedelta(microseconds=1) * 1000
    text = f"{instant:%H:%M:%S}.{instant.microsecond:06d}"
    day = f"{instant.year:04d}-{instant.month:02d}-{instant.day:02d}"
    assert openx_timestamp(f"{day} {text}") == nanoseconds
    assert openx_timestamp(f"{day}T{text}Z") == nanoseconds
    assert openx_timestamp(f"{day}T{text}") == nanoseconds


@given(st.integers(-(10**12) + 1, 10**12 - 1))
def test_epoch_seconds_are_seconds(seconds: int) -> None:
    assert openx_timestamp(str(seconds)) == wrapped(seconds * 10**9)


@given(st.integers(10**12, 2**63 - 1))
def test_epoch_milliseconds_are_milliseconds(millis: int) -> None:
    assert openx_timestamp(str(millis)) == wrapped(millis * 10**6)
    assert openx_timestamp(str(-millis)) == wrapped(-millis * 10**6)


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        pytest.param("1518033528.123999", 1518033528_123000000, id="cut-to-milliseconds"),
        pytest.param("1.5e9", 1500000000_000000000, id="exponent"),
        pytest.param("-0.0015", -1_000000, id="negative-is-cut-towards-zero"),
        pytest.param("1e-1000000000", 0, id="tiny"),
        pytest.param("0e1000000000", 0, id="zero-with-exponent"),
        pytest.param(f"0.{'0' * 100_000}1", 0, id="fraction-of-many-digits"),
        pytest.param(f"{'0' * 100_000}1", 10**9, id="many-zeros-before"),
    ],
)
def test_epoch_numbers_with_fraction_or_exponent(text: str, nanoseconds: int) -> None:
    assert openx_timestamp(text) == nanoseconds


@pytest.mark.parametrize("text", ["1e1000000000", "1e2147483647", "9223372036854775808", "-9223372036854775809"])
def test_epoch_numbers_beyond_64_bits_are_refused_at_once(text: str) -> None:
    with pytest.raises(MalformedDataError, match="out of range"):
        openx_timestamp(text)


@pytest.mark.parametrize(
    "text",
    [f"{'2' * 500_000}-01-01", f"{'2' * 500_000}.{'2' * 500_000}e", "-" * 900_000],
    ids=["year", "number", "dashes"],
)
def test_a_long_text_is_refused_at_once(text: str) -> None:
    # looked at once more from each digit, as a careless pattern does it, one of these takes hours
    with pytest.raises(MalformedDataError, match="For input string"):
        openx_timestamp(text)


@given(st.dates())
def test_days_count_from_1970(day: datetime) -> None:
    assert days_from_civil(day.year, day.month, day.day) == day.toordinal() - EPOCH.toordinal()


def test_the_calendar_goes_on_beyond_pythons_years() -> None:
    assert days_from_civil(0, 3, 1) - days_from_civil(0, 2, 28) == 2  # year 0 is a leap year
    assert days_from_civil(10_000, 1, 1) - days_from_civil(9_999, 12, 31) == 1
    assert days_from_civil(-1, 12, 31) + 1 == days_from_civil(0, 1, 1)
