"""SQL over the delivered objects as Athena would see them: through the query table's own partition projection.

Talks to: Glue for the table, S3 for the objects, DuckDB in this process for the answer. Objects are copied into a private folder that is
removed afterwards; DuckDB may read that folder and nothing else.
"""

# ruff: noqa: S608 - names are quoted by `quoted`, texts by `_literal`, nothing else comes from outside
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import boto3
import duckdb
import pyarrow as pa
from rich.console import Console
from rich.table import Table as RichTable

from firehose_spec.glue_types import Array, Decimal, GlueType, Map, Primitive, Struct, Text
from validators.bucket import ObjectReader, S3Bucket
from validators.errors import QueryError, UnreachableError
from validators.key_expressions import quoted
from validators.projection import Projection, ProjectionError, read_projection
from validators.services import Services
from validators.stack_outputs import read_outputs
from validators.stream_description import Table

LOW_STOCK = """\
select store_id, count(*) as low_items, min(stock_level) as lowest_stock,
       string_agg(item_name || ' (' || stock_level || ' of ' || reorder_point || ')', ', ' order by stock_level, item_name)
         filter (where place <= 3) as most_urgent
from (
  select *, row_number() over (partition by store_id order by stock_level - reorder_point, item_name) as place
  from (
    select store_id, item_id, arg_max(item_name, moment) as item_name, arg_max(stock_level, moment) as stock_level,
           arg_max(reorder_point, moment) as reorder_point
    from (select *, (event_timestamp, event_id) as moment from {table})
    group by store_id, item_id
  )
  where stock_level <= reorder_point
)
group by store_id
order by store_id
"""
MAX_PRINTED_ROWS = 200


@dataclass(frozen=True, slots=True)
class Part:
    """One object that a query reads: its key, its size in bytes, its partition values as texts of the path."""

    key: str
    size_bytes: int
    values: Mapping[str, str]


def run_query(outputs: Path, sql: str, *, session: boto3.session.Session, console: Console, now: datetime) -> None:
    """Answer `sql` (low stock by store when empty) over the pipeline's query table and print the rows.

    Raises:
        QueryError: the pipeline has no query table, or the SQL is not one read-only statement that the engine takes.
        UnreachableError: Glue or S3 do not answer.
    """
    declared = read_outputs(outputs)
    if declared.query_table is None:
        raise QueryError(f"pipeline {declared.pipeline} has no query table; its objects are raw lines, not columns")
    table = Services(session, declared.region).table(declared.query_table)
    if isinstance(table, str):
        raise UnreachableError(f"query table {declared.query_table}", table, "run `make deploy` first")
    bucket = S3Bucket(declared.bucket, session, declared.region)
    if not bucket.answers():
        raise UnreachableError(f"s3://{declared.bucket}", "the bucket does not answer", "run `make deploy` first")
    with tempfile.TemporaryDirectory(prefix="query-") as folder, QueryEngine(Path(folder)) as engine:
        engine.load(table, bucket, now=now)
        names, rows = engine.answer(sql.strip() or LOW_STOCK.format(table=_qualified(table)))
    print_rows(console, names, rows)
    if not rows and not sql.strip():
        console.print("no item is at or below its reorder point", markup=False)


