"""Judge the completeness of a converted stream: lost, duplicated, invented, moved between partitions, changed.

Pure. A digest is judged only where counts agree, so that one deleted object is reported as lost records and not as changed values too.
"""

from collections.abc import Collection, Iterator, Sequence

from validators.accounting import Quarantine, Reconciliation, RunAccount, account_counts, account_run
from validators.error_pass import ErrorTotals
from validators.evidence import Evidence
from validators.findings import Finding, Findings
from validators.manifests import Manifest, expected_partitions
from validators.parquet_pass import ParquetTotals, partition_root, rows_have_ids

DIGEST = "completeness.digest"


class RowCompleteness:
    """Adds up one pipeline and says what is missing. `skips` maps a check to why it could not be made."""

    def __init__(self, evidence: Evidence, findings: Findings) -> None:
        self._evidence, self._findings = evidence, findings
        self._root = f"s3://{evidence.bucket.name}/"
        self.skips: dict[str, str] = {}

    def judge(self, totals: ParquetTotals, errors: ErrorTotals) -> tuple[Reconciliation, tuple[RunAccount, ...]]:
        """Judge a stream with conversion."""
        evidence = self._evidence
        if not rows_have_ids(evidence):
            numbers = account_counts(evidence.manifests, totals.rows, errors.events)
            self._counts_only(numbers)
            self._whole_digest(totals, numbers)
            return numbers, ()
        accounts = tuple(
            account_run(manifest, totals.sequences.get(index), errors.by_run.get(manifest.run_id, Quarantine()))
            for index, manifest in enumerate(evidence.manifests)
        )
        numbers = sum((account.numbers for account in accounts), Reconciliation())
        for account in accounts:
            for finding, times in self._of_run(account):
                self._findings.add(finding, times=times)
        others = totals.rows_by_run.get(-1, 0)
        if others and evidence.scope.every_run:
            numbers += Reconciliation(invented=others)
        explained = bool(
            numbers.lost or numbers.duplicated or numbers.invented or self._findings.counts["layout.partition"]
        )
        self._partitions(totals, numbers, explained=explained)
        self._digests(totals, accounts)
        return numbers, accounts

    def _of_run(self, account: RunAccount) -> Iterator[tuple[Finding, int]]:
        manifest, numbers = account.manifest, account.numbers
        ids = _ids(manifest, account.lost_examples)
        if numbers.lost:
            found = f"{numbers.lost} lost" + (f", among them {ids}" if ids else "")
            yield (
                Finding(
                    "completeness.lost", self._root, f"{numbers.accepted} accepted of run {manifest.run_id}", found
                ),
                numbers.lost,
            )
        allowed_twice = manifest.possible_duplicate_events
        if numbers.duplicated > allowed_twice:
            found = f"{numbers.duplicated} more, among them {_ids(manifest, account.duplicated_examples)}"
            allowed = f", but for {allowed_twice} sent twice" if allowed_twice else ""
            yield (
                Finding(
                    "completeness.duplicated", self._root, f"each record of run {manifest.run_id} once{allowed}", found
                ),
                numbers.duplicated,
            )
        if numbers.invented:
            found = f"{numbers.invented} others, among them {_ids(manifest, account.invented_examples)}"
            yield (
                Finding("completeness.invented", self._root, f"accepted records of run {manifest.run_id}", found),
                numbers.invented,
            )

    def _partitions(self, totals: ParquetTotals, numbers: Reconciliation, *, explained: bool) -> None:
        """Compare rows per partition: where counts differ because records are lost it says where, else it is a finding of its own."""
        wanted = expected_partitions(self._evidence.manifests)
        if not wanted or totals.layout_skip or not set(wanted) & set(totals.partitions):
            self.skips["completeness.partitions"] = (
                totals.layout_skip or "the manifests count no partitions of this layout"
            )
            return
        if totals.unfit_objects:
            self.skips["completeness.partitions"] = f"{totals.unfit_objects} objects lack columns"
            return
        if not explained and self._findings.counts["quarantine.unexpected"]:
            self.skips["completeness.partitions"] = "records that were sent as good ones are in quarantine"
            return
        for path in sorted(set(wanted) | set(totals.partitions)):
            rows = totals.partitions[path].rows if path in totals.partitions else 0
            if rows == wanted[path]:
                continue
            check = "completeness.partitions"
            if explained:
                check = "completeness.lost" if rows < wanted[path] else "completeness.duplicated"
                if not getattr(numbers, check.partition(".")[2]):
                    continue  # a row whose keys were changed: layout.partition names it
            finding = Finding(check, self._where(path), f"{wanted[path]} rows", f"{rows} rows")
            self._findings.add(finding, times=0 if explained else 1)

    def _digests(self, totals: ParquetTotals, accounts: Sequence[RunAccount]) -> None:
        """Compare digests: per partition where the manifests state them, else per run where the run is complete."""
        if not totals.has_digest:
            self.skips[DIGEST] = "a column type has no digest text"
            return
        if totals.unfit_objects:
            self.skips[DIGEST] = f"{totals.unfit_objects} objects lack columns"
            return
        judged = 0
        by_partition = all(account.manifest.partition_digests for account in accounts) and not totals.layout_skip
        if by_partition:
            judged = self._partition_digests(totals)
            if self._findings.counts["layout.partition"]:
                return  # rows under other keys change their run's digest; the partitions that agree are judged
        for index, account in enumerate(accounts):
            numbers, digest = account.numbers, account.manifest.digest
            if digest is None or digest.over != "columns" or numbers.lost or numbers.duplicated or numbers.invented:
                continue
            if numbers.delivered != digest.items:
                continue  # good records ended in quarantine: quarantine.unexpected names them
            judged += 1
            if totals.digest_by_run[index] != digest.value and not self._findings.counts[DIGEST]:
                self._findings.add(
                    Finding(
                        DIGEST,
                        self._root,
                        f"digest {digest.value} over {digest.items} rows of run {account.manifest.run_id}",
                        f"digest {totals.digest_by_run[index]} over {totals.rows_by_run[index]} rows",
                    )
                )
        if not judged:
            self.skips[DIGEST] = "no run is complete enough to compare its digest"

    def _partition_digests(self, totals: ParquetTotals) -> int:
        wanted = expected_partitions(self._evidence.manifests)
        sums: dict[str, int] = {}
        for manifest in self._evidence.manifests:
            for path, value in manifest.partition_digests.items():
                sums[path] = sums.get(path, 0) + value
        judged = 0
        for path, value in sums.items():
            found = totals.partitions.get(path)
            if found is None or found.rows != wanted[path]:
                continue
            judged += 1
            if found.digest != value:
                where = self._where(path, found.keys)
                self._findings.add(
                    Finding(
                        DIGEST,
                        where,
                        f"digest {value} over {found.rows} rows",
                        f"digest {found.digest}: a value was changed",
                    )
                )
        return judged

    def _where(self, path: str, keys: Collection[str] = ()) -> str:
        """Return the location of a partition: its only object where there is one, else its folder."""
        if len(keys) == 1:
            return f"{self._root}{next(iter(keys))}"
        return f"{self._root}{partition_root(self._evidence.grammar().data)}{path}/"

    def _whole_digest(self, totals: ParquetTotals, numbers: Reconciliation) -> None:
        digests = [manifest.digest for manifest in self._evidence.manifests]
        if numbers.lost or numbers.invented or not totals.has_digest or totals.unfit_objects or None in digests:
            self.skips[DIGEST] = "the rows are not all there, or no digest was taken"
            return
        value = sum(digest.value for digest in digests if digest is not None)
        found = sum(totals.digest_by_run.values())
        if value != found:
            self._findings.add(Finding(DIGEST, self._root, f"digest {value}", f"digest {found}"))

    def _counts_only(self, numbers: Reconciliation) -> None:
        expected = f"{numbers.accepted} accepted"
        if numbers.lost:
            self._findings.add(
                Finding("completeness.lost", self._root, expected, f"{numbers.lost} fewer"), times=numbers.lost
            )
        if numbers.invented:
            self._findings.add(
                Finding("completeness.invented", self._root, expected, f"{numbers.invented} more"),
                times=numbers.invented,
            )


def _ids(manifest: Manifest, sequences: Sequence[int]) -> str:
    return ", ".join(f"{manifest.run_id}-{sequence}" for sequence in sequences)
