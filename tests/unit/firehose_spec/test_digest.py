import duckdb
from hypothesis import given
from hypothesis import strategies as st

from firehose_spec import digest


@given(st.lists(st.text(st.characters(blacklist_characters="\x00", blacklist_categories=["Cs"]))))
def test_duckdb_computes_the_same_sum(texts: list[str]) -> None:
    found = duckdb.execute(
        "select coalesce(sum(md5_number_upper(t)), 0)::varchar from unnest(?::varchar[]) u(t)", [texts]
    ).fetchone()
    assert found == (str(digest.digest(text.encode() for text in texts)),)


@given(st.lists(st.binary()), st.randoms())
def test_order_does_not_matter_and_duplicates_do(items: list[bytes], random) -> None:
    shuffled = random.sample(items, len(items))
    assert digest.digest(shuffled) == digest.digest(items)
    assert digest.digest([*items, b"x"]) != digest.digest(items)


def test_row_item_is_the_joined_text_of_its_values() -> None:
    assert digest.row_item(["S001", 7, 12.5, None, True]) == b"S001\x1f7\x1f12.500000\x1f\x00\x1ftrue"
