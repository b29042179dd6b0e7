"""Numbers as libjq 1.6 prints them; the vectors are its own output."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_firehose.jq_numbers import number_text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        pytest.param(0, "0", id="zero"),
        pytest.param(-0.0, "-0", id="negative-zero"),
        pytest.param(100, "100", id="integer"),
        pytest.param(10.50, "10.5", id="fraction"),
        pytest.param(0.0001, "0.0001", id="small"),
        pytest.param(0.00001, "1e-05", id="smaller"),
        pytest.param(1e-7, "1e-07", id="exponent-has-two-digits"),
        pytest.param(1e15, "1000000000000000", id="largest-without-exponent"),
        pytest.param(1e17, "1e+17", id="exponent"),
        pytest.param(123456789012345678, "123456789012345680", id="seventeen-digits"),
        pytest.param(12345678901234567890123, "12345678901234568000000", id="zeros-filled-in"),
        pytest.param(1.5e300, "1.5e+300", id="large"),
        pytest.param(10**400, "1.7976931348623157e+308", id="beyond-doubles"),
        pytest.param(-math.inf, "-1.7976931348623157e+308", id="infinity"),
        pytest.param(math.nan, "null", id="nan"),
    ],
)
def test_number_is_printed_as_jq_prints_it(number: float, text: str) -> None:
    assert number_text(number) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_text_gives_the_double_back(number: float) -> None:
    assert float(json.loads(number_text(number))) == number
