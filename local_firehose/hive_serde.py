"""JSON values into column values as Hive's own JSON SerDe does it: strict about JSON types, map keys as written.

Pure. Source: https://docs.aws.amazon.com/firehose/latest/dev/record-format-conversion.html; texts as AWS was seen to write them
(floci-io/floci FirehoseParquetComplexTypesTest, 2026-09-13), the rest from org.apache.hive.hcatalog.data.JsonSerDe. Every rule is listed
in docs/fidelity/conversion.md.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal as Number

from firehose_spec.glue_types import Array, Column, Decimal, GlueType, Map, Primitive, Struct, Text
from local_firehose.java_numbers import FLOAT_MAX, INTEGER_BITS, parse_decimal, parse_double, parse_integer
from local_firehose.joda_time import TimestampParser
from local_firehose.json_text import Integer, Json, JsonReader, PairList, Real
from local_firehose.serde_errors import MalformedDataError
from local_firehose.serde_options import HiveOptions
from local_firehose.serde_text import limited_text, utf8_text
from local_firehose.timestamps import sql_date

Reader = Callable[[Json], object]
_JAVA_TYPES = {"tinyint": "Java byte", "smallint": "Java short", "int": "int", "bigint": "long"}
_FIELD_MESSAGE = "One or more fields have incorrect format. Exception when validating field (root)"


class HiveSerde:
    """Reads records into rows of the given columns."""

    def __init__(self, columns: Sequence[Column], options: HiveOptions) -> None:
        self._timestamps = TimestampParser(options.timestamp_formats)
        self._columns = self._members([(column.name.lower(), column.type) for column in columns])
        self._reader = JsonReader(PairList)

    def rows(self, record: bytes) -> list[list[object]]:
        """Return one row per JSON document in the record; all of them or none.

        Raises:
            ConversionError: the record is not JSON, or a value does not fit its column.
        """
        rows = []
        for document in self._reader.documents(record):
            values = self._read_members(document, self._columns)
            rows.append([values[name] for name in self._columns])
        return rows

    def _members(self, members: Sequence[tuple[str, GlueType]]) -> dict[str, Reader]:
        return {name: self._compile(kind) for name, kind in members}

    def _read_members(self, pairs: Json, readers: dict[str, Reader]) -> dict[str, object]:
        values: dict[str, object] = dict.fromkeys(readers)
        assert isinstance(pairs, PairList)  # checked by the callers  # noqa: S101
        for key, value in pairs:  # observed: names match in any case; the last of several wins
            name = key.lower()
            if name in readers:
                values[name] = readers[name](value)
        return values

    def _compile(self, kind: GlueType) -> Reader:
        match kind:
            case Primitive(name):
                return self._primitive(name)
            case Decimal(precision, scale):
                return _decimal_reader(precision, scale)
            case Text(name, length):
                return lambda value: limited_text(read_string(value), name, length)
            case Array(element):
                return self._array_reader(element)
            case Map(key, value):
                return self._map_reader(key, value)
            case Struct(members):
                return self._struct_reader(members)

    def _primitive(self, name: str) -> Reader:
        if name in INTEGER_BITS:
            return _integer_reader(name)
        if name in {"float", "double"}:
            return _double_reader(name)
        if name == "timestamp":
            return self._read_timestamp
        return {"string": read_string, "boolean": read_boolean, "date": read_date, "binary": read_binary}[name]

    def _read_timestamp(self, value: Json) -> int | None:
        text = _scalar_text(value)
        return None if text is None else self._timestamps.parse(text)

    def _array_reader(self, element: GlueType) -> Reader:
        read = self._compile(element)

        def read_array(value: Json) -> list[object] | None:
            if value is None:
                return None
            if not isinstance(value, list) or isinstance(value, PairList):
                raise MalformedDataError("java.io.IOException: Start of Array expected")
            return [read(item) for item in value]

        return read_array

    def _map_reader(self, key: GlueType, value: GlueType) -> Reader:
        read_key, read_value = _map_key_reader(key), self._compile(value)

        def read_map(given: Json) -> list[tuple[object, object]] | None:
            if given is None:
                return None
            if not isinstance(given, PairList):
                raise MalformedDataError("java.io.IOException: Start of Object expected")
            # observed: keys stay as written
            return list({read_key(name): read_value(item) for name, item in given}.items())

        return read_map

    def _struct_reader(self, members: Sequence[tuple[str, GlueType]]) -> Reader:
        readers = self._members(members)

        def read_struct(value: Json) -> dict[str, object] | None:
            if value is None:
                return None
            if not isinstance(value, PairList):
                raise MalformedDataError("java.io.IOException: Start of Object expected")
            return self._read_members(value, readers)

        return read_struct


def _scalar_text(value: Json) -> str | None:
    """A scalar as the parser's getText gives it: numbers as written, booleans as words; containers fit no text."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    raise MalformedDataError(_FIELD_MESSAGE, lead="")


