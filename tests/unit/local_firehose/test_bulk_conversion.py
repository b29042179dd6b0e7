"""The bulk path gives what the exact path gives: rows, their records and every failure's text."""

import json
from collections.abc import Iterator, Sequence
from decimal import Decimal as Number
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from firehose_spec.glue_types import Array, Column, Decimal, GlueType, Map, Primitive, Struct, parse
from local_firehose.bulk_rows import BulkReader
from local_firehose.conversion import Converter, converter_for
from local_firehose.openx_serde import reads
from local_firehose.stream_config import Conversion, SchemaReference

REFERENCE = SchemaReference("arn:aws:iam::123456789012:role/r", "123456789012", "db", "t", "us-east-1", "LATEST")
NAMES = ["a", "b", "id", "name", "k_1"]


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:", config={"threads": 1}) as opened:
        yield opened


def converter(
    connection: duckdb.DuckDBPyConnection,
    columns: tuple[Column, ...],
    deserializer: Any = "OpenXJsonSerDe",
    options: dict[str, object] | None = None,
) -> Converter:
    conversion = Conversion(REFERENCE, deserializer, options or {}, "ParquetSerDe", {})
    return converter_for(conversion, columns, connection=connection, least_bulk_records=1)


def of_types(**kinds: str) -> tuple[Column, ...]:
    return tuple(Column(name, parse(kind)) for name, kind in kinds.items())


# -- random tables and random records, most of them nearly right

SCALARS = st.sampled_from(
    [
        parse(kind)
        for kind in [
            "tinyint",
            "smallint",
            "int",
            "bigint",
            "float",
            "double",
            "boolean",
            "string",
            "binary",
            "timestamp",
            "date",
            "decimal(4,2)",
            "decimal(38,0)",
            "decimal(20,10)",
            "char(3)",
            "varchar(2)",
        ]
    ]
)
KINDS: st.SearchStrategy[GlueType] = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        inner.map(Array),
        inner.map(lambda value: Map(Primitive("string"), value)),
        st.lists(st.tuples(st.sampled_from(NAMES), inner), min_size=1, max_size=3, unique_by=lambda m: m[0]).map(
            lambda members: Struct(tuple(members))
        ),
    ),
    max_leaves=4,
)
TABLES = st.lists(
    st.builds(Column, st.sampled_from(NAMES), KINDS), min_size=1, max_size=4, unique_by=lambda column: column.name
).map(tuple)

NUMBERS = st.one_of(
    st.integers(-200, 200).map(str),
    st.integers(-(2**70), 2**70).map(str),
    st.sampled_from(
        [
            "0",
            "-0",
            "1.0",
            "-0.0",
            "1.5",
            "1e3",
            "1E+2",
            "1e-7",
            "1e400",
            "0.1",
            "12.345",
            "12.344999999999999999999",
            "127",
            "128",
            "-129",
            "32768",
            "2147483648",
            "9223372036854775807",
            "9223372036854775808",
            "1700000000",
            "1700000000123",
            "999999999999",
            "1000000000000",
            "1518033528.123",
            "99999999999999999999999999999999999999",
            "100000000000000000000000.25",
            "3.4028236e38",
            "1e-400",
        ]
    ),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
)
STRINGS = st.one_of(
    st.text(max_size=6).map(json.dumps),
    st.text(max_size=6).map(lambda text: json.dumps(text, ensure_ascii=False)),
    st.sampled_from(
        [
            json.dumps(text)
            for text in (
                "",
                " ",
                "x",
                "12",
                "1.5",
                "-7",
                "+7",
                "0x1F",
                "1e3",
                "true",
                "TRUE",
                "null",
                "NaN",
                "Infinity",
                "1d",
                "2026-09-07",
                "2026-9-7",
                "2026-02-30",
                "2026-09-07 12:00:02",
                "2026-09-07 1:2:3.5",
                "2026-09-07T12:00:02Z",
                "2026-09-07T12:00:02.123456789Z",
                "2026-09-07T12:00:02",
                "2026-09-07 12:00:02Z",
                "2026-05-21T14:00:00+00:00",
                "1518033528",
                'a"b',
                "<\\/x>",
                "é€😀",
                "{}",
            )
        ]
    ),
    st.sampled_from(['"\\u0022"', '"\\u001f"', '"\\ud800"', '"\\/"', '"\\u0041"', '"\\ud83d\\ude00"', '"tab\\t"']),
)
LITERALS = st.sampled_from(["null", "true", "false"])
BLANK = st.sampled_from(["", "", "", " ", "\n", "\t "])


