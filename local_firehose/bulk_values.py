"""JSON texts of one column's values into an Arrow array, all at once; values that need the SerDe's finer rules are told apart.

Pure. The texts are DuckDB's: strings in quotes with only the needed escapes, numbers in shortest form, so ``"12"`` and ``12`` stay
different things. Held to the exact path by tests/unit/local_firehose/test_bulk_conversion.py.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from firehose_spec.glue_types import Decimal, GlueType, Primitive, Text
from local_firehose.arrow_numbers import mask_of, whole_numbers_of
from local_firehose.bulk_texts import Counts, JsonTexts, Mask, consist_of, matches, nulled
from local_firehose.columns import arrow_type
from local_firehose.java_numbers import FLOAT_MAX, INTEGER_BITS

_INTEGER = r"^-?[0-9]{1,18}$"
_REAL = r"^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$"
_DAY = r"(1[7-9]|20|21)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])"
_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?"
_SQL_TIMESTAMP = f"^{_DAY} {_TIME}$"
_OPENX_TIMESTAMP = f"^{_DAY}( {_TIME}|T{_TIME}Z?)$"
_FRACTIONAL_SECONDS = r"^(?P<seconds>[0-9]{1,9}|1[0-9]{9})\.(?P<millis>[0-9]{1,3})[0-9]{0,9}$"
_FEW_DIGITS = (
    r"^.{1,16}$"  # a string of so few means what a number of the same digits means: a double tells them all apart
)
_MOST_SECONDS, _MOST_MILLIS = 9_223_372_036, 9_223_372_036_854
_MILLISECONDS_FROM = 10**12


WRITTEN = "="  # before a number's text as the record has it


@dataclass(frozen=True, slots=True)
class ColumnValues:
    """`array` has the column's type; where `is_refused`, its value means nothing and the record needs the exact path.

    `quotes[i]` is how many quote characters the value has in the record.
    """

    array: pa.Array
    is_refused: Mask
    quotes: Counts


@dataclass(frozen=True, slots=True)
class Leniency:
    """What a SerDe lets pass: OpenX takes strings for numbers and numbers for strings, Hive does neither."""

    mixes_types: bool
    lowercases_keys: bool
    has_epoch_timestamps: bool
    has_sql_timestamps: bool


def column_values(kind: GlueType, texts: pa.StringArray, leniency: Leniency) -> ColumnValues:
    """Return the values of a column of primitive, decimal or sized text type."""
    return values_of(kind, JsonTexts.parsed(texts), leniency)


def values_of(kind: GlueType, parts: JsonTexts, leniency: Leniency) -> ColumnValues:
    """Return the same, of texts that are taken apart already."""
    array, is_refused = _READERS[_reader_name(kind)](kind, parts, leniency)
    return ColumnValues(array, is_refused & ~parts.is_null, parts.quotes)


def needs_written_number(kind: GlueType, texts: pa.StringArray) -> bool:
    """Tell whether a column's numbers count digit by digit, and some have more digits than a double may have kept."""
    return isinstance(kind, Decimal) and bool(matches(texts, r"^-?[0-9]+[.eE]").any())


def with_written_numbers(texts: pa.StringArray, records: pa.StringArray, key: str) -> pa.StringArray:
    """Replace numbers by their text in the record, marked so that it is told from DuckDB's; the key must be the record's only one.

    Where it is not found (the key has escapes, say), the text stays, and its value will be refused.
    """
    pattern = rf'"{re.escape(key)}"[ \t\r\n]*:[ \t\r\n]*(?P<number>-?[0-9]+\.[0-9]+)[ \t\r\n]*[,}}]'
    found = pc.extract_regex(records, pattern).field("number")
    is_number = pc.match_substring_regex(texts, r"^-?[0-9]+[.eE]")
    written = pc.binary_join_element_wise(WRITTEN, found, "")
    return pc.if_else(pc.fill_null(pc.and_(is_number, found.is_valid()), False), written, texts)


def _reader_name(kind: GlueType) -> str:
    match kind:
        case Primitive(name) if name in INTEGER_BITS:
            return "integer"
        case Primitive("float" | "double"):
            return "real"
        case Primitive(name):
            return name
        case Decimal():
            return "decimal"
        case _:
            return "text"


