"""The row checks carried out by Athena, for buckets too large for one machine: same totals, same ids, same report.

Talks to: Athena, through a client that is passed in. Clock-free: it sleeps by the function that is passed in.
Source: https://docs.aws.amazon.com/athena/latest/APIReference/API_StartQueryExecution.html
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import botocore.exceptions

from validators.athena_sql import (
    AthenaRules,
    injected_filter,
    islands_statement,
    odd_rows_statement,
    time_text,
    totals_statement,
)
from validators.errors import UnreachableError
from validators.evidence import Evidence
from validators.inventory import ObjectFacts
from validators.key_expressions import parse_query, to_sql
from validators.projection import read_projection
from validators.row_scan import OddRow, RowGroupTotals, SequenceCounts
from validators.stream_description import Table

POLL_SECONDS = 1.0
PRICE_PER_TERABYTE = 5.0  # documented: USD, https://aws.amazon.com/athena/pricing/
LEAST_BILLED_BYTES = 10_000_000  # documented: per query


@dataclass(slots=True)
class AthenaCost:
    """What the statements read."""

    statements: int = 0
    scanned_bytes: int = 0
    billed_bytes: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return the numbers for the report, with what they cost in US dollars."""
        dollars = self.billed_bytes / 1e12 * PRICE_PER_TERABYTE
        return {"statements": self.statements, "scanned_bytes": self.scanned_bytes, "dollars": round(dollars, 6)}


@dataclass(slots=True)
class AthenaQueries:
    """Runs statements one after the other and reads all pages of their results."""

    client: Any
    database: str
    workgroup: str
    output_location: str | None
    sleep: Callable[[float], None]
    cost: AthenaCost = field(default_factory=AthenaCost)

    def rows(self, sql: str) -> Iterator[list[str | None]]:
        """Yield the rows of a statement as texts.

        Raises:
            UnreachableError: Athena does not answer, or the statement failed or was cancelled; the reason is Athena's.
        """
        try:
            execution = self._finished(self._start(sql))
            yield from self._pages(execution)
        except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as exc:
            raise UnreachableError(
                f"Athena workgroup {self.workgroup}",
                str(exc),
                "check the Region, the workgroup and its output location",
            ) from exc

    def _start(self, sql: str) -> str:
        more: dict[str, Any] = {}
        if self.output_location:
            more["ResultConfiguration"] = {"OutputLocation": self.output_location}
        answer = self.client.start_query_execution(
            QueryString=sql, QueryExecutionContext={"Database": self.database}, WorkGroup=self.workgroup, **more
        )
        return str(answer["QueryExecutionId"])

    def _finished(self, execution: str) -> str:
        while True:
            answer = self.client.get_query_execution(QueryExecutionId=execution)["QueryExecution"]
            status = answer["Status"]
            if status["State"] in {"SUCCEEDED", "FAILED", "CANCELLED"}:
                scanned = int((answer.get("Statistics") or {}).get("DataScannedInBytes", 0))
                self.cost.statements += 1
                self.cost.scanned_bytes += scanned
                self.cost.billed_bytes += max(scanned, LEAST_BILLED_BYTES) if scanned else 0
                if status["State"] == "SUCCEEDED":
                    return execution
                reason = status.get("StateChangeReason") or "no reason was given"
                raise UnreachableError(
                    f"Athena query {execution} {status['State']}",
                    reason,
                    "see the query's history in the Athena console",
                )
            self.sleep(POLL_SECONDS)

    def _pages(self, execution: str) -> Iterator[list[str | None]]:
        token: str | None = None
        is_first = True
        while True:
            more = {"NextToken": token} if token else {}
            answer = self.client.get_query_results(QueryExecutionId=execution, MaxResults=1000, **more)
            for row in answer["ResultSet"]["Rows"]:
                if is_first:  # documented: the first row of the first page holds the column names
                    is_first = False
                    continue
                yield [cell.get("VarCharValue") for cell in row["Data"]]
            token = answer.get("NextToken")
            if not token:
                return