@st.composite
def objects(draw: st.DrawFn, members: list[tuple[str, st.SearchStrategy[str]]]) -> str:
    """An object with these members, some in other spelling, left out, added or given twice."""
    pairs = []
    for name, value in members:
        fate = draw(st.integers(0, 19))
        if fate == 0:
            continue
        spelled = name.upper() if fate == 1 else name
        pairs.append((spelled, draw(value)))
        if fate == 2:
            pairs.append((draw(st.sampled_from([name, name.upper()])), draw(value)))
        if fate == 3:
            pairs.append((draw(st.sampled_from(["x", "extra", "a.b", "é", "\x1f"])), draw(ANY)))
    blank = draw(BLANK)
    inner = f",{blank}".join(f"{json.dumps(key)}{blank}:{value}" for key, value in pairs)
    return f"{{{blank}{inner}{blank}}}"


ANY: st.SearchStrategy[str] = st.recursive(
    st.one_of(NUMBERS, STRINGS, LITERALS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{','.join(items)}]"),
        st.lists(st.tuples(st.sampled_from(["a", "A", "b"]), inner), max_size=3).map(
            lambda pairs: "{" + ",".join(f'"{key}":{value}' for key, value in pairs) + "}"
        ),
    ),
    max_leaves=4,
)


def fitting(kind: GlueType) -> st.SearchStrategy[str]:
    match kind:
        case Array(element):
            return st.lists(value_of(element), max_size=3).map(lambda items: f"[{', '.join(items)}]")
        case Map(_, value):
            keys = st.sampled_from(["a", "b", "K", "é"])
            pairs = st.lists(st.tuples(keys, value_of(value)), max_size=3, unique_by=lambda pair: pair[0])
            return pairs.map(lambda found: "{" + ",".join(f'"{key}":{item}' for key, item in found) + "}")
        case Struct(members):
            return objects([(name, value_of(member)) for name, member in members])
        case Decimal():
            return st.one_of(st.integers(-99, 99).map(str), st.decimals(-99, 99, places=2).map(str))
        case Primitive("string" | "binary" | "date"):
            return STRINGS
        case Primitive("boolean"):
            return st.sampled_from(["true", "false"])
        case Primitive("timestamp"):
            return st.one_of(st.integers(0, 2 * 10**9).map(str), STRINGS)
        case Primitive("float" | "double"):
            return NUMBERS
        case Primitive():
            return st.integers(-100, 100).map(str)
        case _:
            return STRINGS


def value_of(kind: GlueType) -> st.SearchStrategy[str]:
    return st.integers(0, 14).flatmap(lambda fate: ANY if fate == 0 else LITERALS if fate == 1 else fitting(kind))


@st.composite
def batches(draw: st.DrawFn) -> tuple[tuple[Column, ...], list[bytes]]:
    columns = draw(TABLES)
    record = objects([(column.name, value_of(column.type)) for column in columns])
    records = [text.encode() for text in draw(st.lists(record, min_size=1, max_size=12))]
    fate = draw(st.integers(0, 9))
    if fate == 0:
        records.append(draw(st.binary(max_size=12)))
    if fate == 1:
        records.append(draw(record).encode() + draw(record).encode())
    if fate == 2:
        whole = draw(record).encode()
        at = draw(st.integers(0, len(whole)))
        records.append(
            whole[:at] + draw(st.sampled_from([b"", b",", b"NaN", b"\xff", b"\x00", b"'", b" "])) + whole[at:]
        )
    return columns, records