class QueryEngine:
    """DuckDB with one table: the delivered objects by their projection."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._connection = duckdb.connect(
            config={"autoinstall_known_extensions": False, "autoload_known_extensions": False}
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def load(self, table: Table, bucket: ObjectReader, *, now: datetime) -> int:
        """Copy the table's objects and define it; returns how many objects it reads.

        Raises:
            QueryError: the table has no projection that Athena would take.
        """
        try:
            projection = read_projection(table)
        except ProjectionError as exc:
            raise QueryError(f"table {table.name}: {exc}") from exc
        if projection is None:
            raise QueryError(f"table {table.name} has no partition projection; projection.enabled is not true")
        parts = list(projected_parts(projection, bucket, now=now))
        files = self._copy(parts, bucket)
        self._define(table, projection, parts, files)
        self._connection.execute(f"set allowed_directories = ['{self._folder}']")
        self._connection.execute("set enable_external_access = false")
        self._connection.execute("set lock_configuration = true")
        return len(parts)

    def answer(self, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Return column names and rows of one SELECT.

        Raises:
            QueryError: not exactly one statement that only reads, or DuckDB refuses it.
        """
        try:
            statements = self._connection.extract_statements(sql)
            if len(statements) != 1:
                raise QueryError(f"{len(statements)} statements given; write one SELECT")
            if statements[0].type != duckdb.StatementType.SELECT:  # EXPLAIN ANALYZE would run what it explains
                raise QueryError(f"a {statements[0].type.name} statement given; only SELECT is answered")
            result = self._connection.execute(statements[0])
            return [column[0] for column in result.description or ()], result.fetchall()
        except duckdb.Error as exc:
            raise QueryError(f"{str(exc).strip()}; the table's columns: {', '.join(self._columns())}") from exc

    def _columns(self) -> Sequence[str]:
        rows = self._connection.execute(
            "select column_name from duckdb_columns() where not internal order by column_index"
        )
        return list(dict.fromkeys(row[0] for row in rows.fetchall() if not row[0].startswith("__")))

    def _copy(self, parts: Sequence[Part], bucket: ObjectReader) -> list[str]:
        def copy(numbered: tuple[int, Part]) -> str:
            index, part = numbered
            path = self._folder / f"{index}.parquet"
            path.write_bytes(bucket.read(part.key).data)
            return str(path)

        with ThreadPoolExecutor(max_workers=8) as pool:
            return list(pool.map(copy, enumerate(parts)))

    def _define(self, table: Table, projection: Projection, parts: Sequence[Part], files: Sequence[str]) -> None:
        """Define a view with the Glue table's columns, by name as Athena reads Parquet, and the partition columns from the path."""
        columns = [(quoted(column.name), duckdb_type(column.type)) for column in table.columns]
        keys = [(projected.column.name, duckdb_type(projected.column.type)) for projected in projection.columns]
        arrays = {"__file": pa.array(files, pa.string())}
        arrays.update({name: pa.array([part.values[name] for part in parts], pa.string()) for name, _ in keys})
        self._connection.register("__paths", pa.table(arrays))
        casts = ", ".join(f"cast({quoted(name)} as {kind}) as {quoted(name)}" for name, kind in keys)
        self._connection.execute(f"create table __parts as select __file, {casts} from __paths")
        self._connection.unregister("__paths")
        found = self._found_columns(files)
        chosen = ", ".join(
            f"cast({name if name.strip(chr(34)).lower() in found else 'null'} as {kind}) as {name}"
            for name, kind in columns
        )
        partitions = ", ".join(f"__parts.{quoted(name)}" for name, _ in keys)
        source = f"(select * from read_parquet({list(files)!r}, union_by_name = true, filename = '__file')) as __rows"
        if not files:
            chosen = ", ".join(f"cast(null as {kind}) as {name}" for name, kind in columns)
            source = "(select ''::varchar as __file where false) as __rows"
        body = f"select {chosen}, {partitions} from {source} join __parts using (__file)"
        schema = quoted(table.name.database)
        self._connection.execute(f"create schema if not exists {schema}")
        for name in (quoted(table.name.table), f"{schema}.{quoted(table.name.table)}"):
            self._connection.execute(f"create view {name} as {body}")

    def _found_columns(self, files: Sequence[str]) -> set[str]:
        if not files:
            return set()
        described = self._connection.execute(
            f"describe select * from read_parquet({list(files)!r}, union_by_name = true)"
        )
        return {row[0].lower() for row in described.fetchall()}


def projected_parts(projection: Projection, bucket: ObjectReader, *, now: datetime) -> Iterator[Part]:
    """Yield the objects that a query over the table reads, with their partition values."""
    for summary in bucket.list(projection.root):
        values = projection.values(summary.key)
        if values is not None and projection.refusal(values, now=now) is None:
            yield Part(summary.key, summary.size_bytes, values)


def duckdb_type(kind: GlueType) -> str:
    """Return the DuckDB type of a Glue type."""
    match kind:
        case Primitive("string") | Text():
            return "varchar"
        case Primitive("binary"):
            return "blob"
        case Primitive("int"):
            return "integer"
        case Primitive(name):
            return name
        case Decimal(precision, scale):
            return f"decimal({precision},{scale})"
        case Array(element):
            return f"{duckdb_type(element)}[]"
        case Map(key, value):
            return f"map({duckdb_type(key)}, {duckdb_type(value)})"
        case Struct(members):
            return f"struct({', '.join(f'{quoted(name)} {duckdb_type(member)}' for name, member in members)})"
    raise AssertionError(kind)


def _qualified(table: Table) -> str:
    return f"{quoted(table.name.database)}.{quoted(table.name.table)}"


def print_rows(console: Console, names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Print rows as a table on a terminal, as tab-separated lines elsewhere."""
    if not console.is_terminal:
        for row in (tuple(names), *rows):
            # rich would turn tabs into spaces
            console.file.write("\t".join("" if value is None else str(value) for value in row) + "\n")
        return
    shown = RichTable()
    for index, name in enumerate(names):
        is_number = bool(rows) and isinstance(rows[0][index], int | float)
        shown.add_column(name, justify="right" if is_number else "left")
    for row in rows[:MAX_PRINTED_ROWS]:
        shown.add_row(*("" if value is None else str(value) for value in row))
    console.print(shown)
    hidden = f", the first {MAX_PRINTED_ROWS} shown" if len(rows) > MAX_PRINTED_ROWS else ""
    console.print(f"{len(rows)} rows{hidden}")
