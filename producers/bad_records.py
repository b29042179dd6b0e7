"""Store events made bad on purpose, each kind with the error output type that Firehose must file it under.

Pure. Every bad record keeps its event id, so each is unique and can be told apart in the error objects.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from firehose_spec.error_documents import FORMAT_CONVERSION_FAILED, METADATA_EXTRACTION_FAILED
from producers.errors import ConfigError


@dataclass(frozen=True, slots=True)
class BadKind:
    """`spoil` turns a good event's bytes into bad ones; `reason` is the error output type."""

    name: str
    reason: str
    spoil: Callable[[bytes], bytes]


def _changed(change: Callable[[dict[str, Any]], object]) -> Callable[[bytes], bytes]:
    def spoil(record: bytes) -> bytes:
        event = json.loads(record)
        change(event)
        return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()

    return spoil


def _receipt(record: bytes) -> bytes:
    event = json.loads(record)
    return f"{event['event_id']} {event['store_id']} {event['quantity_change']} x {event['item_name']}".encode()


KINDS: Mapping[str, BadKind] = {
    kind.name: kind
    for kind in (
        BadKind("not-json", METADATA_EXTRACTION_FAILED, _receipt),
        BadKind("missing-store-id", METADATA_EXTRACTION_FAILED, _changed(lambda event: event.pop("store_id"))),
        BadKind("wrong-type", FORMAT_CONVERSION_FAILED, _changed(lambda event: event.update(quantity_change="many"))),
        BadKind("null-store-id", METADATA_EXTRACTION_FAILED, _changed(lambda event: event.update(store_id=None))),
        BadKind("empty-store-id", METADATA_EXTRACTION_FAILED, _changed(lambda event: event.update(store_id=""))),
        BadKind("truncated-json", METADATA_EXTRACTION_FAILED, lambda record: record[: 3 * len(record) // 4]),
    )
}


def shares_to_counts(events: int, *, share: float, by_kind: Mapping[str, str]) -> dict[str, int]:
    """Return how many records of each kind to spoil.

    Args:
        events: how many there are in all.
        share: of all events, dealt out to all kinds in turn; at least one record when above 0.
        by_kind: name to a count ("5") or a share with a point ("0.001").

    Raises:
        ConfigError: unknown kind, or more bad records than events.
    """
    if not 0 <= share <= 1:
        raise ConfigError(f"--bad-share is {share}; allowed is 0 to 1")
    total = max(1, round(share * events)) if share and events else 0
    counts = {name: total // len(KINDS) + (place < total % len(KINDS)) for place, name in enumerate(KINDS)}
    for name, text in by_kind.items():
        if name not in KINDS:
            raise ConfigError(f"--bad {name}={text}: no such kind; there are {', '.join(KINDS)}")
        try:
            counts[name] += round(float(text) * events) if "." in text else int(text)
        except ValueError as error:
            raise ConfigError(f"--bad {name}={text}: give a count such as 5, or a share such as 0.001") from error
    if min(counts.values()) < 0 or sum(counts.values()) > events:
        raise ConfigError(
            f"{sum(counts.values()):,} bad records asked for among {events:,}; allowed is 0 to {events:,}"
        )
    return {name: count for name, count in counts.items() if count}


def place_bad_records(events: int, counts: Mapping[str, int]) -> dict[int, BadKind]:
    """Return which sequence numbers are spoilt and how: evenly spread, the kinds in turn."""
    left = dict(counts)
    turns = []
    while left:
        turns += [KINDS[name] for name in left]
        left = {name: count - 1 for name, count in left.items() if count > 1}
    return {(2 * place + 1) * events // (2 * len(turns)): kind for place, kind in enumerate(turns)}