OPTIONS = st.sampled_from(
    [
        ("OpenXJsonSerDe", {}),
        ("OpenXJsonSerDe", {"CaseInsensitive": False}),
        ("OpenXJsonSerDe", {"ColumnToJsonKeyMappings": {"a": "B", "k_1": "x"}}),
        ("OpenXJsonSerDe", {"ConvertDotsInJsonKeysToUnderscores": True}),
        ("HiveJsonSerDe", {}),
        ("HiveJsonSerDe", {"TimestampFormats": ["yyyy-MM-dd'T'HH:mm:ssZ", "millis"]}),
    ]
)


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(batch=batches(), serde=OPTIONS)
def test_random_batches_convert_as_record_by_record(
    connection: duckdb.DuckDBPyConnection, batch: tuple[tuple[Column, ...], list[bytes]], serde: Any
) -> None:
    columns, records = batch
    assume(serde[0] == "HiveJsonSerDe" or all(reads(column.type) for column in columns))
    assert_both_ways_agree(converter(connection, columns, *serde), records)


def assert_both_ways_agree(both: Converter, records: list[bytes]) -> None:
    bulk, exact = both.convert(records), both.convert_exactly(records)
    assert sorted(bulk.failures, key=lambda failure: failure.index) == exact.failures
    assert bulk.record_of_row.tolist() == exact.record_of_row.tolist()
    assert_same(bulk.table, exact.table)


def assert_same(found: pa.Table, expected: pa.Table) -> None:
    assert found.schema == expected.schema
    assert found.combine_chunks().equals(expected.combine_chunks()), (found.to_string(), expected.to_string())
    found.validate(full=True)


# -- the bulk path takes what it is made for


def taken(connection: duckdb.DuckDBPyConnection, columns: tuple[Column, ...], records: list[bytes]) -> int:
    reader = converter(connection, columns)._bulk
    assert isinstance(reader, BulkReader)
    return len(reader.read(pa.array(records, pa.binary())).places)


NESTED = of_types(
    id="string",
    at="timestamp",
    amount="decimal(10,2)",
    tags="array<string>",
    lines="array<struct<sku:string,qty:int,price:double>>",
    attributes="map<string,array<int>>",
    shop="struct<name:string,place:struct<lat:double,lon:double>>",
)
NESTED_RECORD = (
    b'{"id":"n","at":1700000000,"amount":"12.50","tags":["x","y"],"lines":[{"sku":"s","qty":1,"price":2.5},'
    b'{"sku":"t","qty":2,"price":3}],"attributes":{"k":[1,null],"l":[]},"shop":{"name":"q","place":{"lat":1.5,"lon":2}}}'
)