_Read = tuple[pa.Array, Mask]


def _cast(texts: pa.StringArray, is_refused: Mask, others: bytes, pattern: str, target: pa.DataType) -> _Read:
    """Cast what matches `pattern`; looks at each text only when the batch has other bytes than digits and `others`."""
    texts = nulled(texts, is_refused)
    if consist_of(texts, others):
        try:
            return pc.cast(texts, target), is_refused
        except pa.ArrowInvalid:
            pass
    is_refused = is_refused | ~matches(texts, pattern)
    return pc.cast(nulled(texts, is_refused), target), is_refused


def _read_string(_: GlueType, parts: JsonTexts, leniency: Leniency) -> _Read:
    is_refused = ~parts.is_string
    if leniency.mixes_types and is_refused.any():
        # whole numbers and booleans are their own text; fractions, objects and arrays have rules of their own
        is_refused &= ~matches(parts.texts, r"^(-?[0-9]+|true|false)$")
    return parts.plain, is_refused


def _read_text(kind: GlueType, parts: JsonTexts, leniency: Leniency) -> _Read:
    array, is_refused = _read_string(kind, parts, leniency)
    assert isinstance(kind, Text)  # noqa: S101
    cut = pc.utf8_slice_codeunits(array, 0, kind.length)
    return pc.utf8_rtrim(cut, characters=" ") if kind.name == "char" else cut, is_refused


def _read_binary(_: GlueType, parts: JsonTexts, __: Leniency) -> _Read:
    return pc.cast(parts.plain, pa.binary()), ~parts.is_string


def _read_integer(kind: GlueType, parts: JsonTexts, leniency: Leniency) -> _Read:
    is_refused = np.zeros(parts.size, np.bool_) if leniency.mixes_types else parts.is_string
    numbers, is_refused = _cast(parts.plain, is_refused, b"-", _INTEGER, pa.int64())
    bits = INTEGER_BITS[str(kind)]
    if bits < 64:
        values = _int64(numbers)
        beyond = (values < -(1 << bits - 1)) | (values >= 1 << bits - 1)
        if beyond.any():
            is_refused, numbers = is_refused | beyond, nulled(numbers, beyond)
    return pc.cast(numbers, arrow_type(kind)), is_refused


def _int64(numbers: pa.Int64Array) -> npt.NDArray[np.int64]:
    return whole_numbers_of(pc.fill_null(numbers, 0))


def _read_real(kind: GlueType, parts: JsonTexts, leniency: Leniency) -> _Read:
    is_refused = np.zeros(parts.size, np.bool_) if leniency.mixes_types else parts.is_string
    numbers, is_refused = _cast(parts.plain, is_refused, b"+-.eE", _REAL, pa.float64())
    values = np.abs(pc.fill_null(numbers, 0.0).to_numpy(zero_copy_only=False))
    beyond = ~(values <= FLOAT_MAX) if str(kind) == "float" else np.isinf(values)
    if beyond.any():
        is_refused, numbers = is_refused | beyond, nulled(numbers, beyond)
    return pc.cast(numbers, arrow_type(kind), safe=False), is_refused


def _read_boolean(_: GlueType, parts: JsonTexts, leniency: Leniency) -> _Read:
    texts = parts.plain
    is_true = mask_of(pc.fill_null(pc.equal(texts, "true"), False))
    is_false = mask_of(pc.fill_null(pc.equal(texts, "false"), False))
    del leniency  # both SerDes take the strings too
    return pa.array(is_true, mask=parts.is_null), ~(is_true | is_false)


def _read_timestamp(_: GlueType, parts: JsonTexts, leniency: Leniency) -> _Read:
    if leniency.has_epoch_timestamps:
        if consist_of(parts.plain, b"-"):
            return _read_epoch(parts.plain, np.zeros(parts.size, np.bool_))
        epochs, refused_epochs = _read_epoch(parts.plain, ~matches(parts.plain, _INTEGER))
        fractions, refused_fractions = _read_fractional_epoch(parts)
        instants, refused_instants = _read_written_time(parts, _OPENX_TIMESTAMP)
        return pc.coalesce(epochs, fractions, instants), refused_epochs & refused_fractions & refused_instants
    pattern = _SQL_TIMESTAMP if leniency.has_sql_timestamps else r"^\b$"
    return _read_written_time(parts, pattern)


