"""Numbers as Java reads and prints them: the SerDes are Java, and their texts reach users in columns and error lines.

Pure. Source: Java SE API, Integer.parseInt, Double.parseDouble, Double.toString; vectors from OpenJDK 17 in the tests.
"""

import re
from decimal import Context, Decimal

from local_firehose.serde_errors import MalformedDataError

INTEGER_BITS = {"tinyint": 8, "smallint": 16, "int": 32, "bigint": 64}
LONG_MIN, LONG_MAX = -(2**63), 2**63 - 1
_INT_MIN, _INT_MAX = -(2**31), 2**31 - 1
FLOAT_MAX = float.fromhex("0x1.fffffep+127")

_HEX_DIGITS = re.compile(r"[+-]?[0-9a-fA-F]+")
_DECIMAL = re.compile(r"([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?", re.ASCII)
_HEX_FLOAT = re.compile(r"[+-]?0[xX](?:[0-9a-fA-F]+\.?|[0-9a-fA-F]*\.[0-9a-fA-F]+)[pP][+-]?\d+", re.ASCII)
_WIDEST = Context(prec=80, Emax=10**9, Emin=-(10**9))
_JAVA_BLANKS = "".join(map(chr, range(33)))


def parse_integer(text: str, kind: str) -> int:
    """Return the value of a string in an integer column; `kind` is tinyint, smallint, int or bigint.

    ``0x`` starts a hexadecimal number. # observed: rcongiu/Hive-JSON-Serde ParsePrimitiveUtils

    Raises:
        MalformedDataError: not a whole number, or too large, with Java's text.
    """
    radix, digits = 10, text
    if text[:2] in {"0x", "0X"}:
        radix, digits = 16, text[2:]
    return _integer(digits, radix, kind)


def integer_in_range(text: str, kind: str) -> int:
    """Return a JSON integer's value for an integer column, or refuse it as Java would refuse its text."""
    return _integer(text, 10, kind)


def _integer(digits: str, radix: int, kind: str) -> int:
    well_formed = digits.lstrip("+-").isdecimal() if radix == 10 else _HEX_DIGITS.fullmatch(digits)
    if not well_formed or digits[1:2] in {"+", "-"} or len(digits) > 100:
        raise _not_a_number(digits, radix)
    value = int(digits, radix)
    bits = INTEGER_BITS[kind]
    if not -(1 << bits - 1) <= value < 1 << bits - 1:
        if bits <= 16 and _INT_MIN <= value <= _INT_MAX:
            raise MalformedDataError(f'Value out of range. Value:"{digits}" Radix:{radix}')
        raise _not_a_number(digits, radix)
    return value


def _not_a_number(text: str, radix: int = 10) -> MalformedDataError:
    return MalformedDataError(f'For input string: "{text}"' + (f" under radix {radix}" if radix != 10 else ""))


def parse_double(text: str, kind: str) -> float:
    """Return the value of a number or string in a float or double column.

    Java's own forms (``1d``, ``.5``, hexadecimal) are taken. Values that no JSON number can have (NaN, Infinity, 1e400) are
    refused. # decided: docs/fidelity/conversion.md#numbers

    Raises:
        MalformedDataError: not a number, or not finite in the column's width.
    """
    trimmed = text.strip(_JAVA_BLANKS)
    if not trimmed:
        raise MalformedDataError("empty String")
    body = trimmed[:-1] if trimmed[-1] in "dDfF" else trimmed
    match = _DECIMAL.fullmatch(body)
    if match and (match[2] or match[3]):
        value = float(body)
    elif _HEX_FLOAT.fullmatch(body):
        try:
            value = float.fromhex(body)
        except OverflowError:
            value = float("inf")
    else:
        raise _not_a_number(text)
    if not abs(value) <= (FLOAT_MAX if kind == "float" else float("inf")) or value in {float("inf"), float("-inf")}:
        raise MalformedDataError(f"Value {text} is out of range for a column of type {kind}")
    return value


def parse_decimal(text: str, precision: int, scale: int) -> Decimal:
    """Return a number or string as decimal(precision, scale), half up as Hive rounds.

    Huge exponents are decided from their size, never written out. # decided: overflow refuses the record, Hive would write null

    Raises:
        MalformedDataError: not a number, or too large for the precision.
    """
    match = _DECIMAL.fullmatch(text)
    if not match or not (match[2] or match[3]):
        raise _not_a_number(text)
    digits = (match[2] + (match[3] or "")).lstrip("0")
    exponent = int((match[4] or "0")[:20]) - len(match[3] or "")
    zero = Decimal((0, (0,), -scale))
    if not digits or len(digits) + exponent < -scale:
        return zero
    if len(digits) + exponent > precision - scale:
        raise _decimal_overflow(text, precision, scale)
    # At most precision - scale digits before the point; digits beyond the rounding place only matter as "above or not".
    sign = int(match[1] == "-")
    shift = -exponent - scale  # digits to drop
    unscaled = digits + "0" * -shift if shift <= 0 else digits[:-shift] if shift < len(digits) else ""
    value = int(unscaled or "0")
    if shift > 0 and digits[-shift] >= "5":
        value += 1
    if len(str(value)) > precision:
        raise _decimal_overflow(text, precision, scale)
    return Decimal((sign if value else 0, tuple(map(int, str(value))), -scale))


def _decimal_overflow(text: str, precision: int, scale: int) -> MalformedDataError:
    return MalformedDataError(f"Value {text} is out of range for a column of type decimal({precision},{scale})")


def long_text(digits: str) -> str:
    """Return a JSON integer as Java's Long or BigInteger prints it: ``-0`` becomes ``0``."""
    return "0" if digits == "-0" else digits


def double_text(text: str) -> str:
    """Return a JSON number with fraction or exponent as Java's Double.toString prints it.

    >>> double_text("1e10"), double_text("0.00012"), double_text("100.50")
    ('1.0E10', '1.2E-4', '100.5')
    """
    value = float(text)
    if value in {float("inf"), float("-inf")}:
        return "Infinity" if value > 0 else "-Infinity"
    sign, digits, exponent = Decimal(repr(value)).normalize(_WIDEST).as_tuple()
    if not value:
        return "-0.0" if sign else "0.0"
    figures = "".join(map(str, digits))
    power = len(figures) + int(exponent) - 1  # of the first digit
    minus = "-" if sign else ""
    if -3 <= power < 7:
        if power < 0:
            return f"{minus}0.{'0' * (-power - 1)}{figures}"
        whole = figures[: power + 1].ljust(power + 1, "0")
        return f"{minus}{whole}.{figures[power + 1 :] or '0'}"
    return f"{minus}{figures[0]}.{figures[1:] or '0'}E{power}"


def plain_double_text(text: str) -> str:
    """Return the same number as org.json writes it inside JSON: trailing zeros of the fraction go. ``1.0`` becomes ``1``."""
    printed = double_text(text)
    return printed if "E" in printed else printed.rstrip("0").removesuffix(".")
