import re
from datetime import datetime

import pytest

from validators.time_patterns import REFUSED_LETTERS, TimePatternError, pattern_regex

AT = datetime(2024, 12, 29, 15, 4, 5)  # noqa: DTZ001 - wall clock, a Sunday


# The right-hand side is what java.time.format.DateTimeFormatter (English, Java 17) prints.
@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        pytest.param("yyyy/MM/dd/HH/", "2024/12/29/15/", id="default-folder"),
        pytest.param("uuuu-MM-dd", "2024-12-29", id="proleptic-year"),
        pytest.param("yy", "24", id="reduced-year"),
        pytest.param("YYYY", "2025", id="week-based-year"),
        pytest.param("w", "1", id="week"),
        pytest.param("D", "364", id="day-of-year"),
        pytest.param("DDD", "364", id="day-of-year-padded"),
        pytest.param("hh a", "03 PM", id="clock-hour"),
        pytest.param("K:mm", "3:04", id="hour-of-half-day"),
        pytest.param("kk", "15", id="clock-hour-of-day"),
        pytest.param("MMM", "Dec", id="short-month"),
        pytest.param("MMMM", "December", id="long-month"),
        pytest.param("MMMMM", "D", id="narrow-month"),
        pytest.param("EEEE", "Sunday", id="long-day"),
        pytest.param("E", "Sun", id="one-letter-is-short-day"),
        pytest.param("e", "1", id="localized-day"),
        pytest.param("QQQ", "Q4", id="short-quarter"),
        pytest.param("QQQQ", "4th quarter", id="long-quarter"),
        pytest.param("'year='yyyy", "year=2024", id="quoted-text"),
        pytest.param("yyyy''MM", "2024'12", id="doubled-quote"),
        pytest.param("H'o''clock'", "15o'clock", id="quote-within-quotes"),
        pytest.param("ss.SSS", "05.123", id="fraction-is-any"),
        pytest.param("yyyyMMdd'T'HHmmss", "20241229T150405", id="compact"),
    ],
)
def test_text_of_a_pattern_matches(pattern: str, text: str) -> None:
    assert re.fullmatch(pattern_regex(pattern, AT), text)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        pytest.param("yyyy/MM/dd/HH/", "2024/12/29/16/", id="other-hour"),
        pytest.param("yyyy", "2025", id="other-year"),
        pytest.param("MM", "2", id="not-padded"),
        pytest.param("SSS", "12", id="short-fraction"),
    ],
)
def test_other_text_does_not_match(pattern: str, text: str) -> None:
    assert not re.fullmatch(pattern_regex(pattern, AT), text)


@pytest.mark.parametrize("letter", sorted(REFUSED_LETTERS))
def test_refused_letter_is_an_error(letter: str) -> None:
    with pytest.raises(TimePatternError, match=f"refuses the letter '{letter}'"):
        pattern_regex(letter, AT)


def test_open_quote_is_an_error() -> None:
    with pytest.raises(TimePatternError, match="a quote is not closed"):
        pattern_regex("yyyy'", AT)
