"""Records waiting for their first call, cut into batches by Firehose's exact limits.

Pure. Order is kept, sequences are given on arrival. Limits: 500 records and 4 MiB before base64 a call.
Source: https://docs.aws.amazon.com/firehose/latest/dev/limits.html
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from firehose_spec.quotas import MAX_BATCH_BYTES, MAX_BATCH_RECORDS


@dataclass(frozen=True, slots=True)
class Sizes:
    """The bytes of several records, looked at once, as that costs: no record is below `smallest` or above `largest`."""

    total: int
    smallest: int
    largest: int

    @classmethod
    def of(cls, records: Sequence[bytes]) -> "Sizes":
        """Measure records; no records have zeros."""
        lengths = [*map(len, records)] or [0]
        return cls(sum(lengths), min(lengths), max(lengths))


class RecordQueue:
    """First in, first out; `add` takes any number of records, `take` gives one batch."""

    def __init__(self) -> None:
        # first sequence, records, when added, sizes
        self._chunks: deque[tuple[int, Sequence[bytes], float, Sizes]] = deque()
        self.record_count = 0
        self.byte_count = 0

    def add(self, first_sequence: int, records: Sequence[bytes], now: float, sizes: Sizes | None = None) -> None:
        """Append records that follow each other in sequence; `now` is monotonic seconds, `sizes` theirs where known."""
        if records:
            sizes = sizes or Sizes.of(records)
            self._chunks.append((first_sequence, records, now, sizes))
            self.record_count += len(records)
            self.byte_count += sizes.total

    @property
    def first_sequence(self) -> int | None:
        """The sequence that is taken next; None when empty."""
        return self._chunks[0][0] if self._chunks else None

    @property
    def oldest_at(self) -> float | None:
        """When the record that is taken next was added; None when empty."""
        return self._chunks[0][2] if self._chunks else None

    @property
    def fills_a_batch(self) -> bool:
        """Whether waiting longer could not make the next batch bigger."""
        return self.record_count >= MAX_BATCH_RECORDS or self.byte_count >= MAX_BATCH_BYTES

    def take_whole(self, *, below: int | None = None) -> tuple[range, Sequence[bytes], Sizes] | None:
        """Remove and return what was added at once, if that is exactly a batch of 500 records; else None and nothing changes."""
        if not self._chunks:
            return None
        first, records, _, sizes = self._chunks[0]
        sequences = range(first, first + len(records))
        if len(records) != MAX_BATCH_RECORDS or sizes.total > MAX_BATCH_BYTES:
            return None
        if below is not None and sequences.stop > below:
            return None
        self._chunks.popleft()
        self.record_count -= len(records)
        self.byte_count -= sizes.total
        return sequences, records, sizes

    def take(self, max_records: int, max_bytes: int, *, below: int | None = None) -> tuple[list[int], list[bytes]]:
        """Remove the longest head that fits both limits; return its sequences, all smaller than `below`, and records."""
        sequences: list[int] = []
        taken: list[bytes] = []
        room = max_bytes
        while self._chunks and len(taken) < max_records:
            first, records, added_at, sizes = self._chunks[0]
            count = max_records - len(taken)
            head = records[: count if below is None else max(0, min(count, below - first))]
            size = sizes.total if len(head) == len(records) else sum(map(len, head))
            if size > room:
                head, size = _fitting(head, room)
            sequences.extend(range(first, first + len(head)))
            taken.extend(head)
            room -= size
            self.byte_count -= size
            self.record_count -= len(head)
            if len(head) < len(records):  # the next record is one too many, too big for the room, or not yet allowed
                rest = records[len(head) :]
                rest_sizes = Sizes(sizes.total - size, sizes.smallest, sizes.largest)
                self._chunks[0] = (first + len(head), rest, added_at, rest_sizes)
                break
            self._chunks.popleft()
        return sequences, taken


def _fitting(records: Sequence[bytes], room: int) -> tuple[Sequence[bytes], int]:
    size = 0
    for count, record in enumerate(records):
        if size + len(record) > room:
            return records[:count], size
        size += len(record)
    return records, size
