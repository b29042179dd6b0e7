"""What a run sends: records in chunks, and the facts about the accepted ones that the manifest states.

Pure. A source books every chunk when it is handed over and takes the given-up records back out, so its facts are about what Firehose
accepted however the run ends, and nothing is kept per accepted record.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from producers.outbox import GivenUp


@dataclass(frozen=True, slots=True)
class Facts:
    """The manifest's fields that depend on the source; see firehose_spec/schemas/manifest.json."""

    accepted_sequences: list[list[int]]
    digest: Mapping[str, Any] | None
    partitions: Mapping[str, int] = field(default_factory=dict)
    partition_digests: Mapping[str, int] = field(default_factory=dict)
    expected_quarantine: Sequence[Mapping[str, str]] = ()
    sources: Sequence[Mapping[str, Any]] = ()
    generator: Mapping[str, Any] | None = None
    first_event_at: datetime | None = None
    last_event_at: datetime | None = None
    events_per_record: int = 1
    events: int | None = None  # handed over, where records hold several


@dataclass(frozen=True, slots=True)
class Chunk:
    """Records that are handed over together; empty when a growing source has nothing new. `details` is the source's own."""

    records: Sequence[bytes]
    details: Any = None


class Source(Protocol):
    """Implemented by `store_source`, `log_source` and `replay`."""

    total_records: int | None  # how many there will be, where that is known beforehand
    has_checkpoint: bool  # whether `settled` is to be called

    def chunks(self) -> Iterator[Chunk]:
        """Yield what is to be sent, in order."""
        ...

    def handed_over(self, chunk: Chunk) -> None:
        """Book a chunk that the sender took."""
        ...

    def given_up(self, entries: Sequence[GivenUp]) -> None:
        """Take records that were not accepted out of the facts; called from any thread."""
        ...

    def settled(self, below: int) -> None:
        """Note that every record with a smaller sequence is accepted or given up; called from any thread."""
        ...

    def facts(self) -> Facts:
        """Return the facts about the accepted records, once all are settled."""
        ...


def utc_text(moment: datetime | None) -> str | None:
    """Return ISO 8601 in UTC with milliseconds and Z; None stays None.

    >>> utc_text(datetime(2026, 11, 22, 8, tzinfo=UTC))
    '2026-11-22T08:00:00.000Z'
    """
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