@pytest.mark.parametrize(
    ("columns", "record"),
    [
        pytest.param(of_types(a="string", b="int", d="double"), b'{"a":"x","b":1,"d":1.5}', id="flat"),
        pytest.param(of_types(a="string", b="int"), b'{"B":1,"A":"x"}', id="other-case"),
        pytest.param(of_types(a="string", b="int"), b'{"a":"x"}', id="key-missing"),
        pytest.param(of_types(a="string", b="int"), b'{"a":"x","b":null}', id="null"),
        pytest.param(of_types(a="string"), b'{"a":"x","more":1,"text":"t"}', id="keys-that-nobody-reads"),
        pytest.param(of_types(a="string"), b'{"a":"say \\"hi\\"\\n"}', id="escapes"),
        pytest.param(of_types(a="string", b="int"), b'{"a":12,"b":"12"}', id="string-and-number-exchanged"),
        pytest.param(of_types(t="timestamp"), b'{"t":"2026-09-07T12:00:02.5Z"}', id="written-timestamp"),
        pytest.param(of_types(t="timestamp"), b'{"t":1700000000.1234567}', id="fractional-epoch"),
        pytest.param(of_types(t="timestamp"), b'{"t":"1700000000.123"}', id="fractional-epoch-as-a-string"),
        pytest.param(of_types(n="decimal(10,2)"), b'{"n" : 12.5 }', id="decimal-as-written"),
        pytest.param(NESTED, NESTED_RECORD, id="nested"),
        pytest.param(
            NESTED, NESTED_RECORD.replace(b'"lines":[', b'"lines":null,"x":[0],"y":[')[:-1] + b"}", id="nested-extra"
        ),
    ],
)
def test_records_of_one_kind_need_no_exact_path(
    connection: duckdb.DuckDBPyConnection, columns: tuple[Column, ...], record: bytes, request: pytest.FixtureRequest
) -> None:
    expected = 0 if request.node.callspec.id == "nested-extra" else 20
    assert taken(connection, columns, [record] * 20) == expected


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(b'{"a":"x","b":1,"A":"y"}', id="key-twice-in-other-case"),
        pytest.param(b'{"a":"x","b":1,}', id="trailing-comma"),
        pytest.param(b'{"a":"x","b":NaN}', id="nan"),
        pytest.param(b'{"a":"x","b":1,"more":NaN}', id="nan-that-nobody-reads"),
        pytest.param(b'{"a":"x","b":1.0}', id="fraction"),
        pytest.param(b'{"a":1.50,"b":1}', id="number-whose-text-changes"),
        pytest.param(b'{"a":{"k":1},"b":1}', id="object-for-a-string"),
        pytest.param(b'{"a":"\\u0022","b":1,"x":2}', id="disguised-quote"),
        pytest.param(b'[{"a":"x","b":1}]', id="array"),
        pytest.param(b'{"a":"x","b":1} {"a":"x","b":1}', id="two-documents"),
        pytest.param(b"", id="empty"),
        pytest.param(b'{"a":"\xff","b":1}', id="not-utf8"),
    ],
)
def test_one_odd_record_among_others_is_left_to_the_exact_path(
    connection: duckdb.DuckDBPyConnection, record: bytes
) -> None:
    columns = of_types(a="string", b="int")
    records = [b'{"a":"x","b":1}'] * 10 + [record] + [b'{"a":"x","b":2}'] * 10
    assert taken(connection, columns, records) == 20
    both = converter(connection, columns)
    assert_same(both.convert(records).table, both.convert_exactly(records).table)


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(b'{"n":0.12499999999999999999,"s":"x"}', id="digits-that-a-double-loses"),
        pytest.param(b'{"n":12.345,"s":"x"}', id="more-digits-than-the-scale"),
        pytest.param(b'{"n":1.5e1,"s":"x"}', id="exponent"),
        pytest.param(b'{"\\u006e":1.5,"s":"x"}', id="key-with-an-escape"),
        pytest.param(b'{"n":"=1.5","s":"x"}', id="string-that-begins-with-the-mark"),
        pytest.param(b'{"n":1.5,"s":{"n":2.5}}', id="key-further-down"),
    ],
)
def test_decimals_that_need_the_exact_path_take_it(connection: duckdb.DuckDBPyConnection, record: bytes) -> None:
    columns = of_types(n="decimal(10,2)", s="string")
    assert taken(connection, columns, [b'{"n":1.25,"s":"\\"n\\":9.75,"}'] * 3 + [record]) == 3
    both = converter(connection, columns)
    records = [b'{"n":1.25,"s":"\\"n\\":9.75,"}', record]
    bulk, exact = both.convert(records), both.convert_exactly(records)
    assert bulk.failures == exact.failures
    assert_same(bulk.table, exact.table)


@pytest.mark.parametrize("number", ["NaN", "nan", "-Infinity", "inf"])
def test_what_only_a_lenient_parser_takes_for_a_number_is_refused(
    connection: duckdb.DuckDBPyConnection, number: str
) -> None:
    both = converter(connection, of_types(a="string"))
    records = [b'{"a":"\\t","x":1}'] * 3 + [f'{{"a":"\\t","x":{number}}}'.encode()]
    bulk, exact = both.convert(records), both.convert_exactly(records)
    assert [failure.index for failure in exact.failures] == [3]
    assert bulk.failures == exact.failures


