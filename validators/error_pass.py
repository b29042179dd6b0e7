"""Read every error object: judge its lines, match their records with what was sent, try the records again.

Pure but for the reads, which the bucket that is passed in makes. Memory: one SHA-256 a quarantined record.
"""

import gzip
import hashlib
from collections import Counter
from dataclasses import dataclass, field

from validators.accounting import Quarantine, RunFinder
from validators.bucket import ObjectBody, map_ordered
from validators.error_objects import ErrorLine, ExpectedTable, read_error_object
from validators.evidence import Evidence
from validators.findings import Finding, Findings
from validators.inventory import ObjectFacts
from validators.manifests import expected_quarantine
from validators.parquet_pass import check_headers
from validators.serde_reading import ReasonJudge


@dataclass(slots=True)
class ErrorTotals:
    """What all error lines add up to. `by_run` holds known runs; `unknown` counts records of no known run.

    `distinct` counts records, `events` what they hold: more where an aggregated record was not split.
    """

    lines: int = 0
    distinct: int = 0
    events: int = 0
    by_type: Counter[str] = field(default_factory=Counter)
    by_run: dict[str, Quarantine] = field(default_factory=dict)
    unknown: int = 0
    judged: int = 0


class ErrorPass:
    """One pass over the error objects."""

    def __init__(self, evidence: Evidence, findings: Findings) -> None:
        self._evidence, self._findings = evidence, findings
        declared = evidence.declared
        conversion = declared.conversion
        self._table = ExpectedTable(conversion.database, conversion.table, conversion.region) if conversion else None
        self._expected = expected_quarantine(evidence.manifests)
        self._runs = RunFinder(evidence.manifests)
        self._judge = ReasonJudge(
            query=declared.partitioning.query if declared.partitioning else None,
            columns=evidence.json_keys,
            deserializer=conversion.deserializer if conversion else "",
        )
        self._seen: dict[bytes, str] = {}
        self.totals = ErrorTotals()

    def run(self, objects: list[ObjectFacts]) -> ErrorTotals:
        """Read all `objects`, then look for expected records that were not met."""
        bucket = self._evidence.bucket
        for facts, body in map_ordered(
            lambda facts: bucket.read(facts.key), objects, size_of=lambda facts: facts.summary.size_bytes
        ):
            self._object(facts, body)
        self.totals.distinct = len(self._seen)
        self._missing()
        return self.totals

    def _object(self, facts: ObjectFacts, body: ObjectBody) -> None:
        uri = f"s3://{self._evidence.bucket.name}/{facts.key}"
        self._findings.extend(check_headers(uri, body, None))
        data = bytes(body.data)
        if (
            body.content_encoding == "gzip"
        ):  # decided: whether AWS compresses error objects is unconfirmed, so both are read
            data = gzip.decompress(data)
        error_type = facts.parsed.error_type
        for item in read_error_object(uri, data, error_type=error_type, table=self._table):
            if isinstance(item, Finding):
                self._findings.add(item)
            else:
                facts.rows += 1
                self._line(item)

    def _line(self, line: ErrorLine) -> None:
        totals = self.totals
        totals.lines += 1
        totals.by_type[line.error_type] += 1
        digest = hashlib.sha256(line.raw)
        sha256 = digest.hexdigest()
        run, sequences = self._runs.find(line.raw, sha256)
        first = self._seen.setdefault(digest.digest(), line.location)
        if first is not line.location:
            self._findings.add(
                Finding("quarantine.unexpected", line.location, "each record quarantined once", f"also at {first}")
            )
            return
        totals.events += len(sequences)
        if run is None:
            totals.unknown += 1
        else:
            account = totals.by_run.setdefault(run, Quarantine())
            account.sequences.update(sequence for sequence in sequences if sequence is not None)
            account.unidentified += sequences.count(None)
        self._match(line, sha256, run)
        self._reason(line)

    def _match(self, line: ErrorLine, sha256: str, run: str | None) -> None:
        if not self._evidence.manifests or (run is None and not self._evidence.scope.every_run):
            return
        expected = self._expected.get(sha256)
        found = f"{line.code}: {line.message}; rawData {shown(line.raw)}"
        if expected is None:
            self._findings.add(
                Finding("quarantine.unexpected", line.location, "a record that a manifest expects in quarantine", found)
            )
        elif expected[0] != line.error_type:
            self._findings.add(
                Finding(
                    "quarantine.reason", line.location, f"{expected[0]} ({expected[1]})", f"{line.error_type}, {found}"
                )
            )

    def _reason(self, line: ErrorLine) -> None:
        verdict, found = self._judge.judge(line.raw, line.error_type)
        self.totals.judged += verdict != "unknown"
        if verdict == "wrong":
            self._findings.add(
                Finding(
                    "error.reason",
                    line.location,
                    f"a record that ends as {line.error_type}",
                    f"{found}; {shown(line.raw)}",
                )
            )

    def _missing(self) -> None:
        if self._evidence.scope.is_partial:
            return
        for manifest in self._evidence.manifests:
            for sha256, (reason, kind) in manifest.expected_quarantine.items():
                if bytes.fromhex(sha256) not in self._seen:
                    where = f"s3://{self._evidence.bucket.name}/{self._evidence.declared.error_output_prefix}"
                    expected = f"record with SHA-256 {sha256} ({kind}) of run {manifest.run_id} under {reason}"
                    self._findings.add(Finding("quarantine.missing", where, expected, "not in any error object"))


def shown(raw: bytes) -> str:
    """Return a record as text, cut at 120 characters."""
    text = raw.decode("utf-8", "backslashreplace").rstrip("\n")
    return text if len(text) <= 120 else f"{text[:117]}…"
