"""Inclusive ranges of sequence numbers.

Pure.
"""

from collections.abc import Iterable


def ranges_without(count: int, missing: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Return 0 … count-1 without `missing`, which holds (first, number) pairs in any order.

    >>> ranges_without(10, [(7, 3), (2, 1)])
    [[0, 1], [3, 6]]
    """
    ranges = []
    start = 0
    for first, number in sorted(missing):
        if first > start:
            ranges.append([start, first - 1])
        start = max(start, first + number)
    if start < count:
        ranges.append([start, count - 1])
    return ranges