def test_a_decimals_key_that_a_map_may_have_too_is_not_looked_up(connection: duckdb.DuckDBPyConnection) -> None:
    columns = of_types(m="map<string,double>", n="decimal(10,2)")
    record = b'{"m":{"n":2.5},"n":1.5}'
    assert taken(connection, columns, [record] * 3) == 0
    assert converter(connection, columns).convert([record] * 3).table["n"].to_pylist() == [Number("1.50")] * 3


def test_a_stream_of_other_keys_is_learned_once(connection: duckdb.DuckDBPyConnection) -> None:
    both = converter(connection, of_types(storeid="string", n="int"))
    assert both._bulk is not None
    records = [b'{"storeId":"s\\t","n":1,"more":true}'] * 30
    for _ in range(2):
        assert both.convert(records).table.to_pylist() == [{"storeid": "s\t", "n": 1}] * 30
    assert both._bulk._first.keys == ("storeId", "n", "more")


# -- records that are written alike are not parsed


def written(reader: BulkReader, records: list[bytes], keys: Sequence[str] = ()) -> dict[int, dict[str, object]]:
    """What the templates take: rows by the place of the record, with the JSON texts of `keys`."""
    found = {}
    for part in reader._written.read(pa.array(records, pa.binary()), keys):
        assert part.leaves.places.tolist() == part.places.tolist()
        texts = {f"text of {key}": array.to_pylist() for key, array in part.leaves.texts.items()}
        for at, (place, row) in enumerate(zip(part.places.tolist(), part.table.to_pylist(), strict=True)):
            found[place] = row | {name: values[at] for name, values in texts.items()}
    return found


def reader_of(connection: duckdb.DuckDBPyConnection, columns: tuple[Column, ...]) -> BulkReader:
    reader = converter(connection, columns)._bulk
    assert reader is not None
    return reader


def test_rows_and_texts_of_records_written_alike(connection: duckdb.DuckDBPyConnection) -> None:
    reader = reader_of(connection, of_types(s="string", n="int", d="double", b="boolean", gone="bigint"))
    records = [
        b'{"s":"x","d":1.50,"N":7,"b":true,"more":"m"}\n',
        '{"s":"é","d":-2,"N":null,"b":false,"more":""}\n'.encode(),
        b'{"s":"","d":0.1,"N":-3,"b":null,"more":"{["}\n',
    ]
    row = {"s": "x", "n": 7, "d": 1.5, "b": True, "gone": None, "text of s": '"x"', "text of N": "7"}
    assert written(reader, records, ["s", "N", "absent"]) == {
        0: row,
        1: row | {"s": "é", "n": None, "d": -2.0, "b": False, "text of s": '"é"', "text of N": None},
        2: row | {"s": "", "n": -3, "d": 0.1, "b": None, "text of s": '""', "text of N": "-3"},
    }


def test_several_ways_of_writing_are_remembered(connection: duckdb.DuckDBPyConnection) -> None:
    reader = reader_of(connection, of_types(a="string", b="int"))
    ways = [b'{"a":"x","b":1}', b'{"b":1,"a":"x"}', b'{"a":"x"}']
    expected = [{"a": "x", "b": 1}, {"a": "x", "b": 1}, {"a": "x", "b": None}]
    assert written(reader, ways * 3) == dict(enumerate(expected * 3))
    assert len(reader._written._known) == 3
    assert written(reader, ways[2:] * 2) == dict.fromkeys(range(2), expected[2])


def test_templates_that_no_longer_serve_are_forgotten(connection: duckdb.DuckDBPyConnection) -> None:
    reader = reader_of(connection, of_types(a="string"))
    assert len(written(reader, [b'{"a":"x"}'] * 4)) == 4
    assert written(reader, [b'{"a":"\\t"}'] * 4) == {}
    assert reader._written._known == []
    tried = [len(written(reader, [b'{"a":"x"}'] * 4)) for _ in range(3)]
    assert tried == [0, 4, 4]  # an attempt in vain is not repeated at once


