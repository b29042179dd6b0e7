"""Leaves as they are read out of records, and the documents made of them again."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local_firehose.jq_leaf import Leaf, Prefix
from local_firehose.jq_leaf_reader import Key, LeafReader
from local_firehose.jq_leaves import leaves

MANY = 1000


def keys(query: str, records: list[bytes]) -> list[Key | None]:
    wanted = leaves(query) or ()
    table = LeafReader(wanted).table(records)
    kinds = table.kinds(wanted, most=MANY)
    assert kinds is not None
    found: list[Key | None] = [None] * len(records)
    for place, code in zip(table.places.tolist(), kinds.codes.tolist(), strict=True):
        found[place] = kinds.keys[code]
    return found


@pytest.mark.parametrize(
    ("query", "first", "second", "same"),
    [
        pytest.param("{a: .x}", b'{"x":"a","y":1}', b'{"y":2,"x":"a"}', True, id="other-members"),
        pytest.param("{a: .x}", b'{"x":"a"}', b'{"x":"b"}', False, id="value"),
        pytest.param("{a: .x}", b'{"x":1}', b'{"x":true}', False, id="one-and-true"),
        pytest.param("{a: .x}", b'{"x":1}', b'{"x":"1"}', False, id="one-and-text"),
        pytest.param("{a: .x}", b'{"x":0.0}', b'{"x":-0.0}', False, id="sign-of-zero"),
        pytest.param("{a: .x}", b"{}", b'{"x":null}', True, id="missing-and-null"),
        pytest.param("{a: .x.y}", b"{}", b'{"x":null}', True, id="missing-above"),
        pytest.param('{a: .t|strftime("%H")}', b'{"t":3600}', b'{"t":7199}', True, id="one-hour"),
        pytest.param('{a: .t|strftime("%H")}', b'{"t":3599}', b'{"t":3600}', False, id="two-hours"),
        pytest.param('{a: .t|strftime("%H")}', b'{"t":-1}', b'{"t":-2}', False, id="before-1970"),
        pytest.param('{a: .t|strftime("%H")}', b'{"t":2}', b'{"t":1.5}', False, id="fraction"),
        pytest.param("{a: .t[0:2]}", b'{"t":"ab1"}', b'{"t":"ab2"}', True, id="same-start"),
        pytest.param("{a: .t[0:2]}", '{"t":"éa1"}'.encode(), b'{"t":"\\u00e9a2"}', True, id="characters-not-bytes"),
    ],
)
def test_records_share_a_key_if_their_leaves_agree(query: str, first: bytes, second: bytes, same: bool) -> None:
    one, two = keys(query, [first, second])
    assert one is not None
    assert two is not None
    assert (one == two) is same


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"[]", id="array"),
        pytest.param(b'{"x":{}}', id="object-as-a-leaf"),
        pytest.param(b'{"x":-0}', id="negative-zero"),
        pytest.param(b'{"x":1,}', id="comma-too-many"),
        pytest.param(b'{"y":nan}', id="nan"),
        pytest.param(b'{"x":1E400}', id="too-large"),
        pytest.param(b'{"x":"\xff"}', id="no-text"),
        pytest.param(b'{"x":1}{"x":1}', id="two-documents"),
        pytest.param(b'{"y":' + b"[" * 250 + b"]" * 250 + b"}", id="deep"),
    ],
)
def test_record_that_only_libjq_can_judge_has_no_key(record: bytes) -> None:
    assert keys("{a: .x}", [b'{"x":5}', record, b'{"x":5}']) == [(5,), None, (5,)]


def test_member_names_may_be_any_text() -> None:
    query = '{a: ."x y"."é", b: .leaf0, c: .__class__}'
    assert keys(query, ['{"x y":{"é":1},"leaf0":2,"__class__":3}'.encode()]) == [(1, 2, 3)]


def test_kinds_have_the_first_record_of_each_as_example() -> None:
    wanted = (Leaf(("x",), None),)
    kinds = LeafReader(wanted).table([b'{"x":"a"}', b"{", b'{"x":"b"}', b'{"x":"a"}']).kinds(wanted, most=2)
    assert kinds is not None
    assert (kinds.codes.tolist(), kinds.keys, kinds.examples.tolist()) == ([0, 1, 0], [("a",), ("b",)], [0, 1])


def test_more_kinds_than_wanted_are_none() -> None:
    wanted = (Leaf(("x",), None),)
    assert LeafReader(wanted).table([b'{"x":"a"}', b'{"x":"b"}', b'{"x":"c"}']).kinds(wanted, most=2) is None


def test_one_leaf_may_be_read_in_two_ways() -> None:
    wanted = (Leaf(("x",), None), Leaf(("x",), Prefix(1)))
    table = LeafReader(wanted).table([b'{"x":"ab"}', b'{"x":"ac"}'])
    assert [len(kinds.keys) for leaf in wanted if (kinds := table.kinds([leaf], most=MANY))] == [2, 1]


SCALARS = st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = SCALARS | st.text(max_size=4)
PATHS = [("a",), ("b", "x y"), ("b", "é"), ("c", "d", "e")]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(VALUES, VALUES, VALUES, VALUES), min_size=1, max_size=5))
def test_document_has_the_values_of_the_leaves(rows: list[tuple[object, ...]]) -> None:
    records = [
        json.dumps({"z": [1], "a": a, "b": {"x y": b, "é": c, "y": 0}, "c": {"d": {"e": d}}}).encode()
        for a, b, c, d in rows
    ]
    table = LeafReader([Leaf(path, None) for path in PATHS]).table(records)
    documents = table.documents(PATHS)
    expected = [rows[place] for place in table.places.tolist()]
    assert [document[-1:] for document in documents] == [b"\n"] * len(expected)
    assert [repr(json.loads(document)) for document in documents] == [
        repr({"a": a, "b": {"x y": b, "é": c}, "c": {"d": {"e": d}}}) for a, b, c, d in expected
    ]
