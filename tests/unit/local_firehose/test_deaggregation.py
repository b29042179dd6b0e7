"""Splitting is the inverse of joining, and anything that is no row of objects stays whole."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_firehose.deaggregation import delimiter_bytes, split_delimited, split_json

JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.dictionaries(st.text(max_size=4), JSON, max_size=3)
BLANKS = st.sampled_from(["", " ", "\n", "\r\n", "\t", " \n "])


@given(objects=st.lists(st.tuples(OBJECTS, st.sampled_from([None, 1]), BLANKS), min_size=1, max_size=6), lead=BLANKS)
def test_joined_objects_come_apart_again(objects: list[tuple[dict, int | None, str]], lead: str) -> None:
    texts = [json.dumps(value, indent=indent, ensure_ascii=False) for value, indent, _ in objects]
    joined = lead + "".join(text + blank for text, (_, _, blank) in zip(texts, objects, strict=True))
    assert split_json(joined.encode("utf-8", "surrogatepass")) == [text.encode() for text in texts]


@given(st.binary(max_size=40))
def test_any_bytes_stay_whole_or_come_apart_into_objects(data: bytes) -> None:
    pieces = split_json(data)
    assert pieces == [data] or all(isinstance(json.loads(piece), dict) for piece in pieces)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\n", id="blank"),
        pytest.param(b'{"a":1} 2', id="a-number-after-it"),
        pytest.param(b'{"a":1}}', id="a-brace-too-many"),
        pytest.param(b'{"a":"}', id="an-open-string"),
        pytest.param(b'{"a":nan}{}', id="no-json-number"),
        pytest.param(b'"{}{}"', id="a-string"),
        # looked at once more from each quotation mark, as a careless pattern does it, one of these takes half an hour
        pytest.param(b'{"a' + b'\\"' * 500_000, id="an-open-string-of-quotation-marks"),
        pytest.param(b'{"' * 400_000, id="braces-and-quotation-marks"),
        pytest.param(b'{"a":' * 200_000, id="deep"),
    ],
)
def test_what_is_no_row_of_objects_stays_whole(data: bytes) -> None:
    assert split_json(data) == [data]


@given(
    pieces=st.lists(st.binary(min_size=1, max_size=5).filter(lambda piece: b"#" not in piece), min_size=1, max_size=8)
)
def test_pieces_between_delimiters_come_apart_again(pieces: list[bytes]) -> None:
    assert split_delimited(b"##".join(pieces), b"##") == pieces


@pytest.mark.parametrize(
    ("parameter", "delimiter"),
    [
        pytest.param("IyMjIw==", b"####", id="base64"),
        pytest.param("Cg==", b"\n", id="base64-of-a-newline"),
        pytest.param("####", b"####", id="plain"),
        pytest.param("abc", b"abc", id="plain-of-base64-letters"),
    ],
)
def test_delimiter_is_base64_or_else_itself(parameter: str, delimiter: bytes) -> None:
    assert delimiter_bytes(parameter) == delimiter
