"""Which leaves decide a query's result, and how keys of records are read from them."""

import pytest

from local_firehose.jq_leaf_reader import LeafReader
from local_firehose.jq_leaves import Leaf, Prefix, Seconds, leaves

LAST = 253_402_300_799


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param("{a: .x}", [Leaf(("x",), None)], id="path"),
        pytest.param("{a: .x.y, b: .x.z}", [Leaf(("x", "y"), None), Leaf(("x", "z"), None)], id="inner-paths"),
        pytest.param("{a: .x.y, b: .x}", [Leaf(("x",), None)], id="outer-path-has-the-inner"),
        pytest.param("{x}", [Leaf(("x",), None)], id="shorthand"),
        pytest.param('{a: "k"}', [], id="constant"),
        pytest.param(". as $r | {a: $r.x}", [Leaf(("x",), None)], id="variable-for-the-record"),
        pytest.param(".x as $x | {a: $x.y}", [Leaf(("x", "y"), None)], id="variable-for-a-path"),
        pytest.param('{a: .t|strftime("%Y")}', [Leaf(("t",), Seconds(86400, LAST))], id="date"),
        pytest.param('{a: .t|strftime("%Y"), b: .t|strftime("%H")}', [Leaf(("t",), Seconds(3600, LAST))], id="hour"),
        pytest.param('{a: .t|strftime("%H:%M")}', [Leaf(("t",), Seconds(60, LAST))], id="minute"),
        pytest.param('{a: .t|strftime("%T")}', [Leaf(("t",), Seconds(1, LAST))], id="second"),
        pytest.param('{a: .t|strftime("%-d")}', [Leaf(("t",), Seconds(1, LAST))], id="unknown-directive"),
        pytest.param(
            '{a: (.t/1000)|strftime("%d")}', [Leaf(("t",), Seconds(86_400_000, LAST * 1000))], id="milliseconds"
        ),
        pytest.param(
            '{a: (.t/1000|floor|strftime("%d"))}', [Leaf(("t",), Seconds(86_400_000, LAST * 1000))], id="floored"
        ),
        pytest.param('{a: .t|strftime("%d"), b: .t}', [Leaf(("t",), None)], id="date-and-whole"),
        pytest.param('{a: .t|strftime("%d"), b: (.t/1000)|strftime("%d")}', [Leaf(("t",), None)], id="two-units"),
        pytest.param("{a: .t[0:4], b: .t[5:7]}", [Leaf(("t",), Prefix(7))], id="slices"),
        pytest.param("{a: .t[4:]}", [Leaf(("t",), None)], id="slice-without-end"),
        pytest.param("{a: .t[-2:4]}", [Leaf(("t",), None)], id="slice-from-the-end"),
        pytest.param("{a: (.t|split(.s))}", [Leaf(("t",), None)], id="argument-reads-its-input"),
        pytest.param("{a: (if .x == .y then .z else 1 end)}", [Leaf((n,), None) for n in "xyz"], id="condition"),
        pytest.param("{a: now}", None, id="time"),
        pytest.param("{a: (.x|now)}", None, id="time-after-a-pipe"),
        pytest.param("{a: $ENV.HOME}", None, id="environment"),
        pytest.param("{a: tojson}", None, id="whole-record"),
        pytest.param("{a: .[.k]}", None, id="computed-path"),
        pytest.param(".. | {a: .x}", None, id="everywhere"),
        pytest.param("def f: .x; {a: f}", None, id="function"),
    ],
)
def test_leaves_are_what_the_result_depends_on(query: str, found: list[Leaf] | None) -> None:
    assert leaves(query) == (None if found is None else tuple(found))


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
    reader = LeafReader(leaves(query) or ())
    one, two = reader.keys([first, second])
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
    reader = LeafReader(leaves("{a: .x}") or ())
    assert reader.keys([b'{"x":5}', record, b'{"x":5}']) == [(5,), None, (5,)]


def test_member_names_may_be_any_text() -> None:
    reader = LeafReader(leaves('{a: ."x y"."é", b: .leaf0, c: .__class__}') or ())
    assert reader.keys(['{"x y":{"é":1},"leaf0":2,"__class__":3}'.encode()]) == [(1, 2, 3)]
