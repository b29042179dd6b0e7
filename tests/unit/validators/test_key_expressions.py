import json
from datetime import UTC, datetime

import duckdb
import jq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firehose_spec.glue_types import Column, parse
from validators.key_expressions import bare_expression, fields_read, normal_expression, parse_query, to_sql

COLUMNS = {
    name: Column(name, parse(kind))
    for name, kind in {
        "s": "string",
        "n": "bigint",
        "t": "timestamp",
        "b": "boolean",
        "d": "double",
        "o": "struct<x:string>",
    }.items()
}


@pytest.mark.parametrize(
    ("query", "expressions"),
    [
        pytest.param("{a:.a}", {"a": ".a"}, id="one"),
        pytest.param('{ a : .x , "b c": .y|tostring }', {"a": ".x", "b c": ".y|tostring"}, id="spaces-and-quotes"),
        pytest.param("{a,b:.c}", {"a": ".a", "b": ".c"}, id="short-form"),
        pytest.param('{a:(.x // "u,{"),b:.y}', {"a": '(.x // "u,{")', "b": ".y"}, id="brackets-in-strings"),
        pytest.param("{a:{b:.c}|.b}", {"a": "{b:.c}|.b"}, id="nested-object"),
    ],
)
def test_object_constructor_is_taken_apart(query: str, expressions: dict[str, str]) -> None:
    parsed = parse_query(query)
    assert parsed is not None
    assert parsed.expressions == expressions


@pytest.mark.parametrize("query", [".", ". | {a:.b}", "{(.a):.b}", "{a:.b", '{a:"x}', "{a:}"])
def test_other_programs_are_left_alone(query: str) -> None:
    assert parse_query(query) is None


def test_two_spellings_compare_equal() -> None:
    assert bare_expression('( .t | strftime( "%Y %m" ) )') == bare_expression('.t|strftime("%Y %m")')
    assert normal_expression('.a == "x  y"') == '.a=="x  y"'


def test_fields_read_are_the_top_level_ones() -> None:
    assert fields_read('{a:.x.y,b:."z w",c:.["v"]|ascii_downcase,d:(.t|strftime("%H"))}') == {"x", "z w", "v", "t"}


@pytest.mark.parametrize(
    "expression",
    [".d", ".missing", ".s|ascii_downcase", '.s|strftime("%Y")', '.t|strftime("%c")', ".s // .n", ".o", ".t", "now"],
)
def test_what_a_column_cannot_decide_is_left_to_jq(expression: str) -> None:
    assert to_sql(expression, COLUMNS) is None


@settings(deadline=None, max_examples=60)
@given(
    s=st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), min_size=1),
    n=st.integers(-(2**53), 2**53),
    seconds=st.integers(-30_000_000_000, 250_000_000_000),
    flag=st.booleans(),
    expression=st.sampled_from(
        [
            ".s",
            ".n",
            ".n|tostring",
            ".b",
            '."s"',
            '.["s"]',
            ".o.x",
            '.t|strftime("%Y")',
            '(.t|strftime("%m/%d %H:%M:%S %j"))',
        ]
    ),
)
def test_sql_gives_what_jq_gives(s: str, n: int, seconds: int, flag: bool, expression: str) -> None:
    sql = to_sql(expression, COLUMNS)
    assert sql is not None
    record = {"s": s, "n": n, "t": seconds, "b": flag, "o": {"x": s}}
    wanted = jq.compile(expression).input(text=json.dumps(record)).first()
    at = duckdb.execute("select make_timestamp(?::bigint)", [seconds * 1_000_000]).fetchall()[0][0]
    row = "select ? as s, ?::bigint as n, ?::timestamp as t, ?::boolean as b, {'x': ?} as o"
    found = duckdb.execute(f"select {sql} from ({row})", [s, n, at, flag, s]).fetchall()[0][0]
    assert found == (wanted if isinstance(wanted, str) else json.dumps(wanted))


def test_null_is_null() -> None:
    assert duckdb.execute(
        "select " + str(to_sql('.t|strftime("%Y")', COLUMNS)) + " from (select null::timestamp as t)"
    ).fetchall() == [(None,)]


def test_year_of_a_plain_moment() -> None:
    moment = datetime(2026, 11, 22, tzinfo=UTC).replace(tzinfo=None)
    sql = to_sql('.t|strftime("%Y")', COLUMNS)
    assert duckdb.execute(f"select {sql} from (select ?::timestamp as t)", [moment]).fetchall() == [("2026",)]
