"""A finding, and what each check concluded.

Pure. A `Finding` is one contradiction between what was expected and what is in the bucket. `Findings` collects them per check and keeps
memory flat: every finding is counted, the first `KEPT_PER_CHECK` of each check are kept whole.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

KEPT_PER_CHECK = 100


class Status(StrEnum):
    """What one check concluded."""

    PASS = "PASS"  # noqa: S105 - a verdict, not a password
    FAIL = "FAIL"
    SKIP = "SKIP"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One contradiction. `check` is the stable id ``area.rule``; `location` opens the object; `row` shows the row where it helps."""

    check: str
    location: str
    expected: str
    found: str
    row: str | None = None

    def as_json(self) -> dict[str, str]:
        """Return the finding as report.json has it; `row` only where there is one."""
        shown = {"check": self.check, "location": self.location, "expected": self.expected, "found": self.found}
        return shown if self.row is None else {**shown, "row": self.row}


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One line of the report. `findings` counts all of them, also those that are not kept."""

    check: str
    status: Status
    title: str
    expected: str
    found: str
    example: str | None
    findings: int


@dataclass(slots=True)
class Findings:
    """Findings in the order in which they were met, counted per check."""

    counts: Counter[str] = field(default_factory=Counter)
    _kept: dict[str, list[Finding]] = field(default_factory=dict)

    def add(self, finding: Finding, *, times: int = 1) -> None:
        """Count `finding` as `times` findings and keep it if its check has room; 0 times adds detail to one counted before."""
        self.counts[finding.check] += times
        kept = self._kept.setdefault(finding.check, [])
        if len(kept) < KEPT_PER_CHECK:
            kept.append(finding)

    def extend(self, findings: Iterable[Finding]) -> None:
        """Add each of `findings`."""
        for finding in findings:
            self.add(finding)

    def of(self, check: str) -> list[Finding]:
        """Return the kept findings of `check`, oldest first."""
        return self._kept.get(check, [])

    def __iter__(self) -> Iterator[Finding]:
        for kept in self._kept.values():
            yield from kept

    def __len__(self) -> int:
        return self.counts.total()
