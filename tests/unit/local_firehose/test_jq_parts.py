"""A query cut into parts: which keys go together, and what each part is asked."""

import pytest

from local_firehose.jq_leaf import Leaf, Seconds
from local_firehose.jq_parser import parse
from local_firehose.jq_parts import Part, QueryParts

LAST = 253_402_300_799


@pytest.mark.parametrize(
    ("query", "names", "parts"),
    [
        pytest.param("{a: .x, b: .y, c: (.x|length)}", "abc", [("a", "c"), ("b",)], id="same-leaves-together"),
        pytest.param("{b: .y, a: .x}", "ab", [("a",), ("b",)], id="in-the-order-of-the-names"),
        pytest.param(
            "def f: .x; .y as $y | {a: f, b: 1}", "ab", [("a",), ("b",)], id="behind-definitions-and-bindings"
        ),
        pytest.param(".r | {a: .x, b: .y}", "ab", [("a",), ("b",)], id="behind-a-pipe"),
        pytest.param("{a: .x, b: tojson}", "ab", [("a",), ("b",)], id="one-that-reads-all"),
        pytest.param("{a: .x, b: .y}, {a: 1, b: 2}", "ab", [("a", "b")], id="two-objects"),
        pytest.param("{a: .x} + {b: .y}", "ab", [("a", "b")], id="sum"),
        pytest.param("{a: .x, a: .y}", "a", [("a",)], id="key-twice"),
        pytest.param("{a: .x, (.k): .y}", "a", [("a",)], id="computed-key"),
        pytest.param("{a: .x, b: .y}", "a", [("a",)], id="key-that-nobody-wants"),
        pytest.param("{a: .x}", "ab", [("a", "b")], id="key-that-is-not-there"),
        pytest.param(".z as [$v] ?// $v | {a: .x, b: $v}", "ab", [("a", "b")], id="either-pattern"),
    ],
)
def test_keys_that_read_the_same_leaves_make_one_part(query: str, names: str, parts: list[tuple[str, ...]]) -> None:
    assert [part.keys for part in QueryParts(query, tuple(names)).parts] == parts


def test_part_has_the_leaves_of_its_keys_only() -> None:
    found = QueryParts('{a: .x, b: .t|strftime("%H"), c: .t|strftime("%d")}', ("a", "b", "c"))
    assert found.parts == (
        Part(("a",), (Leaf(("x",), None),)),
        Part(("b", "c"), (Leaf(("t",), Seconds(3600, LAST)),)),
    )
    assert found.whole == Part(("a", "b", "c"), (Leaf(("x",), None), Leaf(("t",), Seconds(3600, LAST))))


def test_leaf_below_another_parts_leaf_is_read_as_that() -> None:
    found = QueryParts("{a: .x, b: .x.y}", ("a", "b"))
    assert [part.leaves for part in found.parts] == [(Leaf(("x",), None),)] * 2


@pytest.mark.parametrize(
    ("query", "names", "keys", "program"),
    [
        pytest.param("{a: .x, b: .y}", "ab", "a", "{a: .x}", id="one-key"),
        pytest.param("{a: .x, b: .y, c: 1}", "abc", "ac", "{a: .x, c: 1}", id="two-keys"),
        pytest.param(
            "def f: .x; .r | . as $r | {a: f, b: $r}",
            "ab",
            "b",
            "def f: .x; .r | . as $r | {b: $r}",
            id="what-is-before",
        ),
    ],
)
def test_program_of_a_part_is_the_query_without_the_other_keys(query: str, names: str, keys: str, program: str) -> None:
    found = QueryParts(query, tuple(names))
    assert parse(found.program([part for part in found.parts if set(part.keys) <= set(keys)])) == parse(program)


def test_what_is_no_query_of_jq_16_is_one_part_that_libjq_will_refuse() -> None:
    found = QueryParts("{a, $__loc__}", ("a",))
    assert found.parts == (Part(("a",), None),)
    assert found.program(found.parts) == "{a, $__loc__}"


def test_program_of_all_parts_is_the_query_as_written() -> None:
    query = "{a: .x,   b: .y} # both"
    found = QueryParts(query, ("a", "b"))
    assert found.program(found.parts) == query
