"""Numbers, booleans and nulls are proven as written; whatever a parser might print otherwise is refused."""

import json
import re

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from local_firehose.bulk_scalars import proven_scalars

PLAIN = re.compile(r"-?[1-9][0-9]*|0|true|false|null")
FRACTION = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+")


def proven(texts: list[str], *, has_fractions: bool) -> list[str | None]:
    """The texts that are proven; a refused one is ``refused``."""
    found, refused = proven_scalars(pa.array(texts, pa.string()), has_fractions=has_fractions)
    return ["refused" if no else text for text, no in zip(found.to_pylist(), refused.tolist(), strict=True)]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        pytest.param(["0", "12", "-7"], ["0", "12", "-7"], id="whole"),
        pytest.param(["1", "null", "true", "false"], ["1", None, "true", "false"], id="with-null"),
        pytest.param(["1.5", "-0.25", "0.0"], ["1.5", "-0.25", "0.0"], id="fractions"),
        pytest.param(["1", "", "2"], ["1", "refused", "2"], id="empty"),
        pytest.param(["1", "007", "00", "-01", "-0", "-"], ["1", *["refused"] * 5], id="zeros"),
        pytest.param(["1.5", "1.", ".5", "-.5", "1.2.3", "01.5", "-", "-0"], ["1.5", *["refused"] * 7], id="points"),
        pytest.param(["1", "1-2", "--1"], ["1", "refused", "refused"], id="minus"),
        pytest.param(["1", "1e5", "1E5", "+1", " 1", "1 ", "NaN", "nul"], ["1", *["refused"] * 7], id="letters"),
        pytest.param(["9" * 17, "9" * 30], ["9" * 17, "refused"], id="digits"),
        pytest.param([], [], id="none"),
        pytest.param([""], ["refused"], id="only-empty"),
    ],
)
def test_proven_are_numbers_as_a_parser_prints_them(texts: list[str], expected: list[str | None]) -> None:
    assert proven(texts, has_fractions=True) == expected
    plain = ["refused" if text is not None and "." in text else text for text in expected]
    assert proven(texts, has_fractions=False) == plain


@given(
    texts=st.lists(st.one_of(st.text("0123456789-.", max_size=5), st.text("01-.eE+nulltrue ", max_size=5)), max_size=6),
    has_fractions=st.booleans(),
)
@example(texts=["-0", "1"], has_fractions=False)
@example(texts=["-0", "1.5"], has_fractions=True)
@example(texts=["", "--"], has_fractions=False)
def test_exactly_the_plain_ones_are_proven(texts: list[str], has_fractions: bool) -> None:
    for text, found in zip(texts, proven(texts, has_fractions=has_fractions), strict=True):
        is_plain = bool(PLAIN.fullmatch(text) or (has_fractions and FRACTION.fullmatch(text)))
        assert (found != "refused") == is_plain, text
        if is_plain:
            assert found == (None if text == "null" else text)
            json.loads(text)


def test_parts_of_a_longer_array_are_proven_alike() -> None:
    found, refused = proven_scalars(pa.array(["x", "1", "-22", "03"], pa.string())[1:], has_fractions=False)
    assert (found.to_pylist(), refused.tolist()) == (["1", "-22", "03"], [False, False, True])
