"""Add up: what was accepted against what was delivered and quarantined, by sequence number.

Pure. One run's numbers come from its manifest (which sequence numbers were accepted), the rows (how often each was delivered) and the error
objects (which records were quarantined).
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
    """Records of one run found in error objects: how many distinct, and the sequence numbers of those that carry an id."""

    records: int = 0
    sequences: set[int] = field(default_factory=set)


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
    size = max(len(counts), manifest.records, *(last + 1 for _, last in manifest.accepted_sequences), 0)
    counts = np.pad(counts, (0, size - len(counts)))
    accepted = sequences_of(manifest.accepted_sequences, size)
    seen = counts > 0
    missing = np.flatnonzero(accepted & ~seen)
    identified = np.fromiter(quarantine.sequences, np.int64, len(quarantine.sequences))
    unexplained = np.setdiff1d(missing, identified)
    explained = quarantine.records - int(np.isin(identified, np.flatnonzero(seen)).sum())
    lost = max(0, len(missing) - max(0, explained))
    twice = np.flatnonzero(accepted & (counts > 1))
    invented = np.flatnonzero(seen & ~accepted)
    return RunAccount(
        manifest,
        Reconciliation(
            # With aggregation a record holds several events; sequence numbers count events.
            submitted=max(manifest.records, int(accepted.sum())),
            accepted=int(accepted.sum()),
            delivered=int((seen & accepted).sum()),
            quarantined=quarantine.records,
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
    accepted = sum(manifest.accepted for manifest in manifests)
    difference = accepted - delivered - quarantined
    return Reconciliation(
        submitted=sum(manifest.records for manifest in manifests),
        accepted=accepted,
        delivered=min(delivered, accepted - min(quarantined, accepted)),
        quarantined=quarantined,
        lost=max(0, difference),
        invented=max(0, -difference),
    )


def _examples(sequences: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> tuple[int, ...]:
    return tuple(int(sequence) for sequence in sequences[:EXAMPLES])


class RunFinder:
    """Finds which run a quarantined record belongs to, by the id in its bytes."""

    def __init__(self, manifests: Sequence[Manifest]) -> None:
        runs = sorted((manifest.run_id for manifest in manifests), key=len, reverse=True)
        self._pattern = re.compile(
            b"(" + b"|".join(re.escape(run.encode()) for run in runs) + rb")-(\d{1,10})(?![\w-])" if runs else rb"(?!)"
        )
        self._by_sha: Mapping[str, str] = {
            sha: manifest.run_id for manifest in manifests for sha in manifest.expected_quarantine
        }

    def find(self, raw: bytes, sha256: str) -> tuple[str | None, int | None]:
        """Return (run id, sequence number), each None where unknown."""
        match = self._pattern.search(raw)
        if match is not None:
            return match[1].decode(), int(match[2])
        return self._by_sha.get(sha256), None