def test_one_odd_record_does_not_keep_others_from_being_learned(connection: duckdb.DuckDBPyConnection) -> None:
    reader = reader_of(connection, of_types(a="string"))
    records = [b'{"a":"x"}'] * 4 + [b'{"a":["odd"]}'] + [b'{"a":"x"}'] * 4
    assert sorted(written(reader, records)) == [0, 1, 2, 3, 5, 6, 7, 8]


ODD_VALUES = [
    "-0",
    "007",
    "1.0",
    "1e5",
    "12345678901234567890123",
    "1.",
    "tru",
    "",
    "nul",
    "+1",
    "-",
    "0x1",
    " 1",
    "NaN",
]
ODD_STRINGS = ['"\\t"', '"\\u0000"', '"\\ud800"', '"a\tb"', '"a\rb"', '"\\""', '"a', 'a"', '"é\x00"']


@st.composite
def batches_written_alike(draw: st.DrawFn) -> tuple[tuple[Column, ...], list[bytes]]:
    """Tables of scalars, and records by one serializer, one in a few with something odd about it."""
    columns = draw(st.lists(st.builds(Column, st.sampled_from(NAMES), SCALARS), min_size=1, max_size=4, unique_by=str))
    columns = list({column.name: column for column in columns}.values())
    keys = [draw(st.sampled_from([column.name, column.name, column.name.upper()])) for column in columns]
    keys += draw(st.sampled_from([[], [], ["x"], ["é"]]))
    comma, colon, end = draw(st.sampled_from([(",", ":", ""), (", ", ": ", "\n"), (",\n ", " :", "\r\n")]))
    is_string = [draw(st.booleans()) for _ in keys]
    records = []
    for _ in range(draw(st.integers(2, 10))):
        pairs = []
        for key, text in zip(keys, is_string, strict=True):
            oddity = draw(st.integers(0, 31))
            if text:
                plain = st.sampled_from(['""', '"x"', '"é€"', '"12"', '"2026-09-07"', '"{"'])
                value = draw(st.sampled_from(ODD_STRINGS) if oddity == 0 else STRINGS if oddity < 4 else plain)
            else:
                plain = st.one_of(st.integers(-200, 2 * 10**9).map(str), st.sampled_from(["0", "1.5", "-0.25", "true"]))
                value = draw(st.sampled_from(ODD_VALUES) if oddity == 0 else NUMBERS if oddity < 4 else plain)
            pairs.append(f'"{key}"{colon}{value}')
        record = f"{{{comma.join(pairs)}}}{end}".encode()
        if draw(st.integers(0, 15)) == 0:
            at = draw(st.integers(0, len(record)))
            cut = draw(st.integers(0, 2))
            record = (
                record[:at]
                + draw(st.sampled_from([b"", b'"', b",", b"\xff", b"\x00", b"}", b"\\"]))
                + record[at + cut :]
            )
        records.append(record)
    return tuple(columns), records


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(batch=batches_written_alike(), serde=OPTIONS)
def test_records_written_alike_convert_as_record_by_record(
    connection: duckdb.DuckDBPyConnection, batch: tuple[tuple[Column, ...], list[bytes]], serde: Any
) -> None:
    columns, records = batch
    assume(serde[0] == "HiveJsonSerDe" or all(reads(column.type) for column in columns))
    both = converter(connection, columns, *serde)
    assert_both_ways_agree(both, records)
    keys = [column.name for column in columns]
    read = both.begin(pa.array(records, pa.binary()), keys).leaves
    for key, texts in read.texts.items():
        for place, text in zip(read.places.tolist(), texts.to_pylist(), strict=True):
            assert (None if text is None else json.loads(text)) == json.loads(records[place])[key]
