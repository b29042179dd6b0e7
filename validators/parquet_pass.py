"""Read every delivered Parquet object once: footer checks, then its rows through the row scan.

Pure but for the reads, which the bucket that is passed in makes.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from validators.bucket import ObjectBody, map_ordered
from validators.evidence import Evidence
from validators.findings import Finding, Findings
from validators.inventory import ObjectFacts
from validators.key_expressions import parse_query, to_sql
from validators.object_key import Piece
from validators.parquet_checks import BLOCK_BYTES, PAGE_BYTES, ParquetRules, SchemaVerdicts, check_blocks, check_codec
from validators.parquet_footer import TAIL_BYTES, Footer, FooterReader, NeedMoreBytesError, ParquetFileError
from validators.parquet_layout import expected_elements
from validators.record_keys import record_keys, unreadable_fields
from validators.row_scan import OddRow, RowGroupTotals, RowRules, RowScan, SequenceCounts, fit

BIG_OBJECT_BYTES = 8 * 1024 * 1024
ID_COLUMN = "event_id"
OTHER_RUN = -1


@dataclass(slots=True)
class PartitionTotals:
    """Rows of known runs that name one partition by their own values."""

    rows: int = 0
    digest: int = 0
    is_certain: bool = True


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
    twins: list[tuple[str, str]] = field(default_factory=list)


class ParquetPass:
    """One pass over the delivered objects of a stream with conversion to Parquet."""

    def __init__(self, evidence: Evidence, findings: Findings) -> None:
        self._evidence, self._findings = evidence, findings
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
        self._digests: dict[tuple[int, int], str] = {}

    def run(self, objects: list[ObjectFacts]) -> ParquetTotals:
        """Read all `objects`."""
        if self._evidence.scope.depth == "footers":
            for facts, body in self._read(objects, self._read_tail):
                self._judge_footer(facts, body)
            return self.totals
        scan, key_names = self._scan()
        try:
            for index, (facts, body) in enumerate(self._read(objects, self._read_whole)):
                footer = self._judge_footer(facts, body)
                if footer is not None:
                    for table in self._tables(facts, body, footer, scan.schema):
                        self._take(scan.add(index, table), objects, key_names)
            self._take(scan.flush(), objects, key_names)
            self.totals.rows, self.totals.sequences = scan.rows, scan.sequences
            self.totals.has_digest = scan.has_digest
            self._count_odd(scan)
        finally:
            scan.close()
        return self.totals

    def _read(self, objects: list[ObjectFacts], read: Any) -> Iterator[tuple[ObjectFacts, ObjectBody]]:
        whole = self._evidence.scope.depth == "rows"
        return map_ordered(read, objects, size_of=lambda facts: facts.summary.size_bytes if whole else TAIL_BYTES)

    def _read_whole(self, facts: ObjectFacts) -> ObjectBody:
        return self._evidence.bucket.read(facts.key)

    def _read_tail(self, facts: ObjectFacts) -> ObjectBody:
        size = facts.summary.size_bytes
        if size <= TAIL_BYTES:
            return self._evidence.bucket.read(facts.key)
        body = self._evidence.bucket.read_range(facts.key, size - TAIL_BYTES, size)
        try:
            self._footers.read(body.data)
        except NeedMoreBytesError as exc:
            if exc.size_bytes <= size:
                return self._evidence.bucket.read_range(facts.key, size - exc.size_bytes, size)
        except ParquetFileError:
            pass
        return body

    def _judge_footer(self, facts: ObjectFacts, body: ObjectBody) -> Footer | None:
        uri = f"s3://{self._evidence.bucket.name}/{facts.key}"
        self._findings.extend(check_headers(uri, body, "hadoop-snappy" if self._rules.codec == "SNAPPY" else None))
        try:
            footer = self._footers.read(body.data)
        except ParquetFileError as exc:
            self.totals.unreadable_objects += 1
            self._findings.add(Finding("object.readable", uri, expected="a whole Parquet file", found=str(exc)))
            return None
        facts.rows = footer.rows
        self.totals.created_by[footer.created_by] += 1
        if self._rules.elements:
            self._findings.extend(self._schemas.judge(uri, footer))
        self._findings.extend(check_codec(uri, footer, self._rules))
        self._findings.extend(check_blocks(uri, footer, self._rules))
        return footer

    def _tables(self, facts: ObjectFacts, body: ObjectBody, footer: Footer, schema: pa.Schema) -> Iterator[pa.Table]:
        """Yield the object's rows in the schema of the scan; large objects in parts."""
        source = pa.BufferReader(pa.py_buffer(body.data))
        try:
            file = pq.ParquetFile(source, metadata=footer.metadata, coerce_int96_timestamp_unit="us")
            if facts.summary.size_bytes <= BIG_OBJECT_BYTES:
                tables = iter([file.read(use_threads=False)])
            else:
                tables = (pa.Table.from_batches([batch]) for batch in file.iter_batches(batch_size=65_536))
            unfit = False
            for table in tables:
                fitted, missing = fit(table, schema)
                unfit |= bool(missing)
                yield fitted
            self.totals.unfit_objects += unfit
        except (pa.ArrowException, OSError) as exc:
            self.totals.unreadable_objects += 1
            uri = f"s3://{self._evidence.bucket.name}/{facts.key}"
            self._findings.add(Finding("object.readable", uri, expected="rows that can be decoded", found=str(exc)))

    def _scan(self) -> tuple[RowScan, tuple[str, ...]]:
        """Return the row scan for this stream, and the partition keys that it evaluates, in order."""
        evidence = self._evidence
        columns = evidence.columns
        key_sql, add_keys = self._key_sql()
        ids = ID_COLUMN if any(column.name == ID_COLUMN for column in columns) else None
        digests = [manifest.digest for manifest in evidence.manifests if manifest.digest is not None]
        digest_columns = digests[0].columns if digests else tuple(column.name for column in columns)
        rules = RowRules(
            columns, key_sql, ids, tuple(manifest.run_id for manifest in evidence.manifests), digest_columns
        )
        return RowScan(rules, record_keys=add_keys), tuple(key_sql)

    def _key_sql(self) -> tuple[dict[str, str], Any]:
        partitioning, json_keys = self._evidence.declared.partitioning, self._evidence.json_keys
        names = [piece.text for piece in self._pieces if piece.kind == "key"]
        if partitioning is None or not names:
            return {}, None
        parsed = parse_query(partitioning.query)
        expressions = dict(parsed.expressions) if parsed else {}
        compiled = {name: to_sql(expressions.get(name, ""), json_keys) for name in names}
        if all(compiled.values()):
            return {name: str(sql) for name, sql in compiled.items()}, None
        missing = unreadable_fields(partitioning.query, json_keys)
        if missing or any(name not in expressions for name in names if parsed):
            self.totals.layout_skip = f"the query reads {', '.join(missing) or 'keys'} that no column keeps"
            return {}, None
        return (
            {name: f"__key{index}" for index, name in enumerate(names)},
            record_keys(partitioning.query, names, json_keys),
        )

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

    def _count_odd(self, scan: RowScan) -> None:
        """Count odd rows beyond those shown."""
        for rule, count in scan.odd_rows.items():
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
