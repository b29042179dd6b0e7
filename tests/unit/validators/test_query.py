from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from validators.errors import QueryError
from validators.evidence import Evidence
from validators.memory_bucket import MemoryBucket
from validators.query import QueryEngine
from validators.stream_description import Table


@pytest.fixture
def engine(store_delivery: Evidence, tmp_path: Path) -> Iterator[QueryEngine]:
    with QueryEngine(tmp_path) as loaded:
        assert isinstance(store_delivery.query_table, Table)
        assert loaded.load(store_delivery.query_table, store_delivery.bucket, now=store_delivery.now) == 12
        yield loaded


def test_each_store_and_hour_counts_what_was_sent_there(engine: QueryEngine, store_delivery: Evidence) -> None:
    _, rows = engine.answer(
        "select printf('store_id=%s/%d/%02d/%02d/%02d', p_store_id, year, month, day, hour), count(*) "
        "from conversion_db.store_events group by all"
    )
    assert dict(rows) == store_delivery.manifests[0].partitions


def test_columns_have_the_types_of_the_glue_table(engine: QueryEngine) -> None:
    names, rows = engine.answer("select column_name, column_type from (describe store_events)")
    assert names == ["column_name", "column_type"]
    assert dict(rows)["event_timestamp"] == "TIMESTAMP"
    assert {dict(rows)[name] for name in ("year", "stock_level")} == {"INTEGER"}
    assert [name for name, _ in rows][-5:] == ["p_store_id", "year", "month", "day", "hour"]


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        pytest.param("delete from store_events", "a DELETE statement given; only SELECT is answered", id="delete"),
        pytest.param("select 1; select 2", "2 statements given; write one SELECT", id="two"),
        pytest.param("", "0 statements given", id="none"),
        pytest.param("explain analyze select 1", "a EXPLAIN statement given", id="explain"),
        pytest.param("copy store_events to 'x'", "a COPY statement given", id="copy"),
        pytest.param("select * from '/etc/passwd'", "/etc/passwd", id="other-file"),
        pytest.param("select nope from store_events", "the table's columns: .*event_id", id="no-such-column"),
        pytest.param("selec 1", "syntax error", id="syntax"),
        pytest.param("set enable_external_access = true", "a SET statement given", id="set"),
    ],
)
def test_what_only_reads_is_answered_nothing_else(engine: QueryEngine, sql: str, message: str) -> None:
    with pytest.raises(QueryError, match=message):
        engine.answer(sql)


def test_object_outside_the_projection_is_not_seen(store_delivery: Evidence, tmp_path: Path) -> None:
    table, bucket = store_delivery.query_table, store_delivery.bucket
    assert isinstance(table, Table)
    assert isinstance(bucket, MemoryBucket)
    first = min(key for key in bucket.objects if key.startswith("store-data/"))
    moved = bucket.changed({first: None, first.replace("/2026/", "/1999/"): bucket.objects[first]})
    with QueryEngine(tmp_path) as engine:
        assert engine.load(table, moved, now=store_delivery.now) == 11


def test_column_that_files_lack_is_null(store_delivery: Evidence, tmp_path: Path) -> None:
    table = store_delivery.query_table
    assert isinstance(table, Table)
    wider = replace(table, columns=(*table.columns, replace(table.columns[0], name="added_later")))
    with QueryEngine(tmp_path) as engine:
        engine.load(wider, store_delivery.bucket, now=store_delivery.now)
        assert engine.answer("select count(*), count(added_later) from store_events")[1] == [(108, 0)]


def test_empty_bucket_answers_no_rows(store_delivery: Evidence, tmp_path: Path) -> None:
    table = store_delivery.query_table
    assert isinstance(table, Table)
    with QueryEngine(tmp_path) as engine:
        engine.load(table, MemoryBucket("si-bucket", {}), now=store_delivery.now)
        assert engine.answer("select * from store_events where p_store_id = 'S001'")[1] == []


def test_table_without_projection_is_refused(store_delivery: Evidence, tmp_path: Path) -> None:
    table = store_delivery.conversion_table
    assert isinstance(table, Table)
    with QueryEngine(tmp_path) as engine, pytest.raises(QueryError, match="has no partition projection"):
        engine.load(table, store_delivery.bucket, now=store_delivery.now)
