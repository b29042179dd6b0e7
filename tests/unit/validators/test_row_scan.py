from datetime import datetime

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firehose_spec import digest
from firehose_spec.glue_types import Column, parse
from validators.row_scan import OddRow, RowGroupTotals, RowRules, RowScan, fit

COLUMNS = tuple(
    Column(name, parse(kind))
    for name, kind in {"event_id": "string", "n": "bigint", "x": "double", "b": "boolean", "t": "timestamp"}.items()
)
TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00\x1f"), max_size=8)
ROW = st.tuples(
    st.none() | TEXT,
    st.none() | st.integers(-(2**63), 2**63 - 1),
    st.none() | st.floats(-1e9, 1e9) | st.integers(-(10**11), 10**11).map(lambda cents: cents / 100),
    st.none() | st.booleans(),
    st.none() | st.integers(-60_000_000_000, 250_000_000_000),
)


def scan_of(
    rows: list[tuple[object, ...]], *, runs: tuple[str, ...] = ("r",), columns: tuple[Column, ...] = COLUMNS
) -> tuple[RowScan, list[RowGroupTotals | OddRow]]:
    scan = RowScan(RowRules(columns, {}, "event_id", runs, tuple(column.name for column in columns)))
    arrays = []
    for index, field in enumerate(scan.schema):
        values = [row[index] for row in rows]
        if pa.types.is_timestamp(field.type):
            arrays.append(
                pa.array([None if value is None else value * 1_000_000 for value in values], pa.int64()).cast(
                    field.type
                )
            )
        else:
            arrays.append(pa.array(values, field.type))
    try:
        results = [*scan.add(0, pa.table(arrays, schema=scan.schema)), *scan.flush()]
    finally:
        scan.close()
    return scan, results


@settings(deadline=None, max_examples=60)
@given(st.lists(ROW, min_size=1, max_size=20))
def test_digest_is_that_of_the_contract(rows: list[tuple[object, ...]]) -> None:
    _, results = scan_of(rows)
    found = sum(result.digest for result in results if isinstance(result, RowGroupTotals))
    assert found == digest.digest(digest.row_item(row) for row in rows)


@pytest.mark.parametrize(
    ("runs", "ids", "counted"),
    [
        pytest.param(("r",), ["r-0", "r-2", "r-2"], {0: [1, 0, 2]}, id="one-run"),
        pytest.param(("r", "r-1"), ["r-1", "r-1-4"], {0: [0, 1], 1: [0, 0, 0, 0, 1]}, id="one-run-begins-like-another"),
        pytest.param(("it's", "q"), ["it's-1"], {0: [0, 1]}, id="quote-in-the-run"),
        pytest.param(("r",), ["s-1", "r-x", "r--1", "nobody"], {}, id="ids-of-no-run"),
    ],
)
def test_sequence_numbers_are_counted_by_run(
    runs: tuple[str, ...], ids: list[str], counted: dict[int, list[int]]
) -> None:
    scan, _ = scan_of([(name, 1, 1.0, True, 0) for name in ids], runs=runs)
    found = {run: sequences.counts.tolist() for run, sequences in scan.sequences.items()}
    assert {run: counts[: len(counted.get(run, []))] for run, counts in found.items()} == counted
    assert all(not any(counts[len(counted[run]) :]) for run, counts in found.items())


def test_id_without_a_number_is_odd() -> None:
    _, results = scan_of([("r-1", 1, 1.0, True, 0), ("nobody", 1, 1.0, True, 0), (None, 1, 1.0, True, 0)])
    assert [(odd.rule, odd.row, odd.text) for odd in results if isinstance(odd, OddRow)] == [
        ("completeness.invented", 1, "nobody"),
        ("completeness.invented", 2, "null"),
    ]


@pytest.mark.parametrize(
    ("kind", "values", "odd"),
    [
        pytest.param("tinyint", [127, 128, -129], [1, 2], id="tinyint"),
        pytest.param("smallint", [-32768, 40000], [1], id="smallint"),
        pytest.param("varchar(3)", ["abc", "größ"], [1], id="varchar-counts-characters"),
        pytest.param("timestamp", [0, 253402300800], [1], id="beyond-year-9999"),
    ],
)
def test_value_that_the_glue_type_cannot_hold_is_odd(kind: str, values: list[object], odd: list[int]) -> None:
    columns = (Column("event_id", parse("string")), Column("c", parse(kind)))
    _, results = scan_of([(f"r-{n}", value) for n, value in enumerate(values)], columns=columns)
    assert [(result.rule, result.row) for result in results if isinstance(result, OddRow)] == [
        ("values.serde c", row) for row in odd
    ]


def test_object_with_other_types_is_fitted_where_nothing_is_lost() -> None:
    schema = pa.schema([("n", pa.int32()), ("t", pa.timestamp("us")), ("gone", pa.string())])
    table = pa.table({"N": pa.array([7], pa.int64()), "t": pa.array([datetime(2026, 1, 1)], pa.timestamp("ms"))})  # noqa: DTZ001
    fitted, unfit = fit(table, schema)
    assert fitted.to_pylist() == [{"n": 7, "t": datetime(2026, 1, 1), "gone": None}]  # noqa: DTZ001
    assert unfit == ("gone",)
