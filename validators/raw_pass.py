"""Read every delivered object of a raw stream: its framing, its lines, its size before compression.

Pure but for the reads, which the bucket that is passed in makes. Memory: 8 bytes a line.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from validators.bucket import ObjectBody, map_ordered
from validators.decompression import CONTENT_ENCODINGS, BodyError, decompress
from validators.evidence import Evidence
from validators.findings import Finding, Findings
from validators.inventory import ObjectFacts
from validators.parquet_pass import check_headers
from validators.raw_lines import Hashes, line_hashes, split_records, total


@dataclass(slots=True)
class RawTotals:
    """What all lines add up to; `hashes` is empty when lines were not read."""

    lines: int = 0
    digest: int = 0
    hashes: Hashes = field(default_factory=lambda: np.zeros(0, np.uint64))
    unreadable_objects: int = 0


class RawPass:
    """One pass over the delivered objects of a stream without conversion."""

    def __init__(self, evidence: Evidence, findings: Findings) -> None:
        self._evidence, self._findings = evidence, findings
        self._format = evidence.declared.compression_format
        self.totals = RawTotals()

    def run(self, objects: list[ObjectFacts]) -> RawTotals:
        """Read all `objects`."""
        if self._evidence.scope.depth == "footers":
            return self.totals
        parts: list[Hashes] = []
        for facts, plain in self._plain(objects):
            lines = split_records(plain)
            facts.rows, facts.plain_bytes = len(lines), len(plain)
            parts.append(line_hashes(lines))
            self.totals.lines += len(lines)
        if parts:
            self.totals.hashes = np.concatenate(parts)
            self.totals.digest = total(self.totals.hashes)
        return self.totals

    def _plain(self, objects: Iterable[ObjectFacts]) -> Iterator[tuple[ObjectFacts, bytes]]:
        bucket = self._evidence.bucket
        for facts, body in map_ordered(
            lambda facts: bucket.read(facts.key), objects, size_of=lambda facts: facts.summary.size_bytes
        ):
            plain = self._judge(facts, body)
            if plain is not None:
                yield facts, plain

    def _judge(self, facts: ObjectFacts, body: ObjectBody) -> bytes | None:
        uri = f"s3://{self._evidence.bucket.name}/{facts.key}"
        self._findings.extend(check_headers(uri, body, CONTENT_ENCODINGS[self._format]))
        try:
            return decompress(bytes(body.data), self._format)
        except BodyError as exc:
            self.totals.unreadable_objects += 1
            self._findings.add(Finding("object.readable", uri, expected=f"a {self._format} body", found=str(exc)))
            return None

    def locate(self, objects: list[ObjectFacts], wanted: int) -> tuple[str, bytes] | None:
        """Return (location, line) of the first delivered line with this hash; reads objects again until it is found."""
        for facts in objects:
            try:
                plain = decompress(bytes(self._evidence.bucket.read(facts.key).data), self._format)
            except BodyError:
                continue
            lines = split_records(plain)
            at = np.flatnonzero(line_hashes(lines) == np.uint64(wanted))
            if len(at):
                return f"s3://{self._evidence.bucket.name}/{facts.key}#line={int(at[0])}", lines[int(at[0])]
        return None
