"""Java's own answers: java_time_vectors.tsv was written by OpenJDK 17 (locale en-US), one pattern a line.

An answer is ``=text``, ``!refused`` (ofPattern throws) or ``!format`` (format throws).
"""

import string
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_firehose.java_time_errors import PatternError
from local_firehose.java_time_format import compile_pattern
from local_firehose.time_zones import time_zone

VECTORS = [
    line.split("\t") for line in Path(__file__).with_name("java_time_vectors.tsv").read_text("utf-8").splitlines()[1:]
]
# observed: each of the 52 letters was tried alone on AWS (cdk-preflight pf-firehose-prefix-expression-value)
REFUSED_LETTERS = set("CIJPRTUVbfijloprt")


def moment(epoch_ms: int, zone: str = "UTC") -> datetime:
    seconds, milliseconds = divmod(epoch_ms, 1000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=milliseconds * 1000).astimezone(time_zone(zone))


def answer(epoch_ms: int, zone: str, pattern: str) -> str:
    try:
        compiled = compile_pattern(pattern)
    except PatternError:
        return "!refused"
    try:
        return "=" + compiled.format(moment(epoch_ms, zone))
    except PatternError:
        return "!format"


def test_answers_are_java_s() -> None:
    assert len(VECTORS) > 990
    differing = [
        (epoch_ms, zone, pattern, expected, answer(int(epoch_ms), zone, pattern))
        for epoch_ms, zone, pattern, expected in VECTORS
        if answer(int(epoch_ms), zone, pattern) != expected
    ]
    assert differing == []


@pytest.mark.parametrize("letter", string.ascii_letters)
def test_letter_is_taken_as_by_aws(letter: str) -> None:
    assert (answer(1_715_915_045_678, "UTC", letter) == "!refused") == (letter in REFUSED_LETTERS)


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        pytest.param("yyyy'", "a quotation mark is not closed", id="open-quote"),
        pytest.param("a#", "'#' is reserved", id="reserved"),
        pytest.param("MMMMMM", "'M' is repeated 6 times, at most 5 are taken", id="too-often"),
        pytest.param("T", "'T' is not a pattern letter", id="unknown-letter"),
        pytest.param("p/", "the pad letter 'p' must be followed by a pattern letter", id="pad-without-field"),
    ],
)
def test_refusal_says_why(pattern: str, reason: str) -> None:
    with pytest.raises(PatternError, match=r"^time pattern ") as refusal:
        compile_pattern(pattern)
    assert (refusal.value.pattern, refusal.value.reason) == (pattern, reason)


def test_letters_are_listed_once_and_in_order() -> None:
    assert compile_pattern("yyyy/MM/yy'dd'HH").letters == "yMH"


@given(st.text(alphabet=string.ascii_letters + "'[]{}#/-: ", max_size=12))
def test_any_text_is_formatted_or_refused(pattern: str) -> None:
    assert answer(1_715_915_045_678, "Asia/Tokyo", pattern)[0] in "=!"


@given(st.text(max_size=20).filter(lambda text: "'" not in text and text))
def test_quoted_text_comes_out_as_it_is(text: str) -> None:
    assert compile_pattern(f"'{text}'").format(moment(0)) == text
