from pathlib import Path
from urllib.parse import quote

import duckdb
import pytest

from benchmarks.duckdb_side import (
    Content,
    content_of_copy,
    content_of_objects,
    content_of_source,
    copy_partitioned,
    require_same,
    sql_type,
)
from benchmarks.events import EventPlan, store_events
from benchmarks.failures import WrongResultError
from firehose_spec.glue_types import parse

PLAN = EventPlan(stores=2, hours=3, is_nested=True)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "events.ndjson"
    path.write_bytes(b"\n".join(store_events(PLAN, 300)))
    return path


@pytest.fixture
def objects(tmp_path: Path, source: Path) -> Path:
    """The copy's files laid out as objects under quoted keys."""
    copy_partitioned(PLAN, source, tmp_path / "copy")
    folder = tmp_path / "objects"
    folder.mkdir()
    for path in (tmp_path / "copy").glob("*/*/*/*/*/*.parquet"):
        values = [part.partition("=")[2] for part in path.relative_to(tmp_path / "copy").parts[:-1]]
        key = f"bucket/store-data/store_id={values[0]}/{'/'.join(values[1:])}/object.parquet"
        path.rename(folder / quote(key, safe=""))
    return folder


@pytest.mark.parametrize(
    ("glue", "sql"),
    [
        pytest.param("string", "VARCHAR", id="string"),
        pytest.param("timestamp", "BIGINT", id="timestamp"),
        pytest.param(
            "array<struct<a:int,b:map<string,double>>>", "STRUCT(a INTEGER, b MAP(VARCHAR, DOUBLE))[]", id="nested"
        ),
    ],
)
def test_glue_types_have_names_in_duckdb(glue: str, sql: str) -> None:
    assert sql_type(parse(glue)) == sql


def test_source_copy_and_objects_hold_the_same_content(tmp_path: Path, source: Path, objects: Path) -> None:
    expected = content_of_source(PLAN, source)
    assert (expected.rows, expected.partitions) == (300, 6)
    assert content_of_objects(PLAN, objects) == expected
    copy_partitioned(PLAN, source, tmp_path / "again")
    assert content_of_copy(PLAN, tmp_path / "again") == expected


def test_a_changed_value_changes_the_digest(source: Path) -> None:
    before = content_of_source(PLAN, source)
    text = source.read_bytes()
    source.write_bytes(text.replace(b'"stock_level":', b'"stock_level":1', 1))
    after = content_of_source(PLAN, source)
    assert (after.rows, after.partitions) == (before.rows, before.partitions)
    assert after.digest != before.digest


def test_rows_under_a_foreign_key_are_refused(objects: Path) -> None:
    first, second, *_ = sorted(objects.iterdir())
    rows = duckdb.sql(f"SELECT count(*) FROM '{first}'").fetchall()[0][0]
    first.rename(objects / second.name.replace("object", "other"))
    with pytest.raises(WrongResultError, match=f"^{rows} rows lie under a key"):
        content_of_objects(PLAN, objects)


def test_an_error_object_is_refused(objects: Path) -> None:
    (objects / quote("bucket/error/metadata-extraction-failed/x", safe="")).write_bytes(b"{}")
    with pytest.raises(WrongResultError, match="1 objects are no data objects"):
        content_of_objects(PLAN, objects)


def test_different_contents_are_refused() -> None:
    require_same(Content(1, 1, 1), Content(1, 1, 1), side="x")
    with pytest.raises(WrongResultError, match=r"the bucket holds Content\(rows=1, .* was sent"):
        require_same(Content(2, 1, 1), Content(1, 1, 1), side="the bucket")
