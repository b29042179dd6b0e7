from datetime import UTC, datetime

from producers.apache_log import LineParser
from producers.line_time import line_time
from producers.sample_log import sample_lines

START = datetime(2026, 11, 22, tzinfo=UTC)
LINES = [*sample_lines(3000, seed=3, start=START)]


def test_same_seed_gives_the_same_lines() -> None:
    assert [*sample_lines(3000, seed=3, start=START)] == LINES
    assert [*sample_lines(3000, seed=4, start=START)] != LINES
    assert [*sample_lines(100, seed=3, start=START)] == LINES[:100]


def test_every_line_is_in_combined_format_and_ascii_as_httpd_writes_it() -> None:
    parser = LineParser("combined")
    assert [line for line in LINES if b"unparsed" in parser.to_json(line)] == []
    assert all(line.isascii() and line.endswith(b"\n") and line.count(b"\n") == 1 for line in LINES)


def test_times_never_go_back() -> None:
    times = [line_time(line) for line in LINES]
    assert times == sorted(times, key=lambda moment: moment or START)
    assert times[0] is not None
    assert times[0] >= START


def test_log_is_believable() -> None:
    text = b"".join(LINES)
    assert all(status in text for status in (b'" 200 ', b'" 304 ', b'" 404 ', b'" 303 '))
    assert b"Googlebot" in text
    assert len({line.split(b" ")[0] for line in LINES}) > 100
    assert len(set(LINES)) > 0.9 * len(LINES)
