"""Held to what OpenJDK 17 answers; the vectors were printed by a Java program."""

from decimal import ROUND_HALF_UP, Context, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_firehose.java_numbers import double_text, parse_decimal, parse_double, parse_integer, plain_double_text
from local_firehose.serde_errors import MalformedDataError


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", 1), ("+1", 1), ("-1", -1), ("-0", 0), ("007", 7), ("٣", 3), ("0x1F", 31), ("0X-1f", -31)],
    ids=[
        "plain",
        "plus",
        "minus",
        "minus-zero",
        "leading-zeros",
        "arabic-digit",
        "hexadecimal",
        "negative-hexadecimal",
    ],
)
def test_integers_are_read_as_java_reads_them(text: str, value: int) -> None:
    assert [parse_integer(text, kind) for kind in ("tinyint", "smallint", "int", "bigint")] == [value] * 4


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        pytest.param(" 1", "int", 'For input string: " 1"', id="blank-before"),
        pytest.param("1 ", "tinyint", 'For input string: "1 "', id="blank-after"),
        pytest.param("", "bigint", 'For input string: ""', id="empty"),
        pytest.param("-", "int", 'For input string: "-"', id="sign-alone"),
        pytest.param("+-1", "int", 'For input string: "+-1"', id="two-signs"),
        pytest.param("1.0", "int", 'For input string: "1.0"', id="fraction"),
        pytest.param("1_000", "int", 'For input string: "1_000"', id="underscore"),
        pytest.param("1e3", "smallint", 'For input string: "1e3"', id="exponent"),
        pytest.param("0xfg", "int", 'For input string: "fg" under radix 16', id="not-hexadecimal"),
        pytest.param("128", "tinyint", 'Value out of range. Value:"128" Radix:10', id="byte-overflow"),
        pytest.param("-129", "tinyint", 'Value out of range. Value:"-129" Radix:10', id="byte-underflow"),
        pytest.param("0xff", "tinyint", 'Value out of range. Value:"ff" Radix:16', id="byte-overflow-hexadecimal"),
        pytest.param("32768", "smallint", 'Value out of range. Value:"32768" Radix:10', id="short-overflow"),
        pytest.param("2147483648", "tinyint", 'For input string: "2147483648"', id="byte-beyond-int"),
        pytest.param("2147483648", "int", 'For input string: "2147483648"', id="int-overflow"),
        pytest.param("9223372036854775808", "bigint", 'For input string: "9223372036854775808"', id="long-overflow"),
        pytest.param("9" * 5000, "bigint", "For input string", id="thousands-of-digits"),
    ],
)
def test_other_integers_are_refused_in_javas_words(text: str, kind: str, message: str) -> None:
    with pytest.raises(MalformedDataError) as caught:
        parse_integer(text, kind)
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1.0),
        ("1d", 1.0),
        ("1F", 1.0),
        (".5", 0.5),
        ("5.", 5.0),
        (" 1.5 ", 1.5),
        ("1e+5", 100000.0),
        ("0x1p3", 8.0),
        ("0x1.8p1d", 3.0),
        ("1e-400", 0.0),
    ],
)
def test_doubles_are_read_as_java_reads_them(text: str, value: float) -> None:
    assert parse_double(text, "double") == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("oops", 'For input string: "oops"'),
        ("", "empty String"),
        ("\t ", "empty String"),
        ("1L", 'For input string: "1L"'),
        (".", 'For input string: "."'),
        ("1e", 'For input string: "1e"'),
        ("1_0", 'For input string: "1_0"'),
        ("nan", 'For input string: "nan"'),
        ("0x1", 'For input string: "0x1"'),
        ("NaN", 'For input string: "NaN"'),
        ("1e400", "out of range"),
        ("0x1p5000", "out of range"),
    ],
)
def test_other_doubles_are_refused(text: str, message: str) -> None:
    with pytest.raises(MalformedDataError) as caught:
        parse_double(text, "double")
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("1.0", "1.0"),
        ("100000.0", "100000.0"),
        ("1e7", "1.0E7"),
        ("9999999.0", "9999999.0"),
        ("12345678.9", "1.23456789E7"),
        ("0.001", "0.001"),
        ("9.99e-4", "9.99E-4"),
        ("1e21", "1.0E21"),
        ("1e100", "1.0E100"),
        ("-0.0", "-0.0"),
        ("0.1", "0.1"),
        ("0.3333333333333333", "0.3333333333333333"),
        ("123456789012345680.0", "1.2345678901234568E17"),
        ("1.7976931348623157e308", "1.7976931348623157E308"),
        ("2.2250738585072014E-308", "2.2250738585072014E-308"),
        ("3.3e-5", "3.3E-5"),
        ("1e400", "Infinity"),
    ],
)
def test_doubles_print_as_in_java(text: str, printed: str) -> None:
    assert double_text(text) == printed


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_printed_double_reads_back_as_itself(value: float) -> None:
    assert float(double_text(repr(value))) == value


@pytest.mark.parametrize(
    ("text", "printed"), [("1.0", "1"), ("1.50", "1.5"), ("100.0", "100"), ("1e10", "1.0E10"), ("-0.0", "-0")]
)
def test_org_json_drops_zeros_at_the_end(text: str, printed: str) -> None:
    assert plain_double_text(text) == printed


@given(
    number=st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**40), max_value=10**40),
    precision=st.integers(1, 38),
    data=st.data(),
)
def test_decimals_round_half_up_or_are_refused(number: Decimal, precision: int, data: st.DataObject) -> None:
    scale = data.draw(st.integers(0, precision))
    context = Context(prec=200, rounding=ROUND_HALF_UP)
    expected = number.quantize(Decimal(1).scaleb(-scale), context=context)
    if len(expected.as_tuple().digits) > precision and expected:
        with pytest.raises(MalformedDataError, match="out of range"):
            parse_decimal(str(number), precision, scale)
    else:
        found = parse_decimal(str(number), precision, scale)
        assert (found, found.as_tuple().exponent) == (expected, -scale)


@pytest.mark.parametrize("text", ["", " 1", "1d", "NaN", "1e", "0x1", "--1", "."])
def test_other_decimals_are_refused(text: str) -> None:
    with pytest.raises(MalformedDataError, match="For input string"):
        parse_decimal(text, 10, 2)
