"""Lines of error objects beyond the facts in tests/fidelity/error_documents.yaml."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_firehose.error_records import error_line
from local_firehose.records import Failure, Record


def failure(original: bytes = b"x", message: str = "m", kind: str = "metadata-extraction-failed") -> Failure:
    return Failure(Record(1, 1000, b"", original), kind, "code", message)


@given(original=st.binary(max_size=50), message=st.text(max_size=20))
def test_line_is_one_line_that_gives_back_bytes_and_message(original: bytes, message: str) -> None:
    line = error_line(failure(original, message), attempt_ended_ms=2000)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    found = json.loads(line)
    assert base64.b64decode(found["rawData"]) == original
    assert found["errorMessage"] == message


def test_lone_surrogate_in_a_message_does_not_break_the_line() -> None:
    assert json.loads(error_line(failure(message="a\ud800"), attempt_ended_ms=2000))["errorMessage"] == "a?"


def test_attempt_never_ends_before_the_record_arrives() -> None:
    assert json.loads(error_line(failure(), attempt_ended_ms=1))["attemptEndingTimestamp"] == 1000


def test_conversion_failure_needs_its_table() -> None:
    with pytest.raises(ValueError, match="without its conversion"):
        error_line(failure(kind="format-conversion-failed"), attempt_ended_ms=1)
