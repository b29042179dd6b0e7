"""Which records go into the next call, and what becomes of each record afterwards.

Pure: no threads, no clock; every method takes `now` (monotonic seconds). The sender's whole policy lives here:

- a batch holds the failed entries that are due, topped up with new records, in the order of the source;
- only failed entries are sent again; each entry has a budget of time from its first call, not a number of attempts;
- waits grow exponentially with full jitter, one draw for the entries of one call, so that they stay together;
- when most of a call failed, new calls hold off too: adding load to a stream that is throttled helps nobody;
- every record ends accepted or given up, exactly once.
"""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from firehose_spec.quotas import BILLING_STEP_BYTES, MAX_BATCH_BYTES, MAX_BATCH_RECORDS, MAX_RECORD_BYTES, billed_bytes
from producers.backoff import Backoff
from producers.put_result import CallFailure, EntryFailure, PutResult
from producers.record_queue import RecordQueue, Sizes

TOO_LARGE = "RecordTooLarge"
STOPPED = "Stopped"


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A record that was not accepted; `attempts` counts the calls it was in."""

    sequence: int
    record: bytes
    code: str
    message: str
    attempts: int
    may_be_stored: bool = False


@dataclass(slots=True)
class _Waiting:
    """An entry between two calls."""

    sequence: int
    record: bytes
    attempts: int
    first_sent_at: float
    outcome_unknown: bool = False  # of the last call
    may_be_stored: bool = False  # by any call
    code: str = ""
    message: str = ""


@dataclass(frozen=True)
class Batch:
    """One call's records in the order of the source; `retries` maps a place in the batch to its history."""

    sequences: Sequence[int]
    records: Sequence[bytes]
    taken_at: float
    retries: dict[int, _Waiting] = field(default_factory=dict)
    known_sizes: Sizes | None = None

    @cached_property
    def sizes(self) -> Sizes:
        return self.known_sizes or Sizes.of(self.records)

    @property
    def size_bytes(self) -> int:
        return self.sizes.total


@dataclass(slots=True)
class Counts:
    """What became of the records so far; `submitted` = `accepted` + `given_up` + those in hand."""

    submitted: int = 0
    submitted_bytes: int = 0
    accepted: int = 0
    accepted_bytes: int = 0
    billed_bytes: int = 0
    given_up: int = 0
    retried: int = 0
    possible_duplicates: int = 0
    calls: int = 0
    failed_calls: int = 0
    failed_entries: int = 0
    last_error: str = ""


