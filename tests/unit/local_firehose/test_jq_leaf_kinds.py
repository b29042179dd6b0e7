"""Records that are one kind by their texts are one kind to the reader of whole records, which libjq's answers are held to."""

import json
from collections.abc import Iterator

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firehose_spec.glue_types import Column, parse
from local_firehose.conversion import Begun, converter_for
from local_firehose.jq_leaf import Leaf, Prefix, Seconds
from local_firehose.jq_leaf_kinds import leaf_keys, text_table
from local_firehose.jq_leaf_reader import LeafReader
from local_firehose.jq_leaves import leaves
from local_firehose.leaf_texts import LeafTexts
from local_firehose.stream_config import Conversion, SchemaReference

COLUMNS = tuple(
    Column(name, parse(kind)) for name, kind in {"s": "string", "t": "timestamp", "n": "int", "f": "double"}.items()
)
CONVERSION = Conversion(
    SchemaReference("r", "c", "d", "t", "us-east-1", "LATEST"), "OpenXJsonSerDe", {}, "ParquetSerDe", {}
)
REDUCTIONS = st.sampled_from([None, Seconds(3600, 10**9), Seconds(86_400, 253_402_300_799), Prefix(2), Prefix(0)])


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:", config={"threads": 1}) as opened:
        yield opened


def begun(connection: duckdb.DuckDBPyConnection, records: list[bytes], keys: tuple[str, ...]) -> Begun:
    converter = converter_for(CONVERSION, COLUMNS, connection=connection, least_bulk_records=1)
    return converter.begin(pa.array(records, type=pa.binary()), keys)


STRINGS = st.sampled_from(["S1", "S2", "", "é", 'q"q', "a\\b", "5", "null", "S1 ", "\u0001", "ab", "abc"]) | st.text(
    max_size=4
)
NUMBERS = st.sampled_from([0, -0.0, 1, 1.0, 3599, 3600, 10**9, 10**9 + 1, 10**12, 10**19, -5, 1e3, True]) | st.integers(
    0, 10_000
)
VALUES = st.none() | STRINGS | NUMBERS
LIKELY = st.fixed_dictionaries({"s": STRINGS, "t": NUMBERS, "n": st.integers(-9, 9), "f": st.floats(-9, 9)})
ODD = st.dictionaries(
    st.sampled_from(["s", "S", "t", "n", "f", "x"]), VALUES | st.lists(VALUES, max_size=2), max_size=6
)
RECORDS = st.lists(
    (LIKELY | ODD).map(lambda value: json.dumps(value, ensure_ascii=False).encode())
    | st.sampled_from(
        [
            b'{"s":"a","s":"b","t":1,"n":1,"f":1}',
            b'{"s":"a","t":-0,"n":1,"f":1}',
            b'{"s":"-0","t":0,"n":1,"f":1}',
            b'{"s":NaN,"t":1,"n":1,"f":1}',
            b"{}{}",
            b"[1]",
            b"",
        ]
    ),
    min_size=1,
    max_size=30,
)


@settings(max_examples=150, deadline=None)
@given(
    RECORDS,
    st.lists(st.tuples(st.sampled_from(["s", "t", "x"]), REDUCTIONS), min_size=1, unique_by=lambda leaf: leaf[0]),
)
def test_records_of_one_kind_have_one_key_to_the_reader(
    connection: duckdb.DuckDBPyConnection, records: list[bytes], chosen: list[tuple[str, Seconds | Prefix | None]]
) -> None:
    wanted = [Leaf((name,), reduction) for name, reduction in chosen]
    array = pa.array(records, type=pa.binary())
    table = text_table(wanted, array, begun(connection, records, leaf_keys(wanted)).leaves)
    if table is None:
        return
    found = table.kinds(wanted, most=len(records))
    assert found is not None
    reader = LeafReader(wanted).table([records[place] for place in table.places.tolist()])
    assert reader.places.tolist() == list(range(len(table.places)))  # none is doubtful to the reader
    by_reader = reader.kinds(wanted, most=len(records))
    assert by_reader is not None
    assert [found.keys[code] for code in found.codes] == [by_reader.keys[code] for code in by_reader.codes]
    assert [found.codes[row] for row in found.examples] == list(range(len(found.keys)))
    assert len(set(found.keys)) == len(found.keys)
    assert [json.loads(text) for text in table.documents([leaf.path for leaf in wanted])] == [
        json.loads(text) for text in reader.documents([leaf.path for leaf in wanted])
    ]


def test_the_leaves_of_plain_records_are_all_told_apart(connection: duckdb.DuckDBPyConnection) -> None:
    query = '{s: .s, hour: .t|strftime("%H")}'
    wanted = leaves(query)
    assert wanted is not None
    assert leaf_keys(wanted) == ("s", "t")
    records = [
        json.dumps({"s": f"S{at % 3}", "t": 1_000_000 * 3600 + at * 1200, "n": at, "f": 0.5}).encode()
        for at in range(12)
    ]
    array = pa.array(records, type=pa.binary())
    table = text_table(wanted, array, begun(connection, records, leaf_keys(wanted)).leaves)
    assert table is not None
    assert table.places.tolist() == list(range(12))
    assert table.kinds(wanted, most=11) is None
    found = table.kinds(wanted, most=12)
    assert found is not None
    assert [found.keys[code] for code in found.codes] == [(f"S{at % 3}", 1_000_000 + at // 3) for at in range(12)]
    assert found.examples.tolist() == list(range(12))


@pytest.mark.parametrize(
    ("wanted", "keys"),
    [
        pytest.param(None, (), id="not-known"),
        pytest.param((Leaf(("a", "b"), None),), (), id="deeper"),
        pytest.param((Leaf(("a",), None), Leaf(("b",), Prefix(3))), ("a", "b"), id="top-level"),
    ],
)
def test_keys_are_read_ahead_for_top_level_leaves_only(wanted: tuple[Leaf, ...] | None, keys: tuple[str, ...]) -> None:
    assert leaf_keys(wanted) == keys


def test_a_leaf_that_was_not_read_makes_no_kinds() -> None:
    read = LeafTexts(np.array([0]), {"s": pa.array(['"S1"'])})
    assert text_table([Leaf(("s",), None), Leaf(("t",), None)], pa.array([b"{}"], type=pa.binary()), read) is None


def test_texts_that_decide_the_same_are_one_kind_beside_a_null() -> None:
    texts = pa.array(["0", "1", None, "3600", "3599"], pa.string())
    wanted = [Leaf(("t",), Seconds(3600, 10**9))]
    table = text_table(wanted, pa.array([b""] * 5), LeafTexts(np.arange(5, dtype=np.int64), {"t": texts}))
    assert table is not None
    found = table.kinds(wanted, most=5)
    assert found is not None
    assert (found.codes.tolist(), found.keys) == ([0, 0, 1, 2, 0], [(0,), (("whole", None),), (1,)])