class AthenaRows:
    """The row engine that asks Athena; `results` gives what the row scan gives."""

    def __init__(self, queries: AthenaQueries, evidence: Evidence) -> None:
        self._queries, self._evidence = queries, evidence
        self.sequences: dict[int, SequenceCounts] = {}
        self.odd_rows: dict[str, int] = {}
        self.rows = 0

    @property
    def cost(self) -> Mapping[str, Any]:
        return self._queries.cost.as_json()

    def key_sql(self, names: list[str]) -> dict[str, str] | None:
        """Return partition key to Athena SQL; None where only jq can evaluate the query."""
        partitioning = self._evidence.declared.partitioning
        parsed = parse_query(partitioning.query) if partitioning else None
        if parsed is None:
            return None
        found = {name: to_sql(parsed.expressions.get(name, ""), self._evidence.json_keys, time_text) for name in names}
        return None if None in found.values() else {name: str(sql) for name, sql in found.items()}

    def rules(
        self,
        key_sql: Mapping[str, str],
        objects: list[ObjectFacts],
        digest_columns: tuple[str, ...],
        id_column: str | None,
    ) -> AthenaRules:
        """Return the rules of the statements over these objects.

        Raises:
            UnreachableError: there is no query table to ask.
        """
        table = self._evidence.query_table
        if not isinstance(table, Table):
            raise UnreachableError("Athena", table or "no query table is declared", "use --engine pyarrow")
        return AthenaRules(
            table=table.name,
            columns=self._evidence.columns,
            key_sql=key_sql,
            id_column=id_column,
            runs=tuple(manifest.run_id for manifest in self._evidence.manifests),
            digest_columns=digest_columns,
            where=injected_filter(_injected_values(table, objects)),
        )

    def results(self, rules: AthenaRules, objects: list[ObjectFacts]) -> Iterator[RowGroupTotals | OddRow]:
        """Run the statements and yield totals and odd rows, as the row scan does."""
        places = {f"s3://{self._evidence.bucket.name}/{facts.key}": index for index, facts in enumerate(objects)}
        keys = len(rules.key_sql)
        for path, run, *values in self._queries.rows(totals_statement(rules)):
            rows, digest = int(values[keys] or 0), int(values[keys + 1] or 0)
            index = places.get(path or "")
            if index is None:
                continue  # came after the listing
            self.rows += rows
            yield RowGroupTotals(index, int(run or -1), tuple(values[:keys]), rows, digest, 0)
        if rules.id_column is not None and rules.runs:
            self._count_sequences(rules)
        for name in ("ids", *(column.name for column in rules.columns)):
            yield from self._odd(rules, name, places)

    def _count_sequences(self, rules: AthenaRules) -> None:
        for run, first, last, times in self._queries.rows(islands_statement(rules)):
            counts = self.sequences.setdefault(int(run or 0), SequenceCounts())
            counts.add_range(int(first or 0), int(last or 0), times=int(times or 0))

    def _odd(self, rules: AthenaRules, name: str, places: Mapping[str, int]) -> Iterator[OddRow]:
        statement = odd_rows_statement(rules, name)
        if statement is None:
            return
        rule = "completeness.invented" if name == "ids" else f"values.serde {name}"
        for path, text, total in self._queries.rows(statement):
            self.odd_rows[rule] = int(total or 0)
            if path is not None and path in places:
                yield OddRow(places[path], 0, rule, text or "null")


def _injected_values(table: Table, objects: list[ObjectFacts]) -> dict[str, list[str]]:
    """Return the values of injected partition columns that the bucket holds."""
    projection = read_projection(table)
    if projection is None:
        return {}
    injected = [projected.column.name for projected in projection.columns if projected.kind == "injected"]
    found = [values for facts in objects if (values := projection.values(facts.key)) is not None]
    return {name: sorted({values[name] for values in found}) for name in injected}
