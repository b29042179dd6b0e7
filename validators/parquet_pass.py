"""Read every delivered Parquet object once: footer checks, then its rows through the row scan.

Pure but for the reads, which the bucket that is passed in makes.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from validators.athena import AthenaRows
from validators.athena_sql import digest_sum
from validators.bucket import ObjectBody, map_ordered
from validators.evidence import Evidence
from validators.findings import Finding, Findings
from validators.inventory import ObjectFacts
from validators.key_expressions import key_steps, parse_query, to_sql
from validators.object_key import Piece
from validators.parquet_checks import BLOCK_BYTES, PAGE_BYTES, ParquetRules, SchemaVerdicts, check_blocks, check_codec
from validators.parquet_footer import TAIL_BYTES, Footer, FooterReader, NeedMoreBytesError, ParquetFileError
from validators.parquet_layout import expected_elements
from validators.parquet_pages import check_pages
from validators.record_keys import record_keys, unreadable_fields
from validators.row_scan import OddRow, RowGroupTotals, RowRules, RowScan, SequenceCounts, fit

BIG_OBJECT_BYTES = 4 * 1024 * 1024
PART_ROWS = 65_536
ID_COLUMN = "event_id"
OTHER_RUN = -1


@dataclass(slots=True)
class PartitionTotals:
    """Rows of known runs that name one partition by their own values."""

    rows: int = 0
    digest: int = 0
    keys: set[str] = field(default_factory=set)


@dataclass(slots=True)
class ParquetTotals:
    """What all rows add up to."""

    rows: int = 0
    rows_by_run: Counter[int] = field(default_factory=Counter)
    digest_by_run: Counter[int] = field(default_factory=Counter)
    partitions: dict[str, PartitionTotals] = field(default_factory=dict)
    sequences: Mapping[int, SequenceCounts] = field(default_factory=dict)
    created_by: Counter[str] = field(default_factory=Counter)
    unfit_objects: int = 0
    unreadable_objects: int = 0
    has_digest: bool = False
    layout_skip: str | None = None


@dataclass(slots=True)
class _Loaded:
    """One object as a thread brought it: its footer and rows, or what is wrong with it."""

    body: ObjectBody
    footer: Footer | None = None
    table: pa.Table | None = None
    unfit: tuple[str, ...] = ()
    problem: str = ""
    needed_bytes: int = 0
    is_whole: bool = False


class ParquetPass:
    """One pass over the delivered objects of a stream with conversion to Parquet."""

    def __init__(self, evidence: Evidence, findings: Findings, athena: AthenaRows | None = None) -> None:
        """`athena`, where given, reads the rows; footers are always read here."""
        self._evidence, self._findings, self._athena = evidence, findings, athena
        conversion = evidence.declared.conversion
        options: Mapping[str, Any] = evidence.stream.serializer[1] if evidence.stream is not None else {}
        self._rules = ParquetRules(
            elements=expected_elements(evidence.columns),
            codec=conversion.compression if conversion else "SNAPPY",
            block_bytes=int(options.get("BlockSizeBytes") or BLOCK_BYTES),
            page_bytes=int(options.get("PageSizeBytes") or PAGE_BYTES),
        )
        self._footers = FooterReader()
        self._schemas = SchemaVerdicts(self._rules)
        self.totals = ParquetTotals()
        self._pieces = evidence.grammar().data
        self._root = partition_root(self._pieces)

    def run(self, objects: list[ObjectFacts]) -> ParquetTotals:
        """Read all `objects`."""
        if self._evidence.scope.depth == "footers" or self._athena is not None:
            for facts, loaded in map_ordered(self._load_tail, objects, size_of=lambda _: TAIL_BYTES):
                self._judge_footer(facts, loaded)
            if self._athena is not None and self._evidence.scope.depth == "rows":
                self._ask_athena(self._athena, objects)
            return self.totals
        scan, key_names = self._scan()
        try:
            loads = map_ordered(
                lambda facts: self._load(facts, scan.schema), objects, size_of=lambda facts: facts.summary.size_bytes
            )
            for index, (facts, loaded) in enumerate(loads):
                self._judge_footer(facts, loaded)
                for table in self._tables(facts, loaded, scan.schema):
                    self._take(scan.add(index, table), objects, key_names)
            self._take(scan.flush(), objects, key_names)
            self.totals.rows, self.totals.sequences = scan.rows, scan.sequences
            self.totals.has_digest = scan.has_digest
            self._count_odd(scan.odd_rows)
        finally:
            scan.close()
        return self.totals

    def _load(self, facts: ObjectFacts, schema: pa.Schema) -> "_Loaded":
        """Read an object whole; called on threads. The rows of a large one are decoded later, in parts."""
        body = self._evidence.bucket.read(facts.key)
        loaded = self._with_footer(body)
        loaded.is_whole = True
        if loaded.footer is not None and facts.summary.size_bytes <= BIG_OBJECT_BYTES:
            try:
                file = self._file(body, loaded.footer)
                loaded.table, loaded.unfit = fit(file.read(use_threads=False), schema)
            except (pa.ArrowException, OSError) as exc:
                loaded.problem = f"the rows cannot be decoded: {exc}"
        return loaded

    def _load_tail(self, facts: ObjectFacts) -> "_Loaded":
        """Read an object's footer; called on threads."""
        size = facts.summary.size_bytes
        start = max(0, size - TAIL_BYTES)
        body = (
            self._evidence.bucket.read_range(facts.key, start, size) if start else self._evidence.bucket.read(facts.key)
        )
        loaded = self._with_footer(body)
        if TAIL_BYTES < loaded.needed_bytes <= size:
            return self._with_footer(self._evidence.bucket.read_range(facts.key, size - loaded.needed_bytes, size))
        return loaded

    def _with_footer(self, body: ObjectBody) -> "_Loaded":
        try:
            return _Loaded(body, self._footers.read(body.data))
        except NeedMoreBytesError as exc:
            return _Loaded(body, problem=str(exc), needed_bytes=exc.size_bytes)
        except ParquetFileError as exc:
            return _Loaded(body, problem=str(exc))

    def _file(self, body: ObjectBody, footer: Footer) -> pq.ParquetFile:
        source = pa.BufferReader(pa.py_buffer(body.data))
        return pq.ParquetFile(source, metadata=footer.metadata, coerce_int96_timestamp_unit="us")

    def _judge_footer(self, facts: ObjectFacts, loaded: "_Loaded") -> None:
        uri, footer = f"s3://{self._evidence.bucket.name}/{facts.key}", loaded.footer
        encoding = "hadoop-snappy" if self._rules.codec == "SNAPPY" else None
        self._findings.extend(check_headers(uri, loaded.body, encoding))
        if loaded.problem:
            self.totals.unreadable_objects += 1
            self._findings.add(Finding("object.readable", uri, "a whole Parquet file", loaded.problem))
        if footer is None:
            return
        facts.rows = footer.rows
        self.totals.created_by[footer.created_by] += 1
        if self._rules.elements:
            self._findings.extend(self._schemas.judge(uri, footer))
        self._findings.extend(check_codec(uri, footer, self._rules))
        self._findings.extend(check_blocks(uri, footer, self._rules))
        if loaded.is_whole and not loaded.problem:
            self._findings.extend(check_pages(uri, loaded.body.data, footer, self._rules))

    def _tables(self, facts: ObjectFacts, loaded: "_Loaded", schema: pa.Schema) -> Iterator[pa.Table]:
        """Yield the object's rows in the schema of the scan; large objects in parts."""
        if loaded.table is not None:
            self.totals.unfit_objects += bool(loaded.unfit)
            yield loaded.table
            return
        if loaded.footer is None or loaded.problem:
            return
        unfit = False
        try:
            for batch in self._file(loaded.body, loaded.footer).iter_batches(batch_size=PART_ROWS):
                table, missing = fit(pa.Table.from_batches([batch]), schema)
                unfit |= bool(missing)
                yield table
        except (pa.ArrowException, OSError) as exc:
            self.totals.unreadable_objects += 1
            uri = f"s3://{self._evidence.bucket.name}/{facts.key}"
            self._findings.add(Finding("object.readable", uri, "rows that can be decoded", str(exc)))
        self.totals.unfit_objects += unfit

    def _scan(self) -> tuple[RowScan, tuple[str, ...]]:
        """Return the row scan for this stream, and the partition keys that it evaluates, in order."""
        evidence = self._evidence
        key_sql, steps, add_keys = self._key_sql()
        runs = tuple(manifest.run_id for manifest in evidence.manifests)
        rules = RowRules(evidence.columns, key_sql, self._id_column(), runs, self._digest_columns(), steps)
        return RowScan(rules, record_keys=add_keys), tuple(key_sql)

    def _key_sql(self) -> tuple[dict[str, str], dict[str, str] | None, Any]:
        partitioning, json_keys = self._evidence.declared.partitioning, self._evidence.json_keys
        names = [piece.text for piece in self._pieces if piece.kind == "key"]
        if partitioning is None or not names:
            return {}, None, None
        parsed = parse_query(partitioning.query)
        expressions = dict(parsed.expressions) if parsed else {}
        compiled = {name: to_sql(expressions.get(name, ""), json_keys) for name in names}
        if all(compiled.values()):
            steps = key_steps([expressions[name] for name in names], json_keys)
            return {name: str(sql) for name, sql in compiled.items()}, steps, None
        missing = unreadable_fields(partitioning.query, json_keys)
        if missing or any(name not in expressions for name in names if parsed):
            self.totals.layout_skip = f"the query reads {', '.join(missing) or 'keys'} that no column keeps"
            return {}, None, None
        try:
            by_jq = record_keys(partitioning.query, names, json_keys)
        except ValueError as exc:
            self.totals.layout_skip = f"the query is no jq program: {exc}".splitlines()[0]
            return {}, None, None
        return {name: f"__key{index}" for index, name in enumerate(names)}, None, by_jq

    def _take(
        self, results: Iterator[RowGroupTotals | OddRow], objects: list[ObjectFacts], key_names: tuple[str, ...]
    ) -> None:
        for result in results:
            if isinstance(result, OddRow):
                uri = f"s3://{self._evidence.bucket.name}/{objects[result.object_index].key}#row={result.row}"
                rule, _, column = result.rule.partition(" ")
                expected = f"a value of column {column}" if column else "an id <run>-<sequence>"
                self._findings.add(Finding(rule, uri, expected=expected, found=result.text))
            else:
                self._take_totals(result, objects[result.object_index], dict(zip(key_names, result.keys, strict=True)))

    def _take_totals(self, totals: RowGroupTotals, facts: ObjectFacts, keys: dict[str, str | None]) -> None:
        mine = self.totals
        mine.rows_by_run[totals.run] += totals.rows
        mine.digest_by_run[totals.run] += totals.digest
        uri = f"s3://{self._evidence.bucket.name}/{facts.key}"
        if (
            totals.run == OTHER_RUN
            and self._evidence.manifests
            and self._evidence.scope.every_run
            and rows_have_ids(self._evidence)
        ):
            found = f"{totals.rows} rows of no run that was given, the first at row {totals.first_row}"
            self._findings.add(
                Finding("completeness.invented", f"{uri}#row={totals.first_row}", "rows of the runs given", found),
                times=totals.rows,
            )
        if not keys:
            return
        folder = self._row_folder(keys, facts)
        if folder != facts.parsed.folder and facts.parsed.kind != "misplaced":
            self._findings.add(
                Finding(
                    "layout.partition",
                    f"{uri}#row={totals.first_row}",
                    expected=f"folder {folder}" if folder else f"keys that are not null or empty: {keys}",
                    found=f"{totals.rows} rows in {facts.parsed.folder}",
                ),
                times=totals.rows,
            )
        if folder is not None and totals.run != OTHER_RUN:
            partition = mine.partitions.setdefault(folder.removeprefix(self._root).strip("/"), PartitionTotals())
            partition.rows += totals.rows
            if len(partition.keys) < 2:
                partition.keys.add(facts.key)
            partition.digest += totals.digest

    def _row_folder(self, keys: dict[str, str | None], facts: ObjectFacts) -> str | None:
        """Return the folder that a row's own values name; times and random texts are the object's own."""
        fixed = iter(facts.parsed.fixed)
        parts: list[str] = []
        for piece in self._pieces:
            text = (
                keys.get(piece.text)
                if piece.kind == "key"
                else piece.text
                if piece.kind == "literal"
                else next(fixed, "?")
            )
            if not text:
                return None
            parts.append(text)
        return "".join(parts)

    def _ask_athena(self, athena: AthenaRows, objects: list[ObjectFacts]) -> None:
        names = [piece.text for piece in self._pieces if piece.kind == "key"]
        key_sql = athena.key_sql(names)
        if key_sql is None and names:
            self.totals.layout_skip = "the query needs jq itself, which Athena has not"
        rules = athena.rules(key_sql or {}, objects, self._digest_columns(), self._id_column())
        self._take(athena.results(rules, objects), objects, tuple(rules.key_sql))
        self.totals.rows, self.totals.sequences = athena.rows, athena.sequences
        self.totals.has_digest = digest_sum(rules) != "0"
        self._count_odd(athena.odd_rows)

    def _id_column(self) -> str | None:
        return ID_COLUMN if rows_have_ids(self._evidence) else None

    def _digest_columns(self) -> tuple[str, ...]:
        digests = [manifest.digest for manifest in self._evidence.manifests if manifest.digest is not None]
        return digests[0].columns if digests else tuple(column.name for column in self._evidence.columns)

    def _count_odd(self, odd_rows: Mapping[str, int]) -> None:
        """Count odd rows beyond those shown."""
        for rule, count in odd_rows.items():
            check = rule.partition(" ")[0]
            self._findings.counts[check] = max(self._findings.counts[check], count)


def rows_have_ids(evidence: Evidence) -> bool:
    """Return whether rows carry the id by which they are told apart."""
    return any(column.name == ID_COLUMN for column in evidence.columns)


def partition_root(pieces: tuple[Piece, ...]) -> str:
    """Return the folder above all partitions: the literal start of the prefix up to its last slash."""
    first = pieces[0].text if pieces and pieces[0].kind == "literal" else ""
    return first[: first.rfind("/") + 1]


def check_headers(uri: str, body: ObjectBody, encoding: str | None) -> Iterator[Finding]:
    """Yield a finding for each header that Firehose would not have set; `encoding` None leaves Content-Encoding alone."""
    if body.content_type != "application/octet-stream":  # observed: whatever the format
        yield Finding("object.headers", uri, "Content-Type application/octet-stream", body.content_type or "none")
    if encoding is not None and body.content_encoding != encoding:
        yield Finding(
            "object.headers", uri, f"Content-Encoding {encoding or 'not set'}", body.content_encoding or "not set"
        )
