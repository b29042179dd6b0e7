"""A seeded stream of store inventory events: believable items and stock movements, the same bytes for the same arguments.

Pure. Randomness is the raw output of PCG64, which NumPy keeps stable, mapped by our own tables; `random.Random` and NumPy's
distributions may change between versions. Events are made in blocks: what does not depend on the stock is computed for the whole block,
the bytes around the changing numbers exist once per store, item and event type.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np

from firehose_spec.digest import COLUMN_SEPARATOR, column_text
from producers.errors import ConfigError
from producers.store_catalogue import CURRENCY, ITEMS, Item, store_ids

COLUMNS = (
    "event_id",
    "store_id",
    "event_type",
    "item_id",
    "item_name",
    "category",
    "quantity_change",
    "stock_level",
    "reorder_point",
    "unit_price",
    "currency",
    "event_timestamp",
)
EVENT_TYPES = ("sale", "restock", "return", "adjustment")
_SALE, _RESTOCK, _RETURN, _ADJUSTMENT = range(4)
_TABLE_BITS = 12  # every choice is a look-up of 12 random bits
_TABLE_SIZE = 1 << _TABLE_BITS
_BLOCK_EVENTS = 5_000
_ANY_STORE = b"\x7fstore\x7f"


@dataclass(frozen=True, slots=True, kw_only=True)
class StorePlan:
    """What to generate. Event times run evenly over `hours` from `start`; `late_share` of the events carry a time up to
    `late_seconds` before their turn.
    """

    run_id: str
    seed: int
    start: datetime
    events: int
    stores: int = 20
    hours: int = 24
    late_share: float = 0.0
    late_seconds: int = 3600

    def __post_init__(self) -> None:
        for name, value, low, high in (
            ("stores", self.stores, 1, 999),
            ("hours", self.hours, 1, 24 * 366),
            ("records", self.events, 0, 10**10),
            ("late-share", self.late_share, 0, 1),
            ("late-seconds", self.late_seconds, 1, 30 * 86_400),
            ("seed", self.seed, 0, 2**63 - 1),
        ):
            if not low <= value <= high:
                raise ConfigError(f"--{name} is {value}; allowed is {low} to {high:,}")


@dataclass(frozen=True, slots=True)
class EventBlock:
    """Consecutive events. `rows[i]` is the digest item of `records[i]`, see `firehose_spec.digest.row_item`."""

    first_sequence: int
    records: list[bytes]
    rows: list[bytes]
    stores: Any  # index into `store_ids`, one an event
    timestamps: Any  # epoch seconds, one an event


class StoreInventory:
    """The events of one plan, in blocks; each iteration starts afresh."""

    def __init__(self, plan: StorePlan) -> None:
        self.plan = plan
        self.store_ids = store_ids(plan.stores)

    def __iter__(self) -> Iterator[EventBlock]:
        random, lateness = (np.random.PCG64([self.plan.seed, stream]) for stream in (0, 1))
        stock = self._opening_stock()
        for first in range(0, self.plan.events, _BLOCK_EVENTS):
            count = min(_BLOCK_EVENTS, self.plan.events - first)
            raw = random.random_raw(count)
            stores = ((raw & (_TABLE_SIZE - 1)) * self.plan.stores >> _TABLE_BITS).astype(np.int64)
            items = _ITEM_TABLE[(raw >> _TABLE_BITS) & (_TABLE_SIZE - 1)]
            moves = _MOVE_TABLE[(raw >> 2 * _TABLE_BITS) & (_TABLE_SIZE - 1)]
            timestamps = self._timestamps(first, count, lateness.random_raw(count))
            keys = stores * len(ITEMS) + items
            yield self._block(first, stores, timestamps, keys.tolist(), moves.tolist(), stock)

    def _block(
        self, first: int, stores: Any, timestamps: Any, keys: list[int], moves: list[int], stock: list[int]
    ) -> EventBlock:
        records, rows = [], []
        record_templates, row_templates = self._templates
        reorder_points, restocks = self._reorder_points, self._restocks
        sequence = first
        for key, move, timestamp in zip(keys, moves, timestamps.tolist(), strict=True):
            level = stock[key]
            kind, quantity = move >> 8, move & 0xFF
            if kind == _SALE:
                if quantity > level:  # sold out: the delivery comes first
                    kind, change = _RESTOCK, restocks[key]
                else:
                    change = -quantity
            elif kind == _RESTOCK:
                # Nobody restocks a full shelf: until stock runs low, the customer buys.
                if level <= 2 * reorder_points[key]:
                    change = restocks[key]
                else:
                    kind, change = _SALE, -min(level, 2)
            elif kind == _RETURN:
                change = quantity
            else:
                change = -min(level, quantity)  # counted less than booked
            level += change
            stock[key] = level
            place, numbers = 4 * key + kind, (sequence, change, level, timestamp)
            records.append(record_templates[place] % numbers)
            rows.append(row_templates[place] % numbers)
            sequence += 1
        return EventBlock(first, records, rows, stores, timestamps)

    def _timestamps(self, first: int, count: int, raw: Any) -> Any:
        plan = self.plan
        sequence = np.arange(first, first + count, dtype=np.int64)
        timestamps = int(plan.start.timestamp()) + sequence * (plan.hours * 3600) // plan.events
        if plan.late_share:
            is_late = (raw & 0xFFFF).astype(np.int64) < plan.late_share * 0x10000
            delay = 1 + (raw >> 16).astype(np.int64) % plan.late_seconds
            timestamps = timestamps - np.where(is_late, delay, 0)
        return timestamps

    def _opening_stock(self) -> list[int]:
        return [item.reorder_point + item.restock for _ in self.store_ids for item in ITEMS]

    @cached_property
    def _reorder_points(self) -> list[int]:
        return [item.reorder_point for _ in self.store_ids for item in ITEMS]

    @cached_property
    def _restocks(self) -> list[int]:
        return [item.restock for _ in self.store_ids for item in ITEMS]

    @cached_property
    def _templates(self) -> tuple[list[bytes], list[bytes]]:
        """JSON and digest row of each store, item and type, with a place for each of sequence, change, level and timestamp."""
        of_any_store = [
            _templates_of(self.plan.run_id, item, event_type) for item in ITEMS for event_type in EVENT_TYPES
        ]
        records, rows = [], []
        for store in map(str.encode, self.store_ids):
            records += [record.replace(_ANY_STORE, store) for record, _ in of_any_store]
            rows += [row.replace(_ANY_STORE, store) for _, row in of_any_store]
        return records, rows


def _templates_of(run_id: str, item: Item, event_type: str) -> tuple[bytes, bytes]:
    front: dict[str, str] = {
        "store_id": _ANY_STORE.decode(),
        "event_type": event_type,
        "item_id": item.item_id,
        "item_name": item.name,
        "category": item.category,
    }
    back: tuple[int | float | str, ...] = (item.reorder_point, item.unit_price, CURRENCY)
    record = _template(
        _compact({"event_id": f"{run_id}-"})[:-2],
        f'",{_compact(front)[1:-1]},"quantity_change":',
        ',"stock_level":',
        f',"reorder_point":{item.reorder_point},"unit_price":{item.unit_price:.2f},"currency":"{CURRENCY}","event_timestamp":',
        "}",
    )
    row_front, row_back = (
        f"{COLUMN_SEPARATOR}{COLUMN_SEPARATOR.join(map(column_text, values))}{COLUMN_SEPARATOR}"
        for values in (tuple(front.values()), back)
    )
    return record, _template(f"{run_id}-", row_front, COLUMN_SEPARATOR, row_back, "")


def _template(*texts: str) -> bytes:
    """Return a format with a whole number between each two texts."""
    return b"%d".join(text.replace("%", "%%").encode() for text in texts)


def _compact(document: object) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _spread(weights: Sequence[int]) -> Any:
    """Return a table of `_TABLE_SIZE` indexes in which each index appears in proportion to its weight, at least once."""
    edges = np.cumsum([0, *weights]) * _TABLE_SIZE // sum(weights)
    return np.repeat(np.arange(len(weights), dtype=np.int64), np.diff(edges))


_ITEM_TABLE = _spread([item.popularity for item in ITEMS])
# A move is type << 8 | quantity: mostly small sales, some deliveries, few returns and stock counts.
_MOVES = (
    *((_SALE << 8 | quantity, weight) for quantity, weight in ((1, 36), (2, 22), (3, 10), (4, 5), (6, 3), (12, 2))),
    (_RESTOCK << 8, 12),
    *((_RETURN << 8 | quantity, weight) for quantity, weight in ((1, 5), (2, 1))),
    *((_ADJUSTMENT << 8 | quantity, weight) for quantity, weight in ((1, 3), (3, 1))),
)
_MOVE_TABLE = np.array([move for move, _ in _MOVES], dtype=np.int64)[_spread([weight for _, weight in _MOVES])]
