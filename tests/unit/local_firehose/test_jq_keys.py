"""Keys read off a query."""

import pytest

from local_firehose.jq_errors import JqCompileError
from local_firehose.jq_keys import query_keys, readable_keys


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        pytest.param('{store_id: .s, year: .t|strftime("%Y")}', ("store_id", "year"), id="constructor"),
        pytest.param('{"a b": 1, $x, c}', ("a b", "x", "c"), id="other-spellings"),
        pytest.param("{a: {b: 1}}", ("a",), id="inner-objects-do-not-count"),
        pytest.param(".x | {a: .y}", ("a",), id="after-a-pipe"),
        pytest.param(". as $r | {a: $r.y}", ("a",), id="after-a-binding"),
        pytest.param("if .x then {a: 1} else {b: 2} end", ("a", "b"), id="either-branch"),
        pytest.param("{a: 1} + {b: 2}", ("a", "b"), id="sum-of-objects"),
        pytest.param("{a: 1} // {b: 2}", ("a", "b"), id="alternative"),
        pytest.param("try {a: 1} catch {b: .}", ("a", "b"), id="handler"),
        pytest.param("def f(x): {a: x}; f(.y)", ("a",), id="function"),
        pytest.param("def f: {a: 1} + f; f", ("a",), id="function-without-end"),
        pytest.param("label $l | {a: 1}", ("a",), id="label"),
    ],
)
def test_keys_are_those_that_the_syntax_names(query: str, keys: tuple[str, ...]) -> None:
    assert query_keys(query) == keys


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        pytest.param("{a: 1, b: 2}", frozenset({"a", "b"}), id="constructor"),
        pytest.param("if .x then {a: 1} else empty end", frozenset({"a"}), id="empty-adds-none"),
        pytest.param("{(.k): 1}", None, id="computed-name"),
        pytest.param('{"k\\(.k)": 1}', None, id="interpolated-name"),
        pytest.param("with_entries(.)", None, id="library-function"),
        pytest.param(".", None, id="the-record-itself"),
        pytest.param("{a: 1} + .", None, id="sum-with-the-record"),
    ],
)
def test_keys_are_readable_only_if_all_are(query: str, keys: frozenset[str] | None) -> None:
    assert readable_keys(query) == keys


def test_what_is_no_program_has_no_keys() -> None:
    with pytest.raises(JqCompileError, match="unexpected the end") as caught:
        query_keys("{a: ")
    assert caught.value.query == "{a: "
