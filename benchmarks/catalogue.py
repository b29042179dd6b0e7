"""Find the benchmarks: every module ``benchmarks/bench_*.py`` with a ``BENCHMARKS`` tuple.

Talks to: the package's folder.
"""

import importlib
import pkgutil
from collections.abc import Sequence

import benchmarks
from benchmarks.benchmark import Benchmark


class UnknownBenchmarkError(ValueError):
    """A name that no benchmark and no goal has."""

    def __init__(self, name: str, known: Sequence[Benchmark]) -> None:
        names = ", ".join(dict.fromkeys(name for found in known for name in (found.name, *(g.id for g in found.goals))))
        super().__init__(f"no benchmark {name!r}; there are: {names}, and peers")


def benchmarks_found() -> list[Benchmark]:
    """Return all benchmarks, by module name and in the order of each module's tuple."""
    found: list[Benchmark] = []
    for module in sorted(pkgutil.iter_modules(benchmarks.__path__), key=lambda module: module.name):
        if module.name.startswith("bench_"):
            found.extend(importlib.import_module(f"benchmarks.{module.name}").BENCHMARKS)
    return found


def chosen(found: Sequence[Benchmark], names: Sequence[str]) -> list[Benchmark]:
    """Return the benchmarks with these names, or with a goal of that id; all of them for no names.

    Raises:
        UnknownBenchmarkError: a name fits nothing.
    """
    if not names:
        return list(found)
    taken = []
    for name in names:
        fits = [each for each in found if name == each.name or name in {goal.id for goal in each.goals}]
        if not fits:
            raise UnknownBenchmarkError(name, found)
        taken += [each for each in fits if each not in taken]
    return taken
