"""A leaf: a value in a record, and how much of it decides a jq query's result.

Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Seconds:
    """Only ``value // step`` decides, for an integer value from 0 to `limit`."""

    step: int
    limit: int


@dataclass(frozen=True, slots=True)
class Prefix:
    """Only the first `characters` of a string decide."""

    characters: int


Reduction = Seconds | Prefix | None


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value at a path of object keys below the record; `reduction` says how little of it decides, None for all of it."""

    path: Path
    reduction: Reduction


def joint_leaves(uses: Sequence[tuple[Path, Reduction]], passed: Sequence[Path]) -> tuple[Leaf, ...]:
    """Return the leaves that decide, of all uses together.

    Args:
        uses: what is read of the value at each path.
        passed: paths that are gone through: their containers must be objects, which a leaf below each of them lets the reader see.
    """
    found = list(uses)
    for path in passed:
        parent = path[:-1]
        if parent and not any(used[: len(parent)] == parent[: len(used)] for used, _ in found):
            found.append((path, None))
    paths = {path for path, _ in found}
    # a leaf below another one is part of it
    outer = [path for path in dict.fromkeys(path for path, _ in found) if not _is_below(path, paths)]
    return tuple(
        Leaf(path, None if _has_below(path, paths) else _joint([how for used, how in found if used == path]))
        for path in outer
    )


def _is_below(path: Path, others: set[Path]) -> bool:
    return any(path[:depth] in others for depth in range(len(path)))


def _has_below(path: Path, others: set[Path]) -> bool:
    return any(len(other) > len(path) and other[: len(path)] == path for other in others)


def _joint(reductions: list[Reduction]) -> Reduction:
    if all(isinstance(reduction, Prefix) for reduction in reductions):
        return Prefix(max(reduction.characters for reduction in reductions if isinstance(reduction, Prefix)))
    seconds = [reduction for reduction in reductions if isinstance(reduction, Seconds)]
    if len(seconds) < len(reductions) or len({reduction.limit for reduction in seconds}) > 1:
        return None
    return min(seconds, key=lambda reduction: reduction.step)
