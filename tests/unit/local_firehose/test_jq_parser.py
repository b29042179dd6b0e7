"""The grammar of jq 1.6: what it takes, how it binds, what it refuses."""

import pytest

from local_firehose.jq_lexer import JqSyntaxError
from local_firehose.jq_parser import parse
from local_firehose.jq_printer import printed
from local_firehose.jq_syntax import Binary, Identity, Index, Literal, Text


def test_path_is_a_chain_of_indexes() -> None:
    assert parse(".a.b") == Index(Index(Identity(), Text(("a",))), Text(("b",)))


@pytest.mark.parametrize(
    ("program", "explicit"),
    [
        pytest.param("1 + 2 * 3", "1 + (2 * 3)", id="product-before-sum"),
        pytest.param("1 - 2 - 3", "(1 - 2) - 3", id="left-to-right"),
        pytest.param("1, 2 | 3", "(1, 2) | 3", id="comma-before-pipe"),
        pytest.param("1 | 2 | 3", "1 | (2 | 3)", id="pipe-right-to-left"),
        pytest.param(".a // .b // 1", ".a // (.b // 1)", id="alternative-right-to-left"),
        pytest.param(".a // 1, 2", "(.a // 1), 2", id="alternative-before-comma"),
        pytest.param("1 and 2 or 3", "(1 and 2) or 3", id="and-before-or"),
        pytest.param(".a == 1 and .b < 2", "(.a == 1) and (.b < 2)", id="comparison-before-and"),
        pytest.param("-1 + 2", "(-1) + 2", id="minus-like-a-difference"),
        pytest.param("-.a * 2", "-(.a * 2)", id="minus-after-a-product"),
        pytest.param("try .a | .b", "(try .a) | .b", id="try-takes-little"),
        pytest.param("try -1 * 2 catch .", "try (-(1 * 2)) catch .", id="try-of-a-minus"),
        pytest.param(".a? // 1", "(.a?) // 1", id="question-mark"),
        pytest.param("1 + .[]?", "1 + (.[]?)", id="question-mark-before-sum"),
        pytest.param(". as $x | 1, 2", ". as $x | (1, 2)", id="binding-takes-all"),
        pytest.param("1 + . as $x | $x * 2", "1 + (. as $x | ($x * 2))", id="binding-after-plus"),
        pytest.param("def f: 1, 2; f | f", "def f: (1, 2); (f | f)", id="definition-takes-all"),
        pytest.param("label $f | 1, 2", "label $f | (1, 2)", id="label-takes-all"),
        pytest.param("reduce .[] as $x (0; . + $x) | .", "(reduce .[] as $x (0; . + $x)) | .", id="reduce"),
        pytest.param(
            "if 1 then 2 elif 3 then 4 else 5 end", "if 1 then 2 else (if 3 then 4 else 5 end) end", id="elif"
        ),
        pytest.param("{a: 1 | 2}", "{a: (1 | 2)}", id="pipe-in-an-object"),
        pytest.param("{a: -1}", "{a: (-1)}", id="minus-in-an-object"),
        pytest.param('{"a": 1, "b"}', '{a: 1, b: ."b"}', id="quoted-names"),
        pytest.param("{if: 1, and: 2}", '{"if": 1, "and": 2}', id="keywords-as-names"),
        pytest.param("{a: 1,}", "{a: 1}", id="comma-at-the-end"),
        pytest.param(".a[1:][0]", "((.a)[1:])[0]", id="suffixes"),
        pytest.param('."a b".c', '.["a b"]["c"]', id="quoted-field"),
        pytest.param(".a .b", ".a.b", id="space-before-a-field"),
        pytest.param('"a\\(1 + 2)b"', '"a\\((1 + 2))b"', id="interpolation"),
        pytest.param("1 # rest\n+ 2", "1 + 2", id="comment"),
        pytest.param("[.[] | {a, $b}]", "[(.[] | {a: .a, $b})]", id="shorthands"),
    ],
)
def test_program_binds_as_its_explicit_form(program: str, explicit: str) -> None:
    if program.startswith(('{"a"', "[.[]")):  # a shorthand keeps its own shape in the tree
        assert printed(parse(printed(parse(program)))) == printed(parse(program))
    else:
        assert parse(program) == parse(explicit)


@pytest.mark.parametrize(
    ("program", "message"),
    [
        pytest.param("", "unexpected the end of the program", id="empty"),
        pytest.param(".a |", "unexpected the end of the program", id="pipe-into-nothing"),
        pytest.param(".a == .b == .c", "do not chain", id="chained-comparison"),
        pytest.param("if . then 1 end", "else belongs here", id="if-without-else"),
        pytest.param("{a: if . then 1 else 2 end}", "unexpected 'if'", id="if-as-an-object-value"),
        pytest.param("{a: 1 + 2}", "unexpected '\\+'", id="sum-as-an-object-value"),
        pytest.param(".a.[0]", "unexpected '\\.'", id="bracket-after-a-dot"),
        pytest.param("$and", "a name belongs here", id="keyword-as-a-variable"),
        pytest.param(".a) | (.b", "nothing more belongs here", id="parenthesis-too-many"),
        pytest.param("'a'", "unexpected character", id="single-quotes"),
        pytest.param('"a', "a string has no end", id="open-string"),
        pytest.param('"\\q"', "not an escape", id="unknown-escape"),
        pytest.param('"\\u12"', "four hexadecimal digits", id="short-escape"),
        pytest.param('"\\(1"', "has no end", id="open-interpolation"),
        pytest.param("1.2.3", "not a number", id="two-points"),
        pytest.param('import "a" as a; .', "cannot load modules", id="import"),
        pytest.param('include "a"; .', "cannot load modules", id="include"),
        pytest.param("(" * 500 + "1" + ")" * 500, "levels deep", id="too-deep"),
    ],
)
def test_what_jq_16_does_not_take_is_refused(program: str, message: str) -> None:
    with pytest.raises(JqSyntaxError, match=message):
        parse(program)


def test_definitions_alone_are_the_identity() -> None:
    assert printed(parse("def f: 1;")) == printed(parse("def f: 1; ."))


def test_half_a_surrogate_pair_becomes_the_replacement_character() -> None:
    assert parse('"\\ud83d\\ude00\\ud83d"') == Text(("😀\ufffd",))


def test_operator_of_a_tree_is_as_written() -> None:
    assert parse(".|= 1") == Binary("|=", Identity(), Literal(1.0, "1"))
