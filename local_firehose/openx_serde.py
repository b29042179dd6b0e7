"""JSON values into column values as the OpenX JSON SerDe does it: lenient, case-insensitive unless told otherwise.

Pure. Source: https://docs.aws.amazon.com/firehose/latest/dev/record-format-conversion.html; where it is silent, the SerDe's own code
(rcongiu/Hive-JSON-Serde, ``observed`` below) and public probes of AWS (floci-io/floci FirehoseParquetConverterTest and
FirehoseParquetComplexTypesTest). Every rule is listed in docs/fidelity/conversion.md.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal as Number

from firehose_spec.glue_types import Array, Column, Decimal, GlueType, Map, Primitive, Struct, Text
from local_firehose.java_numbers import (
    INTEGER_BITS,
    double_text,
    integer_in_range,
    long_text,
    parse_decimal,
    parse_double,
    parse_integer,
)
from local_firehose.json_text import Integer, Json, JsonReader, Pairs, Real
from local_firehose.org_json import java_class, java_text, refuse_cast
from local_firehose.serde_errors import MalformedDataError
from local_firehose.serde_options import OpenXOptions
from local_firehose.serde_text import limited_text, utf8_text
from local_firehose.timestamps import openx_timestamp, sql_date

Reader = Callable[[Json], object]
Members = dict[str, Json]


def reads(kind: GlueType) -> bool:
    """Tell whether the SerDe has a reader for a type and all types inside it: for every one but binary."""
    match kind:
        case Array(element):
            return reads(element)
        case Map(key, value):
            return reads(key) and reads(value)
        case Struct(members):
            return all(reads(member) for _, member in members)
        case _:
            return kind != Primitive("binary")


class OpenXSerde:
    """Reads records into rows of the given columns, of types that it `reads`."""

    def __init__(self, columns: Sequence[Column], options: OpenXOptions) -> None:
        self._options = options
        self._columns = self._members([(column.name.lower(), column.type) for column in columns])
        self._reader = JsonReader(self._object)
        self._lenient_reader = JsonReader(dict)

    def rows(self, record: bytes) -> list[list[object]]:
        """Return one row per JSON document in the record; all of them or none.

        Raises:
            ConversionError: the record is not JSON, or a value does not fit its column.
        """
        try:
            documents = self._reader.documents(record)
        except DuplicateKeyError:
            self._lenient_reader.documents(record)  # a syntax error further on wins
            raise
        return [self._row(document) for document in documents]

    def _row(self, document: Json) -> list[object]:
        assert isinstance(document, dict)  # the reader lets nothing else through  # noqa: S101
        return [read(self._find(document, key, name)) for name, key, read in self._columns]

    def _object(self, pairs: Pairs) -> Members:
        # observed: keys are lowercased at every depth before anything is read, unless CaseInsensitive is false
        members = {key.lower(): value for key, value in pairs} if self._options.case_insensitive else dict(pairs)
        if len(members) != len(pairs):
            raise DuplicateKeyError(_first_duplicate(pairs, fold=self._options.case_insensitive))
        return members

    def _members(self, members: Sequence[tuple[str, GlueType]]) -> list[tuple[str, str, Reader]]:
        # observed: mappings hold for a struct member of that name at any depth too
        return [(name, self._options.key_of_column.get(name, name), self._compile(kind)) for name, kind in members]

    def _find(self, members: Members, key: str, name: str) -> Json:
        if key in members:
            return members[key]
        if self._options.dots_to_underscores:
            for candidate, value in members.items():
                if "." in candidate and candidate.replace(".", "_") == name:
                    return value
        return None

    def _compile(self, kind: GlueType) -> Reader:
        match kind:
            case Primitive(name):
                return _PRIMITIVES[name] if name in _PRIMITIVES else _number_reader(name)
            case Decimal(precision, scale):
                return _decimal_reader(precision, scale)
            case Text(name, length):
                return lambda value: None if value is None else limited_text(read_string(value), name, length)
            case Array(element):
                return self._array_reader(element)
            case Map(key, value):
                return self._map_reader(key, value)
            case Struct(members):
                return self._struct_reader(members)

    def _array_reader(self, element: GlueType) -> Reader:
        read = self._compile(element)

        def read_array(value: Json) -> list[object] | None:
            if value is None or (isinstance(value, str) and value == ""):
                return None  # observed: JsonListObjectInspector takes "" for no list
            # observed: a value that is not an array is wrapped into one
            return [read(item) for item in value] if isinstance(value, list) else [read(value)]

        return read_array

    def _map_reader(self, key: GlueType, value: GlueType) -> Reader:
        read_key, read_value = self._compile(key), self._compile(value)

        def read_map(given: Json) -> list[tuple[object, object]] | None:
            if _is_blank(given):
                return None
            if not isinstance(given, dict):
                raise refuse_cast(given, "org.openx.data.jsonserde.json.JSONObject")
            return list({read_key(name): read_value(item) for name, item in given.items()}.items())

        return read_map

    def _struct_reader(self, members: Sequence[tuple[str, GlueType]]) -> Reader:
        readers = self._members(members)

        def read_struct(value: Json) -> dict[str, object] | None:
            if isinstance(value, dict):
                return {name: read(self._find(value, key, name)) for name, key, read in readers}
            if _is_blank(value) or value == []:
                return None
            if isinstance(value, list):  # observed: filled by position, extra elements ignored, missing ones null
                padded = value + [None] * (len(readers) - len(value))
                return {name: read(item) for (name, _, read), item in zip(readers, padded, strict=False)}
            # observed: two spaces before "but"
            raise MalformedDataError(f"Data is not JSONObject  but {java_class(value)} with value {java_text(value)}")

        return read_struct


class DuplicateKeyError(MalformedDataError):
    """Two keys of one object are the same."""

    # observed: rcongiu/Hive-JSON-Serde JSONObject.putOnce

    def __init__(self, key: str) -> None:
        super().__init__(f'Duplicate key "{key}"')


def _first_duplicate(pairs: Pairs, *, fold: bool) -> str:
    seen: set[str] = set()
    for key, _ in pairs:
        name = key.lower() if fold else key
        if name in seen:
            return name
        seen.add(name)
    return ""


def _is_blank(value: Json) -> bool:
    return value is None or (type(value) is str and not value.strip())


def read_string(value: Json) -> str | None:
    """Return a string column's text: numbers in Java's form, objects and arrays as compact JSON."""
    # observed
    match value:
        case None:
            return None
        case Integer():
            return long_text(value)
        case Real():
            return double_text(value)
        case str():
            return utf8_text(value)
        case _:
            return utf8_text(java_text(value))


def read_boolean(value: Json) -> bool | None:
    """Return a boolean; the strings true and false count in any case."""
    # decided: other strings are refused, Java reads false
    if value is None or isinstance(value, bool):
        return value
    if type(value) is str:
        if value.lower() in {"true", "false"}:
            return value.lower() == "true"
        raise MalformedDataError(f'For input string: "{value}"')
    raise refuse_cast(value, "java.lang.Boolean")


def read_timestamp(value: Json) -> int | None:
    """Return epoch nanoseconds."""
    if value is None:
        return None
    if isinstance(value, str):
        return openx_timestamp(value)
    raise refuse_cast(value, "java.sql.Timestamp")


def read_date(value: Json) -> int | None:
    """Return days since 1970-01-01; strings only."""
    # decided: docs/fidelity/conversion.md#timestamps
    if value is None:
        return None
    if type(value) is str:
        return sql_date(value)
    raise refuse_cast(value, "java.sql.Date")


def _number_reader(name: str) -> Reader:
    if name in INTEGER_BITS:

        def read_integer(value: Json) -> int | None:
            if value is None:
                return None
            if isinstance(value, Integer | Real):
                return integer_in_range(value, name)
            if isinstance(value, str):  # observed: numeric strings are accepted
                return parse_integer(value, name)
            raise refuse_cast(value, "java.lang.Number")

        return read_integer

    def read_double(value: Json) -> float | None:
        if value is None:
            return None
        if isinstance(value, str):
            return parse_double(value, name)
        raise refuse_cast(value, "java.lang.Number")

    return read_double


def _decimal_reader(precision: int, scale: int) -> Reader:
    def read_decimal(value: Json) -> Number | None:
        if value is None:
            return None
        if isinstance(value, str):
            return parse_decimal(value, precision, scale)
        raise refuse_cast(value, "java.math.BigDecimal")

    return read_decimal


_PRIMITIVES: dict[str, Reader] = {
    "string": read_string,
    "boolean": read_boolean,
    "timestamp": read_timestamp,
    "date": read_date,
}