def read_string(value: Json) -> str | None:
    """Return a string column's text: numbers as they are written in the record. Objects and arrays are refused."""
    text = _scalar_text(value)
    return None if text is None else utf8_text(str(text))


def read_boolean(value: Json) -> bool | None:
    """Return a boolean; the strings true and false count in any case."""
    # decided: other values are refused, where Java's Boolean.valueOf reads false
    if value is None or isinstance(value, bool):
        return value
    text = _scalar_text(value) or ""
    if isinstance(value, Integer | Real) or text.lower() not in {"true", "false"}:
        raise MalformedDataError(f'For input string: "{text}"')
    return text.lower() == "true"


def read_date(value: Json) -> int | None:
    """Return days since 1970-01-01 of ``yyyy-[m]m-[d]d``."""
    text = _scalar_text(value)
    return None if text is None else sql_date(text)


def read_binary(value: Json) -> bytes | None:
    """Return the UTF-8 bytes of the text."""
    text = _scalar_text(value)
    return None if text is None else text.encode(errors="replace")


def _not_numeric(value: Json) -> MalformedDataError:
    # observed for strings: floci-io/floci, 2026-09-13
    match value:
        case str():
            token = "VALUE_STRING"  # noqa: S105
        case bool():
            token = "VALUE_TRUE" if value else "VALUE_FALSE"
        case PairList():
            token = "START_OBJECT"  # noqa: S105
        case _:
            token = "START_ARRAY"  # noqa: S105
    return MalformedDataError(f"Current token ({token}) not numeric, can not use numeric value accessors")


def _integer_reader(name: str) -> Reader:
    bits = INTEGER_BITS[name]

    def read_integer(value: Json) -> int | None:
        if value is None:
            return None
        if isinstance(value, Real):  # decided: refused, where Jackson would cut the fraction off
            raise MalformedDataError(f'For input string: "{value}"')
        if not isinstance(value, Integer):
            raise _not_numeric(value)
        number = int(value) if len(value) <= 40 else 1 << 64
        if not -(1 << bits - 1) <= number < 1 << bits - 1:
            raise MalformedDataError(f"Numeric value ({value}) out of range of {_JAVA_TYPES[name]}")
        return number

    return read_integer


def _double_reader(name: str) -> Reader:
    def read_double(value: Json) -> float | None:
        if value is None:
            return None
        if not isinstance(value, Integer | Real):
            raise _not_numeric(value)
        number = float(value)
        if not abs(number) <= (FLOAT_MAX if name == "float" else float("inf")) or abs(number) == float("inf"):
            raise MalformedDataError(f"Numeric value ({value}) out of range of {name}")
        return number

    return read_double


def _decimal_reader(precision: int, scale: int) -> Reader:
    def read_decimal(value: Json) -> Number | None:
        text = _scalar_text(value)
        return None if text is None else parse_decimal(text, precision, scale)

    return read_decimal


def _map_key_reader(kind: GlueType) -> Callable[[str], object]:
    match kind:
        case Primitive(name) if name in INTEGER_BITS:
            return lambda text: parse_integer(text, name)
        case Primitive(name) if name in {"float", "double"}:
            return lambda text: parse_double(text, name)
        case Primitive("boolean"):
            return read_boolean
        case Primitive("date"):
            return read_date
        case Primitive("binary"):
            return read_binary
        case Primitive("timestamp"):
            return TimestampParser(()).parse
        case Decimal(precision, scale):
            return lambda text: parse_decimal(text, precision, scale)
        case Text(name, length):
            return lambda text: limited_text(utf8_text(text), name, length)
        case _:
            return utf8_text
