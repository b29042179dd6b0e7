"""Judge the completeness of a raw stream: by its lines where the log can be read again, else by count and digest.

Pure, but that it reads the log files again which the manifests name.
"""

import hashlib

import numpy as np

from validators.accounting import Reconciliation, account_counts
from validators.error_pass import shown
from validators.evidence import Evidence
from validators.findings import Finding, Findings
from validators.inventory import ObjectFacts
from validators.raw_lines import Hashes, LineDifference, difference, line_hashes, sent_lines, total
from validators.raw_pass import RawPass


class RawCompleteness:
    """Adds up one raw stream and says what is missing. `skips` maps a check to why it could not be made."""

    def __init__(self, evidence: Evidence, findings: Findings) -> None:
        self._evidence, self._findings = evidence, findings
        self._root = f"s3://{evidence.bucket.name}/"
        self.skips = {"completeness.partitions": "a raw stream has no partitions"}

    def judge(self, raw: RawPass, objects: list[ObjectFacts], quarantined: int) -> Reconciliation:
        """Compare what was delivered with what was sent, and add what is missing to the findings."""
        sent = self._sent_again()
        if sent is None:
            return self._by_count(raw, quarantined)
        return self._by_line(raw, objects, difference(sent, raw.totals.hashes), quarantined)

    def _sent_again(self) -> Hashes | None:
        """Return the hashes of all accepted lines, read again; None unless every log still gives the manifest's own digest."""
        parts = []
        for manifest in self._evidence.manifests:
            lines = sent_lines(manifest)
            if lines is None or manifest.digest is None or manifest.digest.over != "bytes":
                return None
            hashes = line_hashes(lines)
            if len(hashes) != manifest.digest.items or total(hashes) != manifest.digest.value:
                return None
            parts.append(hashes)
        return np.concatenate(parts) if parts else None

    def _by_count(self, raw: RawPass, quarantined: int) -> Reconciliation:
        manifests, totals = self._evidence.manifests, raw.totals
        numbers = account_counts(manifests, totals.lines, quarantined)
        if not self._evidence.scope.every_run:
            numbers = _changed(numbers, invented=0)
        allowed = sum(manifest.possible_duplicate_events for manifest in manifests)
        if 0 < numbers.invented <= allowed:
            numbers = _changed(numbers, invented=0, duplicated=numbers.invented)
        self._differences(numbers, LineDifference(0, 0, 0, None, None, None), raw, [])
        digests = [manifest.digest for manifest in manifests]
        if numbers.lost or numbers.invented or numbers.duplicated or None in digests:
            self.skips["completeness.digest"] = "the lines are not all there, or no digest was taken"
        elif totals.lines != numbers.accepted:
            self.skips["completeness.digest"] = "the bucket holds lines of other runs"
        else:
            wanted = sum(digest.value for digest in digests if digest is not None)
            if wanted != totals.digest:
                self._findings.add(
                    Finding(
                        "completeness.digest",
                        self._root,
                        f"digest {wanted} over {numbers.accepted} lines",
                        f"digest {totals.digest} over {totals.lines} lines: at least one was changed",
                    )
                )
        return numbers

    def _by_line(
        self, raw: RawPass, objects: list[ObjectFacts], found: LineDifference, quarantined: int
    ) -> Reconciliation:
        """Report what differs. A line lost and a line invented are one line changed, as far as they pair up."""
        manifests = self._evidence.manifests
        invented = found.invented if self._evidence.scope.every_run else 0
        changed = min(found.lost, invented)
        accepted = sum(manifest.accepted_events for manifest in manifests)
        lost = max(0, found.lost - changed - quarantined)
        duplicated = found.duplicated if self._evidence.scope.every_run else 0
        numbers = Reconciliation(
            submitted=sum(manifest.events for manifest in manifests),
            accepted=accepted,
            delivered=accepted - found.lost + changed,
            quarantined=quarantined,
            lost=lost,
            duplicated=duplicated,
            invented=invented - changed,
        )
        self._differences(numbers, found, raw, objects)
        if changed:
            where, line = self._example(raw, objects, found.invented_hash)
            self._findings.add(
                Finding(
                    "completeness.digest", where, f"a line that was sent, such as {self._sent(found.lost_hash)}", line
                ),
                times=changed,
            )
        return numbers

    def _differences(
        self, numbers: Reconciliation, found: LineDifference, raw: RawPass, objects: list[ObjectFacts]
    ) -> None:
        if numbers.lost:
            example = f", among them {self._sent(found.lost_hash)}" if found.lost_hash is not None else ""
            self._findings.add(
                Finding(
                    "completeness.lost", self._root, f"{numbers.accepted} accepted", f"{numbers.lost} lost{example}"
                ),
                times=numbers.lost,
            )
        allowed = sum(manifest.possible_duplicate_events for manifest in self._evidence.manifests)
        if numbers.duplicated > allowed:
            where, line = self._example(raw, objects, found.duplicated_hash)
            self._findings.add(
                Finding(
                    "completeness.duplicated",
                    where,
                    "each line as often as it was sent",
                    f"{numbers.duplicated} more: {line}",
                ),
                times=numbers.duplicated,
            )
        if numbers.invented:
            where, line = self._example(raw, objects, found.invented_hash)
            self._findings.add(
                Finding("completeness.invented", where, "lines that were sent", f"{numbers.invented} others: {line}"),
                times=numbers.invented,
            )

    def _example(self, raw: RawPass, objects: list[ObjectFacts], wanted: int | None) -> tuple[str, str]:
        located = raw.locate(objects, wanted) if wanted is not None else None
        return (located[0], shown(located[1])) if located else (self._root, "")

    def _sent(self, wanted: int | None) -> str:
        """Return the sent line with this hash as text."""
        for manifest in self._evidence.manifests:
            for line in sent_lines(manifest) or ():
                if int.from_bytes(hashlib.md5(line, usedforsecurity=False).digest()[:8], "little") == wanted:
                    return shown(line)
        return ""


def _changed(numbers: Reconciliation, **columns: int) -> Reconciliation:
    return Reconciliation(**{**numbers.as_json(), **columns})
