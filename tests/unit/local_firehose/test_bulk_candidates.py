"""Commas and blanks before a closing bracket are found wherever a batch is cut for the processor's cache."""

import numpy as np
import pytest

from local_firehose import bulk_candidates


def found(text: bytes) -> list[int]:
    return bulk_candidates._before_closing(np.frombuffer(text, np.uint8)).tolist()


@pytest.mark.parametrize("cached_bytes", [1, 2, 3, 7, 1 << 17])
def test_a_comma_or_blank_before_a_closing_bracket_is_found(monkeypatch: pytest.MonkeyPatch, cached_bytes: int) -> None:
    monkeypatch.setattr(bulk_candidates, "_CACHED_BYTES", cached_bytes)
    text = b'{"a":[1,],"b":2 }{"c":[ ],\n}{"d":"x,}"}'
    expected = [at for at in range(len(text) - 1) if text[at] in b", \t\r\n" and text[at + 1] in b"}]"]
    assert found(text) == expected != []


@pytest.mark.parametrize(
    "text", [pytest.param(b"", id="empty"), pytest.param(b"}", id="one"), pytest.param(b"{}", id="none")]
)
def test_nothing_is_found_where_nothing_stands(text: bytes) -> None:
    assert found(text) == []
