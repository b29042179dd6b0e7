from datetime import UTC, datetime

import pytest

from local_firehose.joda_pattern import JodaPattern, TimestampPatternError
from local_firehose.joda_time import TimestampParser
from local_firehose.serde_errors import MalformedDataError


def instant(pattern: str, text: str) -> str | None:
    found = JodaPattern(pattern).parse(text)
    if found is None:
        return None
    return datetime.fromtimestamp(found // 10**9, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{found % 10**9 // 10**6:03d}"


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        pytest.param("yyyy-MM-dd'T'HH:mm:ss.SSSZ", "2026-01-02T03:04:05.678+0100", "2026-01-02T02:04:05.678", id="offset"),
        pytest.param("yyyy-MM-dd'T'HH:mm:ssZZ", "2026-01-02T03:04:05-01:30", "2026-01-02T04:34:05.000", id="colon-offset"),
        pytest.param("yyyy-MM-dd'T'HH:mm:ssZ", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000", id="zulu"),
        pytest.param("dd/MMM/yyyy:HH:mm:ss Z", "10/Oct/2000:13:55:36 -0700", "2000-10-10T20:55:36.000", id="apache"),
        pytest.param("dd MMMM yyyy", "1 september 2026", "2026-09-01T00:00:00.000", id="month-name-any-case"),
        pytest.param("yyyyMMddHHmmss", "20260102030405", "2026-01-02T03:04:05.000", id="digits-only"),
        pytest.param("yy/M/d h:mm a", "26/1/2 3:04 PM", "2026-01-02T15:04:00.000", id="half-day"),
        pytest.param("yy-MM-dd", "46-01-01", "1946-01-01T00:00:00.000", id="two-digit-year-of-last-century"),
        pytest.param("yyyy-MM-dd h a", "2026-01-01 12 AM", "2026-01-01T00:00:00.000", id="midnight"),
        pytest.param("yyyy-MM-dd KK a", "2026-01-01 00 PM", "2026-01-01T12:00:00.000", id="noon-from-zero"),
        pytest.param("yyyy-MM-dd kk", "2026-01-01 24", "2026-01-01T00:00:00.000", id="clock-hour-24"),
        pytest.param("xxxx-'W'ww-e", "2026-W01-1", "2025-12-29T00:00:00.000", id="week"),
        pytest.param("yyyy-DDD", "2026-033", "2026-02-02T00:00:00.000", id="day-of-year"),
        pytest.param("EEE, dd MMM yyyy HH:mm:ss zzz", "Fri, 02 Jan 2026 03:04:05 PST", "2026-01-02T11:04:05.000", id="zone-name"),
        pytest.param("yyyy-MM-dd HH:mm ZZZ", "2026-07-01 12:00 Europe/Berlin", "2026-07-01T10:00:00.000", id="zone-id"),
        pytest.param("HH:mm", "10:30", "1970-01-01T10:30:00.000", id="what-is-missing-is-1970"),
        pytest.param("yyyy-MM-dd HH:mm:ss.SSSSSS", "2026-01-01 00:00:00.123999", "2026-01-01T00:00:00.123", id="fraction-is-cut"),
        pytest.param("yyyy 'o''clock' HH", "2026 o'clock 05", "2026-01-01T05:00:00.000", id="quoted-quote"),
        pytest.param("yyyy.MM.dd G", "0044.03.15 BC", None, id="beyond-python-but-read"),
    ],
)  # fmt: skip
def test_patterns_are_read_as_by_joda(pattern: str, text: str, expected: str | None) -> None:
    if expected is None:
        assert JodaPattern(pattern).parse(text) is not None
    else:
        assert instant(pattern, text) == expected


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        pytest.param("yyyy-MM-dd", "2026-02-30", id="no-such-day"),
        pytest.param("yyyy-MM-dd", "2026-13-01", id="no-such-month"),
        pytest.param("yyyy-MM-dd", "2026-01-01 ", id="text-left-over"),
        pytest.param("HH:mm", "24:00", id="no-such-hour"),
        pytest.param("yyyy-MM-dd ZZZ", "2026-01-01 Nowhere/City", id="no-such-zone"),
        pytest.param("yyyyMMdd", "202612", id="digits-are-not-given-back"),
    ],
)
def test_texts_that_do_not_fit_are_told(pattern: str, text: str) -> None:
    assert JodaPattern(pattern).parse(text) is None


@pytest.mark.parametrize(("pattern", "reason"), [("bbbb", "'b'"), ("yyyy'T", "left open")], ids=["letter", "quote"])
def test_patterns_that_joda_refuses_are_refused(pattern: str, reason: str) -> None:
    with pytest.raises(TimestampPatternError, match=reason):
        TimestampParser([pattern])


def test_formats_are_tried_in_order_then_javas_form() -> None:
    parser = TimestampParser(["yyyy", "millis"])
    assert parser.parse("2026") == 1767225600 * 10**9
    assert parser.parse("-1500.9") == -1500 * 10**6
    assert parser.parse("2026-01-01 00:00:00") == 1767225600 * 10**9
    with pytest.raises(MalformedDataError, match='Cannot parse "x" with any'):
        parser.parse("x")
