"""Every row of tests/fidelity/conversion*.yaml: one AWS fact, its mark, and what the converter answers."""

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import yaml

from firehose_spec.glue_types import Column, parse
from local_firehose.conversion import RefusedRecord, converter_for
from local_firehose.stream_config import Conversion, SchemaReference

FACTS = [
    fact
    for path in sorted((Path(__file__).parents[2] / "fidelity").glob("conversion*.yaml"))
    for fact in yaml.safe_load(path.read_text("utf-8"))
]
REFERENCE = SchemaReference("arn:aws:iam::123456789012:role/r", "123456789012", "db", "t", "us-east-1", "LATEST")


def columns(fact: dict[str, Any]) -> tuple[Column, ...]:
    return tuple(Column(name, parse(kind)) for name, kind in fact["columns"].items())


def conversion(fact: dict[str, Any]) -> Conversion:
    return Conversion(REFERENCE, fact.get("serde", "OpenXJsonSerDe"), fact.get("options", {}), "ParquetSerDe", {})


def record(fact: dict[str, Any]) -> bytes:
    return fact["record"] if isinstance(fact["record"], bytes) else fact["record"].encode()


def shown(column: pa.ChunkedArray) -> list[Any]:
    """Values as the YAML spells them: times, dates and decimals as text, maps as lists of pairs."""
    kind = column.type
    if pa.types.is_timestamp(kind):
        return [text and text.rstrip("0").removesuffix(".") for text in pc.cast(column, pa.string()).to_pylist()]
    if pa.types.is_date(kind):
        return pc.cast(column, pa.string()).to_pylist()
    if pa.types.is_map(kind):
        return [pairs and [list(pair) for pair in pairs] for pairs in column.to_pylist()]
    return [plain(value) for value in column.to_pylist()]


def plain(value: Any) -> Any:
    if isinstance(value, list):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, Decimal) else value


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:", config={"threads": 1}) as opened:
        yield opened


@pytest.mark.parametrize("path", ["exact", "bulk"])
@pytest.mark.parametrize("fact", [pytest.param(fact, id=fact["id"]) for fact in FACTS])
def test_record_converts_as_the_fact_says(
    connection: duckdb.DuckDBPyConnection, fact: dict[str, Any], path: str
) -> None:
    converter = converter_for(conversion(fact), columns(fact), connection=connection, least_bulk_records=1)
    converted = converter.convert([record(fact)]) if path == "bulk" else converter.convert_exactly([record(fact)])
    if "error" in fact:
        assert converted.failures == [RefusedRecord(0, *fact["error"])]
        assert converted.table.num_rows == 0
        return
    assert converted.failures == []
    rows = fact["rows"] if "rows" in fact else [fact["row"]]
    expected = {name: [row.get(name) for row in rows] for name in fact["columns"]}
    assert {name: shown(converted.table[name]) for name in converted.table.column_names} == expected
    assert converted.record_of_row.tolist() == [0] * len(rows)


def test_every_fact_has_its_own_id_a_mark_and_a_source() -> None:
    assert len({fact["id"] for fact in FACTS}) == len(FACTS)
    assert {fact["mark"] for fact in FACTS} <= {"documented", "observed", "decided"}
    assert all(fact["source"] for fact in FACTS)


def test_the_document_lists_every_fact_with_mark_and_source() -> None:
    document = (Path(__file__).parents[3] / "docs" / "fidelity" / "conversion.md").read_text("utf-8")
    rows = [f"| {fact['id'].replace('-', ' ')} | {fact['mark']} | {fact['source']} |" for fact in FACTS]
    table = document.partition("| fact | mark | source |\n|---|---|---|\n")[2].partition("\n\n")[0]
    assert table.splitlines() == rows


def test_every_decision_that_a_fact_names_is_written_down() -> None:
    document = (Path(__file__).parents[3] / "docs" / "fidelity" / "conversion.md").read_text("utf-8")
    named = {match[1] for fact in FACTS if (match := re.search(r"conversion\.md#([\w-]+)", fact["source"]))}
    headings = {line.removeprefix("### ") for line in document.splitlines() if line.startswith("### ")}
    assert named
    assert named - headings == set()
