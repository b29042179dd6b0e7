"""The digest of many items at once; the same number as `firehose_spec.digest.digest`, which defines it (a test holds the two together).

Pure.
"""

from collections.abc import Iterable
from functools import partial
from hashlib import md5
from typing import Any

import numpy as np

try:  # without OpenSSL's detours, and never forbidden by its policies: a third less for short items
    from _md5 import md5 as _md5  # type: ignore[import-not-found]
except ImportError:  # a Python built without it
    _md5 = partial(md5, usedforsecurity=False)

_LOW_HALF = 0xFFFFFFFF


def item_values(items: Iterable[bytes]) -> Any:
    """Return the 64-bit value of each item, as an array."""
    return np.frombuffer(b"".join([_md5(item).digest() for item in items]), dtype="<u8")[::2]


def sums_by_group(values: Any, groups: Any, number: int) -> list[int]:
    """Return the exact sum of the values of each group; `groups` holds one number below `number` for each value."""
    low, high = np.zeros(number, np.uint64), np.zeros(number, np.uint64)
    np.add.at(low, groups, values & _LOW_HALF)
    np.add.at(high, groups, values >> 32)
    return [small + (large << 32) for small, large in zip(low.tolist(), high.tolist(), strict=True)]


def digest_sum(items: Iterable[bytes]) -> int:
    """Return the sum of the items' 64-bit values; exact, not modulo 2^64."""
    values = item_values(items)
    # Halves are summed apart, so that up to 2^32 items cannot overflow.
    return int((values & _LOW_HALF).sum()) + (int((values >> 32).sum()) << 32)
