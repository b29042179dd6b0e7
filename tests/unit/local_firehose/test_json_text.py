import pytest

from local_firehose.json_text import MAX_DEPTH, Integer, JsonReader, PairList, Real
from local_firehose.serde_errors import ConversionError

READER = JsonReader(dict)


def failure(record: bytes) -> tuple[str, str]:
    with pytest.raises(ConversionError) as caught:
        READER.documents(record)
    return caught.value.code.partition(".")[2], caught.value.message


def test_numbers_keep_their_text_and_kind() -> None:
    [numbers] = READER.documents(b'{"n": [1, 1.0, 1e5, -0, 12345678901234567890.12]}')
    assert isinstance(numbers, dict)
    assert [(type(number), str(number)) for number in numbers["n"]] == [
        (Integer, "1"),
        (Real, "1.0"),
        (Real, "1e5"),
        (Integer, "-0"),
        (Real, "12345678901234567890.12"),
    ]


def test_documents_follow_each_other_with_or_without_blanks() -> None:
    assert READER.documents(b' {"a":"1"}{"a":"2"}\r\n\t{"a":"3"} ') == [{"a": "1"}, {"a": "2"}, {"a": "3"}]


def test_a_byte_order_mark_is_skipped() -> None:
    assert READER.documents(b'\xef\xbb\xbf{"a":"x"}') == [{"a": "x"}]


def test_pairs_keep_order_and_repetition() -> None:
    [document] = JsonReader(PairList).documents(b'{"b":null,"a":true,"b":false}')
    assert document == [("b", None), ("a", True), ("b", False)]


@pytest.mark.parametrize("hook", [dict, PairList], ids=["objects", "pairs"])
@pytest.mark.parametrize("opening", ["[", '{"a":'], ids=["arrays", "objects"])
def test_depth_is_bounded_whatever_the_stack(hook: type, opening: str) -> None:
    closing = "]" if opening == "[" else "}"
    reader = JsonReader(hook)

    def nested(depth: int) -> bytes:
        return ('{"x":' + opening * (depth - 1) + "1" + closing * (depth - 1) + "}").encode()

    assert len(reader.documents(nested(MAX_DEPTH))) == 1
    for depth in (MAX_DEPTH + 1, 100_000):
        with pytest.raises(ConversionError, match="nesting depth"):
            reader.documents(nested(depth))


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        pytest.param(b"this", "Unrecognized token 'this'", id="word"),
        pytest.param(
            b'{"a":1,}', "Unexpected character ('}' (code 125)): was expecting double-quote", id="comma-at-end"
        ),
        pytest.param(b'{"a":[1,]}', "Unexpected character (']' (code 93)): expected a valid value", id="array-comma"),
        pytest.param(
            b"{'a':1}", "Unexpected character (''' (code 39)): was expecting double-quote", id="single-quotes"
        ),
        pytest.param(b'{"a" 1}', "Unexpected character ('1' (code 49)): was expecting a colon", id="no-colon"),
        pytest.param(b'{"a":1 "b":2}', "was expecting comma to separate entries", id="no-comma"),
        pytest.param(b'{"a":"x', "Unexpected end-of-input in VALUE_STRING", id="string-open"),
        pytest.param(b'{"a":', "Unexpected end-of-input: expected close marker", id="object-open"),
        pytest.param(b'{"a":"\x01"}', "Illegal unquoted character ((CTRL-CHAR, code 1))", id="control-in-string"),
        pytest.param(b'{\x01"a":1}', "Illegal character ((CTRL-CHAR, code 1))", id="control-between"),
        pytest.param(b'{"a":"\\x"}', "Unrecognized character escape 'x' (code 120)", id="escape"),
        pytest.param(b'{"a":"\\uZZZZ"}', "expected a hex-digit", id="hexadecimal-escape"),
        pytest.param(b'{"a":NaN}', "Non-standard token 'NaN'", id="nan"),
        pytest.param(b'{"a":-Infinity}', "Non-standard token", id="infinity"),
        pytest.param(b'{"a":01}', "was expecting comma", id="leading-zero"),
        pytest.param(b"12abc", "Unrecognized token 'abc'", id="number-then-word"),
        pytest.param(b'{"a":"\xff"}', "Invalid UTF-8 start byte 0xff", id="utf8-start"),
        pytest.param(b'{"a":"\xc3x"}', "Invalid UTF-8 middle byte 0x78", id="utf8-middle"),
    ],
)
def test_what_is_not_json_is_said_in_jacksons_words(record: bytes, reason: str) -> None:
    code, message = failure(record)
    assert code == "ParseError"
    assert message.startswith("Encountered malformed JSON. " + reason) or reason in message


def test_the_place_is_line_and_column() -> None:
    assert failure(b'{"a": 1,\n "b": x}')[1].endswith("at [Source: (byte[]); line: 2, column: 7]")


@pytest.mark.parametrize("record", [b"1", b'"text"', b"null", b"true ", b"1.5\n"])
def test_a_primitive_is_json_but_no_record(record: bytes) -> None:
    assert failure(record) == (
        "MalformedData",
        "The input JSON contained a primitive at the top level. The top level must be an object or array.",
    )
