"""Records waiting for their first call, cut into batches by Firehose's exact limits.

Pure. Order is kept, sequences are given on arrival. Limits: 500 records and 4 MiB before base64 a call.
Source: https://docs.aws.amazon.com/firehose/latest/dev/limits.html
"""

from collections import deque
from collections.abc import Sequence

from firehose_spec.quotas import MAX_BATCH_BYTES, MAX_BATCH_RECORDS


class RecordQueue:
    """First in, first out; `add` takes any number of records, `take` gives one batch."""

    def __init__(self) -> None:
        self._chunks: deque[tuple[int, Sequence[bytes], float]] = deque()  # first sequence, records, when added
        self.record_count = 0
        self.byte_count = 0

    def add(self, first_sequence: int, records: Sequence[bytes], now: float) -> None:
        """Append records that follow each other in sequence; `now` is monotonic seconds."""
        if records:
            self._chunks.append((first_sequence, records, now))
            self.record_count += len(records)
            self.byte_count += sum(map(len, records))

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

    def take(self, max_records: int, max_bytes: int, *, below: int | None = None) -> tuple[list[int], list[bytes]]:
        """Remove the longest head that fits both limits; return its sequences, all smaller than `below`, and records."""
        sequences: list[int] = []
        taken: list[bytes] = []
        room = max_bytes
        while self._chunks and len(taken) < max_records:
            first, records, added_at = self._chunks[0]
            count = max_records - len(taken)
            head = records[: count if below is None else max(0, min(count, below - first))]
            size = sum(map(len, head))
            if size > room:
                head, size = _fitting(head, room)
            sequences.extend(range(first, first + len(head)))
            taken.extend(head)
            room -= size
            self.byte_count -= size
            self.record_count -= len(head)
            if len(head) < len(records):  # the next record is one too many, too big for the room, or not yet allowed
                self._chunks[0] = (first + len(head), records[len(head) :], added_at)
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
