"""The StoreApp generator as a source: events in records, some bad on purpose or aggregated when asked, and their facts.

Pure.
"""

import json
import threading
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from itertools import chain
from typing import Any

import numpy as np

from firehose_spec.digest import ALGORITHM, row_item
from firehose_spec.quotas import MAX_BATCH_RECORDS, billed_bytes
from producers.aggregation import DELIMITER, aggregate
from producers.bad_records import BadKind, place_bad_records
from producers.digest_sum import digest_sum, item_values, sums_by_group
from producers.outbox import GivenUp
from producers.sequence_ranges import ranges_without
from producers.source import Chunk, Facts, utc_text
from producers.store_inventory import COLUMNS, EventBlock, StoreInventory, StorePlan

_HOUR = 3600
_BOOK_CHUNKS = 10


@dataclass(frozen=True, slots=True)
class _ChunkFacts:
    digest_items: list[bytes]
    partition_codes: Any  # store index * 2^32 + hour since the epoch, one a good event
    timestamps: Any
    bad: dict[int, dict[str, str]]  # event sequence to its expected_quarantine entry
    events_per_record: list[int] | None  # None: one each


class StoreSource:
    """Events of one plan. `bad_counts` spoils that many of each kind; `aggregate_bytes` above 0 puts several events in a record."""

    def __init__(
        self, plan: StorePlan, *, bad_counts: Mapping[str, int] | None = None, aggregate_bytes: int = 0
    ) -> None:
        self._inventory = StoreInventory(plan)
        self._bad_places = place_bad_records(plan.events, bad_counts or {})
        self._aggregate_bytes = aggregate_bytes
        self.total_records = None if aggregate_bytes else plan.events
        self.has_checkpoint = False
        self._lock = threading.Lock()
        self._events = 0
        self._digest = 0
        self._digest_items = 0
        self._partitions: Counter[int] = Counter()
        self._partition_digests: Counter[int] = Counter()
        self._first_timestamp: int | None = None
        self._last_timestamp: int | None = None
        self._bad: dict[int, dict[str, str]] = {}
        self._first_events = array("Q")  # of each record, with aggregation only
        self._losses: list[_Loss] = []
        self._unbooked: list[_ChunkFacts] = []
        self._most_events = 1
        self._billed = 0  # both with aggregation only
        self._unaggregated_billed = 0

    def chunks(self) -> Iterator[Chunk]:
        """Yield chunks of 500 records, or with aggregation what a block of events comes to."""
        step = MAX_BATCH_RECORDS
        for block in self._inventory:
            if self._aggregate_bytes:
                yield self._chunk(block, 0, len(block.records))
            else:
                for start in range(0, len(block.records), step):
                    yield self._chunk(block, start, min(start + step, len(block.records)))

    def handed_over(self, chunk: Chunk) -> None:
        facts: _ChunkFacts = chunk.details
        with self._lock:
            if facts.events_per_record is None:
                self._events += len(chunk.records)
            else:
                self._note_aggregation(chunk.records, facts.events_per_record)
            self._bad.update(facts.bad)
            self._unbooked.append(facts)
            if len(self._unbooked) == _BOOK_CHUNKS:
                self._book()

    def _note_aggregation(self, records: Sequence[bytes], events_per_record: Sequence[int]) -> None:
        self._most_events = max(self._most_events, *events_per_record)
        for number in events_per_record:
            self._first_events.append(self._events)
            self._events += number
        self._billed += sum(billed_bytes(len(record)) for record in records)
        self._unaggregated_billed += sum(
            billed_bytes(len(event)) for record in records for event in record.split(DELIMITER)
        )

    def _book(self) -> None:
        """Add up the good events of several chunks at once, which costs little more than one."""
        chunks, self._unbooked = self._unbooked, []
        codes_of_events = np.concatenate([facts.partition_codes for facts in chunks])
        if not len(codes_of_events):
            return
        values = item_values(chain.from_iterable(facts.digest_items for facts in chunks))
        codes, groups, counts = np.unique(codes_of_events, return_inverse=True, return_counts=True)
        sums = sums_by_group(values, groups, len(codes))
        self._digest += sum(sums)
        self._digest_items += len(values)
        for code, count, value in zip(codes.tolist(), counts.tolist(), sums, strict=True):
            self._partitions[code] += count
            self._partition_digests[code] += value
        low = min(int(facts.timestamps.min()) for facts in chunks if len(facts.timestamps))
        high = max(int(facts.timestamps.max()) for facts in chunks if len(facts.timestamps))
        self._first_timestamp = low if self._first_timestamp is None else min(low, self._first_timestamp)
        self._last_timestamp = high if self._last_timestamp is None else max(high, self._last_timestamp)

    def given_up(self, entries: Sequence[GivenUp]) -> None:
        losses = [self._loss(entry) for entry in entries]
        with self._lock:
            self._losses += losses

    def settled(self, below: int) -> None:
        """Nothing to keep."""

    def facts(self) -> Facts:
        with self._lock:
            if self._unbooked:
                self._book()
            return self._facts()

    def _facts(self) -> Facts:
        missing, digest, items = [], self._digest, self._digest_items
        bad, partitions, digests = dict(self._bad), self._partitions.copy(), self._partition_digests.copy()
        for loss in self._losses:
            first = self._first_events[loss.record_sequence] if self._aggregate_bytes else loss.record_sequence
            missing.append((first, loss.events))
            if bad.pop(first, None) is None:
                digest -= sum(loss.digests)
                items -= loss.events
                partitions.subtract(loss.partition_codes)
                for code, value in zip(loss.partition_codes, loss.digests, strict=True):
                    digests[code] -= value
        plan = self._inventory.plan
        return Facts(
            accepted_sequences=ranges_without(self._events, missing),
            digest={
                "algorithm": ALGORITHM,
                "over": "columns",
                "columns": list(COLUMNS),
                "items": items,
                "value": str(digest),
            },
            partitions={self._path(code): count for code, count in sorted(partitions.items()) if count},
            partition_digests={self._path(code): digests[code] for code, count in sorted(partitions.items()) if count},
            expected_quarantine=[bad[sequence] for sequence in sorted(bad)],
            generator={
                "seed": plan.seed,
                "start": utc_text(plan.start),
                "stores": plan.stores,
                "hours": plan.hours,
                "bad_share": len(self._bad) / plan.events if plan.events else 0,
            },
            first_event_at=_moment(self._first_timestamp),
            last_event_at=_moment(self._last_timestamp),
            events_per_record=self._most_events,
            events=self._events,
        )

    @property
    def billed_bytes(self) -> int:
        """What AWS bills for the aggregated records; 0 without aggregation."""
        return self._billed

    @property
    def unaggregated_billed_bytes(self) -> int:
        """What AWS would bill for the same events one a record; 0 without aggregation."""
        return self._unaggregated_billed

    def _chunk(self, block: EventBlock, start: int, end: int) -> Chunk:
        records, rows = block.records[start:end], block.rows[start:end]
        stores, timestamps = block.stores[start:end], block.timestamps[start:end]
        spoilt: dict[int, BadKind] = {}
        if self._bad_places:
            first = block.first_sequence + start
            for index in range(len(records)):
                kind = self._bad_places.get(first + index)
                if kind is not None:
                    spoilt[index] = kind
        bad = {}
        for index, kind in spoilt.items():
            records[index] = kind.spoil(records[index])
            bad[block.first_sequence + start + index] = {
                "sha256": sha256(records[index]).hexdigest(),
                "reason": kind.reason,
                "kind": kind.name,
            }
        if spoilt:
            good = [index for index in range(len(records)) if index not in spoilt]
            rows = [rows[index] for index in good]
            stores, timestamps = stores[good], timestamps[good]
        events_per_record = None
        if self._aggregate_bytes:
            packed = list(aggregate(records, alone=spoilt, max_bytes=self._aggregate_bytes))
            events_per_record, records = [number for number, _ in packed], [record for _, record in packed]
        codes = (stores << 32) + timestamps // _HOUR
        return Chunk(records, _ChunkFacts(rows, codes, timestamps, bad, events_per_record))

    def _loss(self, entry: GivenUp) -> "_Loss":
        lines = entry.record.split(DELIMITER) if self._aggregate_bytes else [entry.record]
        digests, codes = [], []
        for line in lines:
            try:
                event = json.loads(line)
                value = digest_sum([row_item([event[column] for column in COLUMNS])])
                codes.append((int(event["store_id"][1:]) - 1 << 32) + event["event_timestamp"] // _HOUR)
            except (ValueError, KeyError, TypeError):  # bad on purpose; `facts` knows it by its sequence
                continue
            digests.append(value)
        return _Loss(entry.sequence, len(lines), tuple(digests), tuple(codes))

    def _path(self, code: int) -> str:
        hour = datetime.fromtimestamp((code & 0xFFFFFFFF) * _HOUR, UTC)
        return f"store_id={self._inventory.store_ids[code >> 32]}/{hour:%Y/%m/%d/%H}"


@dataclass(frozen=True, slots=True)
class _Loss:
    record_sequence: int
    events: int
    digests: tuple[int, ...]  # one an event, as are the codes
    partition_codes: tuple[int, ...]


def _moment(timestamp: int | None) -> datetime | None:
    return None if timestamp is None else datetime.fromtimestamp(timestamp, UTC)
