"""Bytes that are no UTF-8, read as jq 1.6 reads them; the vectors are its own output."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_firehose.jq_text import as_text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        pytest.param("aé😀".encode(), "aé😀", id="text"),
        pytest.param(b"a\xff", "a\ufffd", id="no-lead"),
        pytest.param(b"\xed\xa0\x80", "\ufffd", id="surrogate"),
        pytest.param(b"\xf0\x9f\x98\xed\xa0\x80\x80", "\ufffd" * 3, id="cut-surrogate-rest"),
        pytest.param(b"\xf4\x90\x80\x80", "\ufffd", id="beyond-unicode"),
        pytest.param(b"\xe0\x80\x80", "\ufffd", id="overlong"),
        pytest.param(b"\xc3(", "\ufffd(", id="cut-short"),
    ],
)
def test_bytes_become_the_text_that_jq_reads(data: bytes, text: str) -> None:
    assert as_text(data) == text


@given(st.text())
def test_text_comes_back(text: str) -> None:
    assert as_text(text.encode("utf-8", "replace")) == text.encode("utf-8", "replace").decode()


@given(st.binary(max_size=12))
def test_ascii_bytes_are_never_swallowed(data: bytes) -> None:
    kept = [character for character in as_text(data) if ord(character) < 128]
    assert kept == [chr(byte) for byte in data if byte < 128]
