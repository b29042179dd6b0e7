"""What CloudWatch Logs sends, and what only looks like it."""

import gzip
import json

import pytest

from local_firehose import decompression
from local_firehose.decompression import DecompressionError, gunzip, log_messages


def test_members_of_a_gzip_file_are_joined() -> None:
    assert gunzip(gzip.compress(b"a") + gzip.compress(b"b")) == b"ab"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"", "ends too early", id="nothing"),
        pytest.param(gzip.compress(b"abc" * 100)[:-9], "ends too early", id="cut-short"),
        pytest.param(gzip.compress(b"a") + b"x", "ends too early|incorrect header", id="rest-after-it"),
        pytest.param(b"\x1f\x8b\x08\x00" + b"\xff" * 20, "invalid", id="broken"),
    ],
)
def test_what_is_no_gzip_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(DecompressionError, match=reason):
        gunzip(data)


def test_record_that_would_fill_the_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decompression, "MAX_DECOMPRESSED_BYTES", 1000)
    assert gunzip(gzip.compress(b"a" * 1000)) == b"a" * 1000
    with pytest.raises(DecompressionError, match="larger than 1000 bytes"):
        gunzip(gzip.compress(b"a" * 1001))


def test_each_message_is_a_line() -> None:
    events = [{"id": "1", "timestamp": 1, "message": "é"}, {"id": "2", "timestamp": 2, "message": '{"a":1}'}]
    assert log_messages(json.dumps({"logEvents": events}).encode()) == 'é\n{"a":1}\n'.encode()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"text", id="no-json"),
        pytest.param(b"[]", id="no-object"),
        pytest.param(b'{"logEvents":[{"id":"1"}]}', id="event-without-message"),
        pytest.param(b"\xff", id="no-text"),
        pytest.param(b'{"a":' * 200_000, id="deep"),
    ],
)
def test_what_is_no_log_batch_is_refused(data: bytes) -> None:
    with pytest.raises(DecompressionError, match="not a CloudWatch Logs batch"):
        log_messages(data)
