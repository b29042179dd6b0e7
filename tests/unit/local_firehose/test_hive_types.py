"""Hive's parser: what it takes our parser takes too, and its complaints are word for word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firehose_spec.glue_types import GlueTypeError, parse
from local_firehose.hive_types import hive_fault


@pytest.mark.parametrize(
    "text",
    [
        "int",
        "decimal",
        "decimal(10)",
        "decimal(10,2)",
        "varchar(3)",
        "array<map<string,struct<Id:int,a_b:array<timestamp>>>>",
        "struct<a b:int,$c:string,d.e:date>",
    ],
)
def test_what_hive_takes(text: str) -> None:
    assert hive_fault(text) is None


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param("INT", "Error: type expected at the position 0 of 'INT' but 'INT' is found.", id="upper-case"),
        pytest.param(
            "integer", "Error: type expected at the position 0 of 'integer' but 'integer' is found.", id="alias"
        ),
        pytest.param(
            "struct<a: int>",
            "Error: type expected at the position 9 of 'struct<a: int>' but ' int' is found.",
            id="blank",
        ),
        pytest.param(
            "array<\nint>", "Error: type expected at the position 6 of 'array<\nint>' but '\n' is found.", id="newline"
        ),
        pytest.param(
            "struct<a-b:int>", "Error: : expected at the position 8 of 'struct<a-b:int>' but '-' is found.", id="hyphen"
        ),
        pytest.param(
            "struct<`a`:int>",
            "Error: name expected at the position 7 of 'struct<`a`:int>' but '`' is found.",
            id="quoted",
        ),
        pytest.param(
            "set<string>", "Error: type expected at the position 0 of 'set<string>' but 'set' is found.", id="set"
        ),
        pytest.param("array<int", "Error: > expected at the end of 'array<int'", id="end"),
        pytest.param("decimal(10, 2)", 'For input string: " 2"', id="blank-before-a-number"),
        pytest.param(
            "struct<a:int, b:int>",
            "member name ' b' of 'struct<a:int, b:int>' begins or ends with a blank",
            id="blank-before-a-member",
        ),
        pytest.param("char", "char type is specified without length: char", id="no-length"),
        pytest.param("int>", "Error: ',', ':', or ';' expected at position 3 from 'int>'", id="rest"),
        pytest.param("decimal(1,2,3)", "Type decimal takes 2 parameters, but 3 are seen", id="too-many-parameters"),
        pytest.param("", "Error: type expected at the end of ''", id="nothing"),
    ],
)
def test_what_hive_refuses_and_how_it_says_so(text: str, fault: str) -> None:
    assert hive_fault(text) == fault


NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,3}", fullmatch=True)
SCALARS = st.sampled_from(["int", "bigint", "string", "timestamp", "date", "binary", "decimal(9,2)", "char(3)"])
TYPES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        inner.map("array<{}>".format),
        st.tuples(SCALARS, inner).map(lambda pair: "map<{},{}>".format(*pair)),
        st.lists(st.tuples(NAMES, inner), min_size=1, max_size=3).map(
            lambda members: f"struct<{','.join(f'{name}:{kind}' for name, kind in members)}>"
        ),
    ),
    max_leaves=6,
)


@given(TYPES)
def test_our_own_way_of_writing_types_is_hives(text: str) -> None:
    assert hive_fault(str(parse(text))) is None


def parsed(text: str) -> str | None:
    try:
        return str(parse(text))
    except GlueTypeError:
        return None


@given(
    st.text(alphabet="aist<>:,() nrtuc12", max_size=14)
    | TYPES.map(str.title)
    | TYPES.map(lambda text: text.replace(",", ", "))
)
def test_what_hive_takes_is_written_as_we_write_it(text: str) -> None:
    assert hive_fault(text) is not None or parsed(text) in {text, None}
