"""A number as jq 1.6 prints it: the shortest digits that give the double back, in libjq's own layout.

Pure. Source: https://github.com/jqlang/jq/blob/jq-1.6/src/jv_dtoa.c (freedtoa format)
"""

import math
import sys
from decimal import Decimal


def number_text(number: float) -> str:
    """Return the text of a double (or of an integer that stands for one).

    >>> number_text(1e17), number_text(0.5), number_text(100), number_text(0.00001)
    ('1e+17', '0.5', '100', '1e-05')
    """
    if isinstance(number, int) and -1_000_000_000_000_000 < number < 1_000_000_000_000_000:
        return str(number)
    value = _double(number)
    if math.isnan(value):
        return "null"
    value = max(-sys.float_info.max, min(sys.float_info.max, value))
    if value == 0:
        return "-0" if math.copysign(1, value) < 0 else "0"
    sign, digit_tuple, exponent = Decimal(repr(value)).as_tuple()
    digits = "".join(map(str, digit_tuple))
    point = len(digits) + int(exponent)  # how many digits stand before the decimal point
    digits = digits.rstrip("0")
    return ("-" if sign else "") + _layout(digits, point)


def _double(number: float) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def _layout(digits: str, point: int) -> str:
    if point <= -4 or point > len(digits) + 15:
        fraction = f".{digits[1:]}" if len(digits) > 1 else ""
        return f"{digits[0]}{fraction}e{point - 1:+03d}"
    if point <= 0:
        return f"0.{'0' * -point}{digits}"
    if point >= len(digits):
        return digits + "0" * (point - len(digits))
    return f"{digits[:point]}.{digits[point:]}"
