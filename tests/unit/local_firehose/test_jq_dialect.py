"""Programs for libjq 1.8 that answer as jq 1.6; what they do when run is held by tests/fidelity/partition_keys.yaml."""

import pytest

from local_firehose.jq_dialect import adapted, is_refused_by_16, may_nest_too_deep, message_as_in_16
from local_firehose.jq_lexer import JqSyntaxError


@pytest.mark.parametrize(
    ("query", "message"),
    [
        pytest.param("{a: (.x|abs)}", "jq: error: abs/0 is not defined at <top-level>, line 1:", id="newer-function"),
        pytest.param("{a: (.x|limit(1))}", "jq: error: limit/1 is not defined", id="other-arity"),
        pytest.param("{a: $x}", "jq: error: \\$x is not defined", id="variable"),
        pytest.param("{a: .x as $x | 1} | {b: $x}", "unexpected 'as'", id="binding-as-an-object-value"),
        pytest.param("(.x as $y | 1) | $y", "jq: error: \\$y is not defined", id="variable-out-of-scope"),
        pytest.param("break $out", "jq: error: \\$\\*label-out is not defined", id="label"),
        pytest.param("1 / 0", "Division by zero", id="division"),
        pytest.param("def f(g): h; f(1)", "jq: error: h/0 is not defined", id="inside-a-function"),
        pytest.param("reduce .[] as [$a] (0; $b)", "jq: error: \\$b is not defined", id="inside-reduce"),
    ],
)
def test_what_jq_16_does_not_know_is_refused(query: str, message: str) -> None:
    with pytest.raises(JqSyntaxError, match=message):
        adapted(query, is_jq_16=False)


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("def f(g; $x): g + $x + x; f(1; 2)", id="parameters"),
        pytest.param("def f: def g: f; g; f", id="recursion"),
        pytest.param(". as {a: $x, $y, $z: [$w]} | $x + $y + $z + $w", id="patterns"),
        pytest.param(".[] as [$a] ?// $a | $a", id="alternative-patterns"),
        pytest.param("label $out | foreach .[] as $x (0; $x; break $out)", id="label"),
        pytest.param("$ENV | $__loc__", id="global-variables"),
        pytest.param("leaf_paths, recurse_down, pow10, scalars_or_empty", id="functions-that-went-away"),
    ],
)
def test_what_jq_16_knows_is_taken(query: str) -> None:
    assert adapted(query, is_jq_16=False)


@pytest.mark.parametrize(
    ("query", "part"),
    [
        pytest.param("1.50", "(1.50 * 1)", id="literal-as-a-double"),
        pytest.param("10", "10", id="small-integer-as-it-is"),
        pytest.param("@uri", "(_uri)", id="uri"),
        pytest.param("@base32d", "is not a valid format", id="format-that-came-later"),
        pytest.param(".a * .b", '_times(.["a"];.["b"])', id="product-that-may-repeat-a-text"),
        pytest.param(".a * 1000", '(.["a"] * 1000)', id="product-that-is-the-same"),
        pytest.param("limit(1; .a)", "def limit(", id="limit"),
    ],
)
def test_what_behaves_differently_is_replaced(query: str, part: str) -> None:
    assert part in adapted(query, is_jq_16=False)


def test_libjq_16_gets_the_query_as_written() -> None:
    assert adapted("{a: .x  } # c", is_jq_16=True).endswith("{a: .x  } # c")


@pytest.mark.parametrize(
    ("record", "refused"),
    [
        pytest.param(b'{"a":nan}', True, id="nan"),
        pytest.param(b'{"a":"nan"}', False, id="nan-in-a-text"),
        pytest.param(b'{"a":"\\"nan"}', False, id="nan-after-an-escaped-quote"),
        pytest.param(b"[" * 256 + b"]" * 256, False, id="as-deep-as-can-be"),
        pytest.param(b"[" * 257 + b"]" * 257, True, id="too-deep"),
        pytest.param(b"[]" * 400, False, id="many-brackets-side-by-side"),
    ],
)
def test_record_that_only_later_versions_parse_is_known(record: bytes, refused: bool) -> None:
    assert is_refused_by_16(record) is refused
    assert may_nest_too_deep(record) or b"nan" in record or not refused


@pytest.mark.parametrize(
    "message",
    [
        pytest.param("strftime/1 requires parsed datetime inputs", id="another"),
        pytest.param('Cannot index number with string "s"', id="already"),
    ],
)
def test_other_messages_stay(message: str) -> None:
    assert message_as_in_16(message) == message