def _read_epoch(texts: pa.StringArray, is_refused: Mask) -> _Read:
    numbers, is_refused = _cast(texts, is_refused, b"-", _INTEGER, pa.int64())
    values = _int64(numbers)
    is_millis = np.abs(values) >= _MILLISECONDS_FROM
    beyond = np.abs(values) > np.where(is_millis, _MOST_MILLIS, _MOST_SECONDS)
    safe = np.where(beyond, 0, values) * np.where(is_millis, 10**6, 10**9)
    is_refused = is_refused | beyond
    missing = mask_of(numbers.is_null()) | beyond
    return pa.array(safe, type=pa.timestamp("ns"), mask=missing), is_refused


def _read_fractional_epoch(parts: JsonTexts) -> _Read:
    """Seconds with a fraction, cut to milliseconds. Numbers come in a double's shortest text, as the exact path takes them."""
    texts = parts.plain
    found = pc.extract_regex(texts, _FRACTIONAL_SECONDS)
    is_refused = mask_of(found.is_null())
    if parts.is_string.any():
        is_refused |= parts.is_string & ~matches(texts, _FEW_DIGITS)
    if is_refused.all():
        return pa.nulls(len(texts), pa.timestamp("ns")), is_refused
    seconds = _int64(pc.cast(nulled(found.field("seconds"), is_refused), pa.int64()))
    millis = _int64(pc.cast(pc.utf8_rpad(nulled(found.field("millis"), is_refused), 3, "0"), pa.int64()))
    return pa.array((seconds * 1000 + millis) * 10**6, type=pa.timestamp("ns"), mask=is_refused), is_refused


def _read_written_time(parts: JsonTexts, pattern: str) -> _Read:
    is_refused = ~(matches(parts.plain, pattern) & parts.is_string)
    texts = pc.utf8_rtrim(nulled(parts.plain, is_refused), characters="Z")
    return pc.cast(texts, pa.timestamp("ns")), is_refused


def _read_date(_: GlueType, parts: JsonTexts, __: Leniency) -> _Read:
    is_refused = ~(matches(parts.plain, f"^{_DAY}$") & parts.is_string)
    return pc.cast(nulled(parts.plain, is_refused), pa.date32()), is_refused


def _read_decimal(kind: GlueType, parts: JsonTexts, _: Leniency) -> _Read:
    """Whole numbers, strings, and numbers as written; of other fractions DuckDB has cut the digits to a double's."""
    assert isinstance(kind, Decimal)  # noqa: S101
    if kind.precision == kind.scale:  # 1 has no place before the point; the exact path knows 0 from 1
        return pa.nulls(parts.size, arrow_type(kind)), np.ones(parts.size, np.bool_)
    whole = f"-?[0-9]{{1,{kind.precision - kind.scale}}}"
    fraction = rf"(\.[0-9]{{1,{kind.scale}}})?" if kind.scale else ""
    is_written = parts.first == ord(WRITTEN)
    is_exact = matches(parts.plain, f"^{whole}$") | (
        (parts.is_string | is_written) & matches(parts.plain, f"^{WRITTEN}?{whole}{fraction}$")
    )
    # a string may begin with the mark too
    is_exact &= ~(parts.is_string & matches(parts.plain, f"^{WRITTEN}"))
    numbers = pc.utf8_ltrim(nulled(parts.plain, ~is_exact), characters=WRITTEN)
    return pc.cast(numbers, arrow_type(kind)), ~is_exact


_READERS: dict[str, Callable[[GlueType, JsonTexts, Leniency], _Read]] = {
    "string": _read_string,
    "text": _read_text,
    "binary": _read_binary,
    "integer": _read_integer,
    "real": _read_real,
    "boolean": _read_boolean,
    "timestamp": _read_timestamp,
    "date": _read_date,
    "decimal": _read_decimal,
}
