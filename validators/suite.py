"""Run every check over one bucket and conclude: one result a check, one reconcile table, findings, statistics.

Pure but for the reads, which the bucket that is passed in makes.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from validators.accounting import Reconciliation, RunAccount
from validators.athena import AthenaRows
from validators.checks import CHECKS
from validators.completeness import RowCompleteness
from validators.configuration import Point, query_table_point, rest_of_description, seven_points
from validators.error_pass import ErrorPass, ErrorTotals
from validators.evidence import Evidence
from validators.file_health import HealthLine, judge_health
from validators.findings import CheckResult, Finding, Findings, Status
from validators.inventory import Inventory, take_inventory
from validators.parquet_pass import ParquetPass, ParquetTotals
from validators.projection import Projection, ProjectionError, read_projection
from validators.raw_completeness import RawCompleteness
from validators.raw_pass import RawPass, RawTotals
from validators.report_statistics import statistics_of
from validators.stream_description import Table

ROW_CHECKS = ("layout.partition", "values.serde")
PARQUET_CHECKS = ("parquet.columns", "parquet.type", "parquet.nullability", "parquet.codec", "parquet.blocks")
COMPLETENESS_CHECKS = tuple(name for name in CHECKS if name.startswith("completeness."))


@dataclass(slots=True)
class Verdict:
    """Everything that one run of the suite concluded."""

    evidence: Evidence
    results: tuple[CheckResult, ...]
    findings: Findings
    numbers: Reconciliation
    runs: tuple[RunAccount, ...] = ()
    statistics: dict[str, Any] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        return len(self.findings) == 0


class Suite:
    """All checks over one bucket."""

    def __init__(
        self, evidence: Evidence, *, progress: Callable[[str], None] = lambda _: None, athena: AthenaRows | None = None
    ) -> None:
        """`athena`, where given, reads the rows of converted streams."""
        self._evidence, self._progress, self._athena = evidence, progress, athena
        self._findings = Findings()
        self._skips: dict[str, str] = {}
        self._notes: dict[str, tuple[str, str]] = {}

    def run(self) -> Verdict:
        """Run every check that the evidence allows; says of the others why not."""
        self._configuration()
        self._progress("listing objects")
        if not self._evidence.bucket_answers:
            return self._without_bucket()
        inventory = take_inventory(self._evidence, self._findings)
        self._progress(f"reading {len(inventory.data)} objects")
        parquet, raw_pass = self._data(inventory)
        self._progress(f"reading {len(inventory.errors)} error objects")
        errors = ErrorPass(self._evidence, self._findings).run(inventory.errors)
        numbers, runs = self._completeness(inventory, parquet, raw_pass, errors)
        self._projection(inventory)
        for line in judge_health(self._evidence, inventory, self._findings):
            self._note(line)
        self._describe_keys(inventory)
        self._describe_objects(inventory, parquet, errors)
        self._skip_what_was_not_read(errors)
        statistics = statistics_of(
            self._evidence, inventory, parquet, raw_pass.totals if raw_pass else RawTotals(), errors
        )
        if self._athena is not None:
            statistics["athena"] = dict(self._athena.cost)
        results = tuple(self._result(name) for name in CHECKS)
        return Verdict(self._evidence, results, self._findings, numbers, runs, statistics)

    def _without_bucket(self) -> Verdict:
        """Conclude from the configuration alone."""
        for name in (name for name in CHECKS if not name.startswith("configuration.")):
            self._skips[name] = "the bucket does not answer"
        evidence = self._evidence
        results = tuple(self._result(name) for name in CHECKS)
        statistics = statistics_of(evidence, Inventory(), ParquetTotals(), RawTotals(), ErrorTotals())
        return Verdict(evidence, results, self._findings, Reconciliation(), (), statistics)

    def _configuration(self) -> None:
        evidence = self._evidence
        points = list(
            seven_points(
                evidence.declared,
                evidence.stream,
                conversion_table=evidence.conversion_table,
                bucket_answers=evidence.bucket_answers,
            )
        )
        if evidence.stream is not None:
            points.append(rest_of_description(evidence.declared, evidence.stream))
        else:
            for name in (name for name in CHECKS if name.startswith("configuration.")):
                self._skips[name] = "there is no stream to compare with"
            self._skips.pop("configuration.stream")
        points.extend(self._query_table())
        for point in points:
            self._notes[point.check] = point.expected, point.found
            if point.skip is not None:
                self._skips[point.check] = point.skip
            for problem in point.problems:
                self._findings.add(Finding(point.check, _stream_location(evidence), point.expected, problem))

    def _query_table(self) -> list[Point]:
        evidence = self._evidence
        conversion, query = evidence.conversion_table, evidence.query_table
        name = "configuration.query_table"
        if query is None:
            self._skips[name] = "no query table is declared"
            return []
        if isinstance(query, str):
            return [Point(name, "a query table", query, (query,))]
        if not isinstance(conversion, Table):
            self._skips[name] = "there is no conversion table to compare with"
            return []
        problem = None
        try:
            if read_projection(query) is None:
                problem = "projection is not enabled"
        except ProjectionError as exc:
            problem = str(exc)
        return [query_table_point(conversion, query, problem=problem)]

    def _data(self, inventory: Inventory) -> tuple[ParquetTotals, RawPass | None]:
        evidence = self._evidence
        if evidence.declared.conversion is None:
            raw_pass = RawPass(evidence, self._findings)
            raw_pass.run(inventory.data)
            for name in (*PARQUET_CHECKS, *ROW_CHECKS):
                self._skips[name] = "the stream converts no records"
            return ParquetTotals(), raw_pass
        if not evidence.is_parquet or not evidence.columns:
            reason = "objects are ORC" if not evidence.is_parquet else "the Glue table's columns are not known"
            for name in (*PARQUET_CHECKS, *ROW_CHECKS, *COMPLETENESS_CHECKS):
                self._skips[name] = reason
            return ParquetTotals(), None
        totals = ParquetPass(evidence, self._findings, self._athena).run(inventory.data)
        if totals.layout_skip:
            self._skips["layout.partition"] = totals.layout_skip
        elif evidence.declared.partitioning is None:
            self._skips["layout.partition"] = "the stream has no partition keys"
        return totals, None

    def _completeness(
        self, inventory: Inventory, parquet: ParquetTotals, raw_pass: RawPass | None, errors: ErrorTotals
    ) -> tuple[Reconciliation, tuple[RunAccount, ...]]:
        evidence = self._evidence
        reason = None
        if not evidence.manifests:
            reason = "no manifest says what was sent"
        elif evidence.scope.is_partial:
            reason = "only a part of the bucket is looked at"
        elif evidence.scope.depth == "footers":
            reason = "rows are not read (--depth footers)"
        runs: tuple[RunAccount, ...] = ()
        delivered = raw_pass.totals.lines if raw_pass is not None else parquet.rows
        numbers = Reconciliation(delivered=delivered, quarantined=errors.distinct)
        if reason is not None:
            for name in COMPLETENESS_CHECKS:
                self._skips.setdefault(name, reason)
            return numbers, runs
        if raw_pass is not None:
            by_line = RawCompleteness(evidence, self._findings)
            numbers = by_line.judge(raw_pass, inventory.data, errors.events)
            self._skips.update(by_line.skips)
        elif "completeness.lost" not in self._skips:
            by_row = RowCompleteness(evidence, self._findings)
            numbers, runs = by_row.judge(parquet, errors)
            self._skips.update(by_row.skips)
        accounted = numbers.delivered + numbers.quarantined
        self._notes["completeness.lost"] = f"{numbers.accepted} accepted", f"{accounted} delivered or quarantined"
        self._notes["completeness.duplicated"] = "each record once", f"{numbers.duplicated} more"
        self._notes["completeness.invented"] = "only records of the runs given", f"{numbers.invented} others"
        self._notes["completeness.digest"] = "the digest of what was sent", f"equal over {numbers.delivered} records"
        partitions = f"{len(parquet.partitions)} partitions"
        self._notes["completeness.partitions"] = f"the manifests' counts in {partitions}", f"equal in {partitions}"
        return numbers, runs

    def _projection(self, inventory: Inventory) -> None:
        evidence, name = self._evidence, "projection.covers"
        projection: Projection | None = None
        if isinstance(evidence.query_table, Table):
            try:
                projection = read_projection(evidence.query_table)
            except ProjectionError:
                projection = None
        if projection is None:
            self._skips[name] = "there is no query table with a projection"
            return
        covered = 0
        for facts in inventory.data:
            values = projection.values(facts.key)
            uri = f"s3://{evidence.bucket.name}/{facts.key}"
            template = f"a folder of {projection.root}…"
            if values is None:
                self._findings.add(Finding(name, uri, template, "the table's template does not lead here"))
                continue
            refusal = projection.refusal(values, now=evidence.now)
            if refusal is not None:
                self._findings.add(Finding(name, uri, "a partition within the projection", refusal))
                continue
            covered += 1
        self._notes[name] = f"{len(inventory.data)} objects", f"{covered} objects seen by a query"

    def _describe_keys(self, inventory: Inventory) -> None:
        objects = len(inventory.data) + len(inventory.errors) + inventory.others
        found = f"{objects} objects" + (f", {inventory.left_out} left out" if inventory.left_out else "")
        grammar = self._evidence.grammar()
        self._notes["key.foreign"] = f"{grammar.stream_name}-<version>-<time>-<uuid>{grammar.extension}", found
        self._notes["key.prefix"] = grammar.expected_folders(None), found
        versions = sorted({facts.parsed.version for facts in (*inventory.data, *inventory.errors)})
        newest = self._evidence.stream.version if self._evidence.stream is not None else "?"
        self._notes["key.version"] = f"1 to {newest}", ", ".join(map(str, versions)) or "no objects"
        self._notes["key.extension"] = grammar.extension or "none", found

    def _describe_objects(self, inventory: Inventory, parquet: ParquetTotals, errors: ErrorTotals) -> None:
        data, notes = f"{len(inventory.data)} objects", self._notes
        notes["object.headers"] = "application/octet-stream, the format's encoding", data
        notes["object.readable"] = "whole files", data
        notes["layout.partition"] = "folders that the rows' own keys give", f"{parquet.rows} rows in {data}"
        columns = self._evidence.columns
        notes["parquet.columns"] = f"{len(columns)} columns: {', '.join(column.name for column in columns)}", data
        writers = ", ".join(name or "unnamed" for name, _ in parquet.created_by.most_common(3)) or "no objects"
        notes["parquet.type"] = "Hive's types for the Glue columns", f"{data}, written by {writers}"
        notes["parquet.nullability"] = "OPTIONAL", data
        conversion = self._evidence.declared.conversion
        notes["parquet.codec"] = conversion.compression if conversion else "", data
        notes["parquet.blocks"] = "rows, and sizes within the serializer's options", data
        notes["values.serde"] = "values within their Glue types", f"{parquet.rows} rows"
        lines = f"{errors.lines} lines in {len(inventory.errors)} error objects"
        for name in ("error.shape", "error.type", "error.times", "error.table"):
            notes[name] = CHECKS[name].title, lines
        notes["error.reason"] = CHECKS["error.reason"].title, f"{errors.judged} of {errors.lines} lines tried again"
        expected = sum(len(manifest.expected_quarantine) for manifest in self._evidence.manifests)
        by_type = ", ".join(f"{count} {kind}" for kind, count in sorted(errors.by_type.items())) or "none"
        notes["quarantine.unexpected"] = f"{expected} records made bad on purpose", by_type
        notes["quarantine.missing"] = f"{expected} records", f"{errors.distinct} quarantined"
        notes["quarantine.reason"] = "the error type that the manifest names", by_type

    def _skip_what_was_not_read(self, errors: ErrorTotals) -> None:
        evidence = self._evidence
        if evidence.scope.depth == "footers":
            for name in ROW_CHECKS:
                self._skips.setdefault(name, "rows are not read (--depth footers)")
        if not evidence.manifests:
            for name in ("quarantine.unexpected", "quarantine.missing", "quarantine.reason"):
                self._skips[name] = "no manifest says what was sent"
        elif evidence.scope.is_partial:
            self._skips["quarantine.missing"] = "only a part of the bucket is looked at"
        if evidence.declared.conversion is None:
            self._skips["error.table"] = "the stream converts no records"
        if not errors.lines:
            for name in ("error.shape", "error.type", "error.times", "error.table", "error.reason"):
                self._skips.setdefault(name, "there are no error objects")

    def _note(self, line: HealthLine) -> None:
        self._notes[line.check] = line.expected, line.found
        if line.skip is not None:
            self._skips[line.check] = line.skip

    def _result(self, name: str) -> CheckResult:
        count, kept = self._findings.counts[name], self._findings.of(name)
        expected, found = self._notes.get(name, ("", ""))
        check = CHECKS[name]
        if count:
            first = kept[0]
            return CheckResult(name, Status.FAIL, check.title, first.expected, first.found, first.location, count)
        if name in self._skips:
            return CheckResult(name, Status.SKIP, check.title, expected, self._skips[name], None, 0)
        return CheckResult(name, Status.PASS, check.title, expected, found, None, 0)


def _stream_location(evidence: Evidence) -> str:
    return f"firehose://{evidence.declared.region}/{evidence.declared.stream_name}"
