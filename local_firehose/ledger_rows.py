"""Which rows an object holds, as numbers, packed small.

Pure. A row is one record after deaggregation. Its id is the record's journal sequence with the sub-record's ordinal in the low bits, so
that ids grow in journal order and a replay of the same record finds the same ids.
"""

import struct
from collections.abc import Iterable

import numpy as np

from local_firehose.journal_chunk import Int64Array

ORDINAL_BITS = 20
MAX_ORDINAL = (1 << ORDINAL_BITS) - 1
UNCLAIMED = -1
_HEAD = struct.Struct("<qIBB")  # first id (shifted), number of ids, shift, bytes per step
_STEPS = {1: np.uint8, 2: np.uint16, 4: np.uint32, 8: np.uint64}


def row_ids(sequences: Int64Array, ordinals: Int64Array | None = None) -> Int64Array:
    """Return row ids of whole records, or of sub-records where ordinals are given."""
    ids = sequences << ORDINAL_BITS
    if ordinals is not None:
        ids |= np.minimum(ordinals, MAX_ORDINAL)
    return ids


def row_id_of(sequence: int, ordinal: int) -> int:
    """Return the id of one sub-record."""
    return sequence << ORDINAL_BITS | min(ordinal, MAX_ORDINAL)


def sequence_of(row_id: int) -> int:
    """Return the journal sequence of the record that the row came from."""
    return row_id >> ORDINAL_BITS


def pack_rows(ids: Int64Array) -> bytes:
    """Pack ascending row ids: the first one, then the steps in as few bytes each as the widest one needs."""
    shift = 0 if np.any(ids & MAX_ORDINAL) else ORDINAL_BITS
    plain = ids >> shift
    steps = np.diff(plain)
    widest = int(steps.max(initial=1))
    if widest == 1 and (len(steps) == 0 or int(steps.min()) == 1):
        return _HEAD.pack(int(plain[0]), len(ids), shift, 0)
    width = next(width for width in _STEPS if widest < 1 << (8 * width))
    return _HEAD.pack(int(plain[0]), len(ids), shift, width) + steps.astype(_STEPS[width]).tobytes()


def unpack_rows(packed: bytes) -> Int64Array:
    """Return the ids that `pack_rows` packed."""
    first, count, shift, width = _HEAD.unpack_from(packed)
    plain = np.full(count, first, dtype=np.int64)
    if width == 0:
        plain += np.arange(count, dtype=np.int64)
    else:
        plain[1:] += np.cumsum(np.frombuffer(packed, dtype=_STEPS[width], offset=_HEAD.size), dtype=np.int64)
    plain <<= shift
    return plain


class RowClaims:
    """Which object each of many rows belongs to."""

    def __init__(self, claims: Iterable[tuple[int, Int64Array]]) -> None:
        pairs = list(claims)
        ids = np.concatenate([rows for _, rows in pairs]) if pairs else np.empty(0, dtype=np.int64)
        owners = np.concatenate([np.full(len(rows), owner, dtype=np.int64) for owner, rows in pairs] or [ids])
        order = np.argsort(ids, kind="stable")
        self._ids, self._owners = ids[order], owners[order]

    def __len__(self) -> int:
        return len(self._ids)

    def owners(self, ids: Int64Array) -> Int64Array:
        """Return the owner of each row, `UNCLAIMED` where it has none."""
        if len(self._ids) == 0:
            return np.full(len(ids), UNCLAIMED, dtype=np.int64)
        places = np.minimum(np.searchsorted(self._ids, ids), len(self._ids) - 1)
        return np.where(self._ids[places] == ids, self._owners[places], UNCLAIMED)
