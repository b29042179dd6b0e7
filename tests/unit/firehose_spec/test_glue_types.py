import pytest
from hypothesis import given
from hypothesis import strategies as st

from firehose_spec.glue_types import (
    PRIMITIVE_NAMES,
    Array,
    Decimal,
    GlueType,
    GlueTypeError,
    Map,
    Primitive,
    Struct,
    Text,
    parse,
)

NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True)


def types() -> st.SearchStrategy[GlueType]:
    leaves = st.one_of(
        st.sampled_from(sorted(PRIMITIVE_NAMES)).map(Primitive),
        st.integers(1, 38).flatmap(lambda p: st.integers(0, p).map(lambda s: Decimal(p, s))),
        st.builds(Text, st.sampled_from(["char", "varchar"]), st.integers(1, 255)),
    )
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            inner.map(Array),
            st.builds(Map, inner, inner),
            st.lists(st.tuples(NAMES, inner), min_size=1, max_size=4).map(lambda m: Struct(tuple(m))),
        ),
        max_leaves=8,
    )


@given(types())
def test_a_printed_type_parses_to_itself(kind: GlueType) -> None:
    assert parse(str(kind)) == kind


def test_names_are_lower_cased_and_spaces_ignored() -> None:
    assert parse(" ARRAY < Struct< Id : INT , N:varchar( 5 ) > > ") == Array(
        Struct((("id", Primitive("int")), ("n", Text("varchar", 5))))
    )


def test_decimal_has_hive_defaults() -> None:
    assert parse("decimal") == Decimal(10, 0)


def test_back_quotes_enclose_a_members_name() -> None:
    assert parse("struct<`Order`:int,`a``b`:int>") == Struct((("order", Primitive("int")), ("a`b", Primitive("int"))))


def test_a_type_nested_without_end_is_refused() -> None:
    assert parse("array<" * 99 + "int" + ">" * 99)
    with pytest.raises(GlueTypeError, match="nested more than 100 levels"):
        parse("array<" * 100_000 + "int" + ">" * 100_000)


@pytest.mark.parametrize(
    "text", ["", "set<int>", "uniontype<int,string>", "array<int", "decimal(39,0)", "int>", "struct<>"]
)
def test_what_hive_does_not_know_is_refused_by_name(text: str) -> None:
    with pytest.raises(GlueTypeError, match="column type"):
        parse(text)
