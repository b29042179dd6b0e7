"""Add up: what was accepted against what was delivered and quarantined, by sequence number.

Pure. One run's numbers come from its manifest (which sequence numbers were accepted), the rows (how often each was delivered) and the error
objects (which records were quarantined). All count events: with aggregation a record holds several, which a stream that splits records
delivers one by one, and a stream that doesn't quarantines together.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from validators.manifests import Manifest
from validators.row_scan import SequenceCounts, sequences_of


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The six columns of the reconcile table, and what was never sent. `delivered` counts each record once."""

    submitted: int = 0
    accepted: int = 0
    delivered: int = 0
    quarantined: int = 0
    lost: int = 0
    duplicated: int = 0
    invented: int = 0

    def __add__(self, other: "Reconciliation") -> "Reconciliation":
        return Reconciliation(*(getattr(self, name) + getattr(other, name) for name in COLUMNS))

    def as_json(self) -> dict[str, int]:
        """Return the columns by name."""
        return {name: getattr(self, name) for name in COLUMNS}


COLUMNS = ("submitted", "accepted", "delivered", "quarantined", "lost", "duplicated", "invented")


@dataclass(slots=True)
class Quarantine:
    """Events of one run found in error objects: the sequence numbers of those that carry an id, and how many carry none."""

    sequences: set[int] = field(default_factory=set)
    unidentified: int = 0

    @property
    def events(self) -> int:
        """How many distinct events."""
        return len(self.sequences) + self.unidentified


@dataclass(frozen=True, slots=True)
class RunAccount:
    """One run added up. The sequence lists hold examples, at most `EXAMPLES` each."""

    manifest: Manifest
    numbers: Reconciliation
    lost_examples: tuple[int, ...]
    duplicated_examples: tuple[int, ...]
    invented_examples: tuple[int, ...]


EXAMPLES = 5


def account_run(manifest: Manifest, delivered: SequenceCounts | None, quarantine: Quarantine) -> RunAccount:
    """Add up one run whose rows carry ids."""
    counts = delivered.counts if delivered is not None else np.zeros(0, np.uint8)
    size = max(len(counts), manifest.events, *(last + 1 for _, last in manifest.accepted_sequences), 0)
    counts = np.pad(counts, (0, size - len(counts)))
    accepted = sequences_of(manifest.accepted_sequences, size)
    seen = counts > 0
    missing = np.flatnonzero(accepted & ~seen)
    unexplained = np.setdiff1d(missing, np.fromiter(quarantine.sequences, np.int64, len(quarantine.sequences)))
    lost = max(0, len(unexplained) - quarantine.unidentified)
    twice = np.flatnonzero(accepted & (counts > 1))
    invented = np.flatnonzero(seen & ~accepted)
    return RunAccount(
        manifest,
        Reconciliation(
            submitted=manifest.events,
            accepted=int(accepted.sum()),
            delivered=int((seen & accepted).sum()),
            quarantined=quarantine.events,
            lost=lost,
            duplicated=int(counts[twice].astype(np.int64).sum()) - len(twice),
            invented=int(counts[invented].astype(np.int64).sum()),
        ),
        _examples(unexplained) if lost else (),
        _examples(twice),
        _examples(invented),
    )


def account_counts(manifests: Sequence[Manifest], delivered: int, quarantined: int) -> Reconciliation:
    """Add up runs whose rows carry no id: only numbers can be compared."""
    accepted = sum(manifest.accepted_events for manifest in manifests)
    difference = accepted - delivered - quarantined
    return Reconciliation(
        submitted=sum(manifest.events for manifest in manifests),
        accepted=accepted,
        delivered=min(delivered, accepted - min(quarantined, accepted)),
        quarantined=quarantined,
        lost=max(0, difference),
        invented=max(0, -difference),
    )


def _examples(sequences: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> tuple[int, ...]:
    return tuple(int(sequence) for sequence in sequences[:EXAMPLES])


class RunFinder:
    """Finds which run a quarantined record belongs to, by the ids in its bytes."""

    def __init__(self, manifests: Sequence[Manifest]) -> None:
        runs = sorted((manifest.run_id for manifest in manifests), key=len, reverse=True)
        self._pattern = re.compile(
            b"(" + b"|".join(re.escape(run.encode()) for run in runs) + rb")-(\d{1,10})(?![\w-])" if runs else rb"(?!)"
        )
        self._aggregated = {manifest.run_id for manifest in manifests if manifest.events_per_record > 1}
        self._by_sha: Mapping[str, str] = {
            sha: manifest.run_id for manifest in manifests for sha in manifest.expected_quarantine
        }

    def find(self, raw: bytes, sha256: str) -> tuple[str | None, tuple[int | None, ...]]:
        """Return the run id and the sequence number of each event in the record, each None where unknown.

        Only a record of an aggregated run holds several events: one a line.
        """
        match = self._pattern.search(raw)
        if match is None:
            return self._by_sha.get(sha256), (None,)
        run = match[1]
        if run.decode() not in self._aggregated:
            return run.decode(), (int(match[2]),)
        found = [self._pattern.search(line) for line in raw.split(b"\n") if line.strip()]
        return run.decode(), tuple(int(each[2]) if each and each[1] == run else None for each in found)