class Outbox:
    """The records in hand, from `add` until each is accepted or given up."""

    def __init__(
        self,
        *,
        backoff: Backoff,
        retry_budget_seconds: float,
        linger_seconds: float,
        random: Callable[[], float],
        window_records: int | None = None,
    ) -> None:
        """Set the policy.

        Args:
            backoff: the waits between attempts.
            retry_budget_seconds: how long after its first call an entry is still sent again.
            linger_seconds: how long a record may wait for its batch to fill.
            random: uniform in [0, 1).
            window_records: no record is sent while one this many places before it is unsettled, which bounds what a source that
                resumes from `settled_below` sends twice; None for no bound.
        """
        self._backoff, self._budget, self._linger = backoff, retry_budget_seconds, linger_seconds
        self._random, self._window = random, window_records
        self._fresh = RecordQueue()
        self._waiting: list[tuple[float, int, _Waiting]] = []  # heap by due time
        self._waiting_bytes = 0
        self._in_flight: dict[int, Batch] = {}
        self._next_sequence = 0
        self._hold_until = 0.0
        self._hold_set_at = float("-inf")
        self._bad_calls = 0
        self.counts = Counts()

    @property
    def records_in_hand(self) -> int:
        """Records that are neither accepted nor given up."""
        return self._next_sequence - self.counts.accepted - self.counts.given_up

    @property
    def bytes_waiting(self) -> int:
        """Bytes of the records that are not in a call now."""
        return self._fresh.byte_count + self._waiting_bytes

    @property
    def records_waiting(self) -> int:
        """Records that are not in a call now."""
        return self._fresh.record_count + len(self._waiting)

    @property
    def settled_below(self) -> int:
        """Every record with a smaller sequence is accepted or given up."""
        candidates = [batch.sequences[0] for batch in self._in_flight.values()]
        candidates.extend(sequence for _, sequence, _ in self._waiting)
        fresh = self._fresh.first_sequence
        candidates.append(self._next_sequence if fresh is None else fresh)
        return min(candidates)

    def add(self, records: Sequence[bytes], now: float) -> list[GivenUp]:
        """Take records in, numbered on from the last; return those that are over 1,000 KiB, which no call can carry."""
        first = self._next_sequence
        self._next_sequence += len(records)
        self.counts.submitted += len(records)
        sizes = Sizes.of(records)
        self.counts.submitted_bytes += sizes.total
        if sizes.largest <= MAX_RECORD_BYTES:
            self._fresh.add(first, records, now, sizes)
            return []
        too_large = []
        for sequence, record in enumerate(records, first):
            if len(record) <= MAX_RECORD_BYTES:
                self._fresh.add(sequence, (record,), now)
            else:
                message = f"{len(record):,} bytes; Firehose takes {MAX_RECORD_BYTES:,} a record before base64"
                too_large.append(GivenUp(sequence, record, TOO_LARGE, message, attempts=0))
        self.counts.given_up += len(too_large)
        return too_large

    def take(self, now: float, *, drain: bool = False) -> Batch | None:
        """Return the next batch, or None when none is due; `drain` sends what is there without waiting for more."""
        if now < self._hold_until:
            return None
        if not self._waiting and (whole := self._fresh.take_whole(below=self._fresh_limit())) is not None:
            self.counts.calls += 1
            batch = Batch(whole[0], whole[1], now, known_sizes=whole[2])
            self._in_flight[id(batch)] = batch
            return batch
        retries: list[_Waiting] = []
        room = MAX_BATCH_BYTES
        while self._waiting and self._waiting[0][0] <= now and len(retries) < MAX_BATCH_RECORDS:
            record_bytes = len(self._waiting[0][2].record)
            if record_bytes > room:
                break
            retries.append(heapq.heappop(self._waiting)[2])
            room -= record_bytes
        self._waiting_bytes -= MAX_BATCH_BYTES - room
        retries.sort(key=lambda entry: entry.sequence)
        sequences = [entry.sequence for entry in retries]
        records = [entry.record for entry in retries]
        if retries or self._fresh_is_due(now, drain):
            fresh_sequences, fresh_records = self._fresh.take(
                MAX_BATCH_RECORDS - len(records), room, below=self._fresh_limit(sequences)
            )
            sequences += fresh_sequences
            records += fresh_records
        if not records:
            return None
        batch = Batch(sequences, records, now, dict(enumerate(retries)))
        self._in_flight[id(batch)] = batch
        self.counts.retried += sum(not entry.outcome_unknown for entry in retries)
        self.counts.possible_duplicates += sum(entry.outcome_unknown for entry in retries)
        self.counts.calls += 1
        return batch

    def wait_seconds(self, now: float, *, drain: bool = False) -> float | None:
        """Return how long until `take` may give a batch if nothing else happens; None when only new records or a settled call can."""
        times = [self._waiting[0][0]] if self._waiting else []
        oldest, first, limit = self._fresh.oldest_at, self._fresh.first_sequence, self._fresh_limit()
        if oldest is not None and first is not None and (limit is None or first < limit):
            times.append(now if drain or self._fresh.fills_a_batch else oldest + self._linger)
        return max(0.0, max(min(times), self._hold_until) - now) if times else None

    def settle(self, batch: Batch, result: PutResult, now: float) -> list[GivenUp]:
        """Book what a call came to; return the entries that are given up because their budget is spent or the refusal is final."""
        if self._in_flight.pop(id(batch), None) is None:
            return []  # abandoned while the call was under way, and booked then
        if isinstance(result, CallFailure):
            self.counts.failed_calls += 1
            self.counts.last_error = f"{result.code}: {result.message}"
            failures: Sequence[EntryFailure] = [
                EntryFailure(index, result.code, result.message) for index in range(len(batch.records))
            ]
            unknown, is_final = result.outcome_unknown, result.is_final
        else:
            failures, unknown, is_final = result, False, False
            if failures:
                self.counts.failed_entries += len(failures)
                self.counts.last_error = f"{failures[0].code}: {failures[0].message}"
        self._book_accepted(batch, failures)
        self._hold_off(batch, len(failures), now)
        return self._book_failures(batch, failures, now, unknown=unknown, is_final=is_final)

    def abandon(self, *, code: str, message: str, in_flight_too: bool = False) -> list[GivenUp]:
        """Give up every record that is not in a call now, in order; `in_flight_too` gives up those as well, their outcome unknown."""
        given_up = [
            GivenUp(entry.sequence, entry.record, code, f"{message} (last answer: {entry.code}: {entry.message})",
                    entry.attempts, entry.may_be_stored)
            for _, _, entry in self._waiting
        ]  # fmt: skip
        sequences, records = self._fresh.take(self._fresh.record_count, self._fresh.byte_count)
        given_up += [
            GivenUp(sequence, record, code, message, attempts=0)
            for sequence, record in zip(sequences, records, strict=True)
        ]
        self._waiting, self._waiting_bytes = [], 0
        if in_flight_too:
            for batch in self._in_flight.values():
                given_up += [
                    GivenUp(sequence, record, code, f"{message} (a call was under way)", 1, may_be_stored=True)
                    for sequence, record in zip(batch.sequences, batch.records, strict=True)
                ]
            self._in_flight = {}
        self.counts.given_up += len(given_up)
        return sorted(given_up, key=lambda entry: entry.sequence)

    def _fresh_is_due(self, now: float, drain: bool) -> bool:
        oldest = self._fresh.oldest_at
        return oldest is not None and (drain or self._fresh.fills_a_batch or now >= oldest + self._linger)

    def _fresh_limit(self, retried: Sequence[int] = ()) -> int | None:
        """Return the sequence below which new records may be sent now; None without a window."""
        if self._window is None:
            return None
        return min([self.settled_below, *retried[:1]]) + self._window

    def _book_accepted(self, batch: Batch, failures: Sequence[EntryFailure]) -> None:
        failed = [batch.records[failure.index] for failure in failures]
        sizes = batch.sizes
        self.counts.accepted += len(batch.records) - len(failed)
        self.counts.accepted_bytes += sizes.total - sum(map(len, failed))
        if sizes.smallest > 0 and sizes.largest <= BILLING_STEP_BYTES:  # nearly every batch
            self.counts.billed_bytes += (len(batch.records) - len(failed)) * BILLING_STEP_BYTES
        else:
            self.counts.billed_bytes += _billed(batch.records) - _billed(failed)

    def _hold_off(self, batch: Batch, failed: int, now: float) -> None:
        if 2 * failed <= len(batch.records):
            self._bad_calls = 0
        elif batch.taken_at >= self._hold_set_at:  # calls that were under way together count once
            self._bad_calls += 1
            self._hold_set_at = now
            self._hold_until = now + self._backoff.delay_seconds(self._bad_calls, self._random())

    def _book_failures(
        self, batch: Batch, failures: Sequence[EntryFailure], now: float, *, unknown: bool, is_final: bool
    ) -> list[GivenUp]:
        given_up = []
        fraction = self._random() if failures else 0.0
        for failure in failures:
            entry = batch.retries.get(failure.index) or _Waiting(
                batch.sequences[failure.index], batch.records[failure.index], 0, batch.taken_at
            )
            entry.attempts += 1
            entry.code, entry.message = failure.code, failure.message
            entry.outcome_unknown = unknown
            entry.may_be_stored |= unknown
            deadline = entry.first_sent_at + self._budget
            if is_final or now >= deadline:
                given_up.append(
                    GivenUp(
                        entry.sequence,
                        entry.record,
                        entry.code,
                        entry.message,
                        entry.attempts,
                        entry.may_be_stored,
                    )
                )
                continue
            due = min(now + self._backoff.delay_seconds(entry.attempts, fraction), deadline)
            heapq.heappush(self._waiting, (due, entry.sequence, entry))
            self._waiting_bytes += len(entry.record)
        self.counts.given_up += len(given_up)
        return given_up


def _billed(records: Sequence[bytes]) -> int:
    return sum(billed_bytes(len(record)) for record in records)
