"""Which leaves decide a query's result."""

import pytest

from local_firehose.jq_leaf import Leaf, Prefix, Seconds
from local_firehose.jq_leaves import leaves

LAST = 253_402_300_799
ANY_NUMBER = Seconds(LAST + 1, LAST)


def whole(*keys: str) -> list[Leaf]:
    return [Leaf((key,), None) for key in keys]


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
        pytest.param("def f: .x; {a: f}", whole("x"), id="function"),
        pytest.param(
            "def f(g): g + .y; {a: (.x|f(.z))}",
            [Leaf(("x", "z"), None), Leaf(("x", "y"), None)],
            id="function-of-a-path",
        ),
        pytest.param("def f(g): [g, .y]|add; {a: f(.z)}", whole("z", "y"), id="filter-as-an-argument"),
        pytest.param("def f($v): $v.y; {a: f(.x)}", [Leaf(("x", "y"), None)], id="value-as-an-argument"),
        pytest.param("def f($v): v; {a: f(.x)}", None, id="value-called-as-a-filter"),
        pytest.param("def f: if . > 3 then . else .+1|f end; {a: (.x|f)}", whole("x"), id="recursion"),
        pytest.param("def f: if .x then . else f end; {a: (f|.y)}", None, id="recursion-that-gives-the-record"),
        pytest.param("def f(g): g, f(g|.y); {a: first(f(.x))}", None, id="recursion-of-a-filter"),
        pytest.param(
            'def h: floor|strftime("%H"); {a: (.t/1000|h)}',
            [Leaf(("t",), Seconds(3_600_000, LAST * 1000))],
            id="hour-by-name",
        ),
        pytest.param(
            '{a: (.t as $t | $t|strftime("%H"))}', [Leaf(("t",), Seconds(3600, LAST))], id="hour-of-a-variable"
        ),
        pytest.param("{a: (.t|floor|5)}", [Leaf(("t",), ANY_NUMBER)], id="number-or-not"),
        pytest.param("def tostring: .x; {a: tostring}", None, id="builtin-defined-anew"),
        pytest.param("def _plus(a; b): .x; {a: (1 + .y)}", None, id="operator-defined-anew"),
        pytest.param("{a: (reduce .x as $v (.y; . + $v))}", whole("y", "x"), id="reduce"),
        pytest.param("{a: (reduce .[] as $v (0; . + $v))}", None, id="reduce-over-the-record"),
        pytest.param("{a: ([foreach .x as $v (.y; . + $v; [., $v])]|add)}", whole("y", "x"), id="foreach"),
        pytest.param(". as {x: $v, $y, z: [$w]} | {a: ($v+$y+$w)}", whole("z", "x", "y"), id="destructuring"),
        pytest.param(". as {(.k): $v} | {a: $v}", None, id="destructuring-by-a-computed-key"),
        pytest.param(".x as [$v] ?// $v | {a: $v}", whole("x"), id="either-pattern"),
        pytest.param(". as [$v] ?// $v | {a: .x}", None, id="either-pattern-of-the-record"),
        pytest.param('select(.x == "s") | {a: .y}', whole("x", "y"), id="select"),
        pytest.param("{a: (first(.x, .y))}", whole("x", "y"), id="first"),
        pytest.param("{a: ([limit(.n; .x)]|length)}", whole("n", "x"), id="limit"),
        pytest.param("{a: (.x = 1 | .y)}", None, id="assignment-gives-the-record"),
        pytest.param("{a: (.x | .y = 1 | .z)}", whole("x"), id="assignment-below-a-path"),
        pytest.param('{a: (.x.y | "k")}', [Leaf(("x", "y"), None)], id="path-gone-through-and-dropped"),
        pytest.param('{a: (.x | "k")}', [], id="member-dropped"),
        pytest.param(". as $r | {a: (.x|path($r.y))}", None, id="variable-in-a-path-expression"),
        pytest.param("{a: (try .x.y catch .), b: .x.z}", [Leaf(("x", "y"), None), Leaf(("x", "z"), None)], id="try"),
        pytest.param('{a: ."\ufffd"}', None, id="key-that-bytes-could-be-read-as"),
        pytest.param(
            '{a: (.t/1000000)|strftime("%d")}',
            [Leaf(("t",), Seconds(86_400_000_000, (2**32 - 1) * 10**6))],
            id="microseconds",
        ),
    ],
)
def test_leaves_are_what_the_result_depends_on(query: str, found: list[Leaf] | None) -> None:
    assert leaves(query) == (None if found is None else tuple(found))


def test_a_program_that_would_take_long_to_walk_is_taken_as_a_whole() -> None:
    doubling = "".join(f"def f{at}: f{at - 1} + f{at - 1}; " for at in range(1, 40))
    assert leaves(f"def f0: .x; {doubling}{{a: f39}}") is None
