"""Athena's API over DuckDB: statements are read in Trino's dialect by sqlglot and run over the delivered objects.

Results come in pages of `page_rows`, as texts, the header as the first row, after two answers of RUNNING.
"""

import itertools
import tempfile
from pathlib import Path
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp

from validators.evidence import Evidence
from validators.projection import read_projection


class AthenaStandIn:
    def __init__(self, evidence: Evidence, *, page_rows: int = 5) -> None:
        self._page_rows = page_rows
        self._results: dict[str, list[list[str | None]]] = {}
        self._polls: dict[str, int] = {}
        self._ids = itertools.count(1)
        self.statements: list[str] = []
        self._connection = duckdb.connect()
        table = evidence.query_table
        projection = read_projection(table)
        self._folder = tempfile.TemporaryDirectory()
        parts = []
        for number, summary in enumerate(evidence.bucket.list(projection.root)):
            values = projection.values(summary.key)
            if values is None or projection.refusal(values, now=evidence.now):
                continue
            path = Path(self._folder.name) / f"{number}.parquet"
            path.write_bytes(evidence.bucket.read(summary.key).data)
            columns = ", ".join(f"'{text}' as {name}" for name, text in values.items())
            parts.append(f"select *, {columns}, 's3://{evidence.bucket.name}/{summary.key}' as \"$path\" from '{path}'")
        self._connection.execute(f"create schema {table.name.database}")
        self._connection.execute(f"create table {table.name} as {' union all by name '.join(parts)}")

    def close(self) -> None:
        self._connection.close()
        self._folder.cleanup()

    def start_query_execution(self, *, QueryString: str, **_: Any) -> dict[str, str]:  # noqa: N803
        self.statements.append(QueryString)
        tree = sqlglot.parse_one(QueryString, read="athena").transform(_as_duckdb)
        result = self._connection.execute(tree.sql(dialect="duckdb"))
        header = [column[0] for column in result.description]
        rows = [[None if value is None else str(value) for value in row] for row in result.fetchall()]
        execution = f"query-{next(self._ids)}"
        self._results[execution] = [header, *rows]
        self._polls[execution] = 0
        return {"QueryExecutionId": execution}

    def get_query_execution(self, *, QueryExecutionId: str) -> dict[str, Any]:  # noqa: N803
        self._polls[QueryExecutionId] += 1
        state = "SUCCEEDED" if self._polls[QueryExecutionId] > 2 else "RUNNING"
        return {"QueryExecution": {"Status": {"State": state}, "Statistics": {"DataScannedInBytes": 12_000_000}}}

    def get_query_results(self, *, QueryExecutionId: str, NextToken: str = "0", **_: Any) -> dict[str, Any]:  # noqa: N803
        start, rows = int(NextToken), self._results[QueryExecutionId]
        end = start + self._page_rows
        page = [{"Data": [{} if cell is None else {"VarCharValue": cell} for cell in row]} for row in rows[start:end]]
        return {"ResultSet": {"Rows": page}, **({"NextToken": str(end)} if end < len(rows) else {})}


def _as_duckdb(node: exp.Expression) -> exp.Expression:
    """Put DuckDB's own spelling where the dialects differ beyond what sqlglot knows."""
    if isinstance(node, exp.Anonymous):
        name = node.name.lower()
        if name == "from_big_endian_64":
            text = node.find(exp.Encode) or next(
                found for found in node.find_all(exp.Anonymous) if found.name.lower() == "to_utf8"
            )
            inner = text.this if isinstance(text, exp.Encode) else text.expressions[0]
            unsigned = f"cast(md5_number_upper({inner.sql(dialect='duckdb')}) as hugeint)"
            return sqlglot.parse_one(
                f"(case when {unsigned} >= 9223372036854775808 then {unsigned} - 18446744073709551616 else {unsigned} end)",
                read="duckdb",
            )
        if name == "format":
            return exp.Anonymous(this="printf", expressions=node.expressions)
        if name == "to_unixtime":
            return exp.Anonymous(this="epoch", expressions=node.expressions)
    if isinstance(node, exp.TimeToUnix):
        return exp.Anonymous(this="epoch", expressions=[node.this])
    if isinstance(node, exp.Format):
        return exp.Anonymous(this="printf", expressions=[node.this, *node.expressions])
    return node
