"""What a benchmark is: goals with ids, and a function that measures both sides in turn.

Pure. A module ``benchmarks/bench_*.py`` that has a ``BENCHMARKS`` tuple of these is found by `catalogue.benchmarks`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Literal

Unit = Literal["records/s", "rows/s", "files/s", "s", "ms", "MiB", "us/record"]


@dataclass(frozen=True, slots=True)
class Goal:
    """One row of the table: `ratio` is ours through theirs, and is to be at least (or at most) `bound`."""

    id: str
    title: str
    bound: float
    sense: Literal["at least", "at most"]
    unit: Unit
    theirs: str  # what the reference side is, in a few words

    def is_met(self, ratio: float) -> bool:
        """Say whether the ratio keeps the goal."""
        return ratio >= self.bound if self.sense == "at least" else ratio <= self.bound


@dataclass(frozen=True, slots=True)
class Measurement:
    """What the rounds gave for one goal: one value a round and side, in the goal's unit.

    `theirs` may be one value for all rounds (a fixed bound). `details` are further numbers for results.json.
    """

    ours: tuple[float, ...]
    theirs: tuple[float, ...]
    peak_memory_mib: float | None = None
    details: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.ours or len(self.theirs) not in {1, len(self.ours)}:
            raise ValueError(
                f"{len(self.ours)} values of ours against {len(self.theirs)} of theirs; give pairs, or one bound"
            )

    @property
    def ratios(self) -> tuple[float, ...]:
        """Ours through theirs, round by round: neighbours in time, so that a slow moment of the machine hits both."""
        theirs = self.theirs * (len(self.ours) // len(self.theirs))
        return tuple(mine / other for mine, other in zip(self.ours, theirs, strict=True))

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios."""
        return median(self.ratios)


@dataclass(frozen=True, slots=True)
class Setting:
    """How to run: how often, with how many records (None: the benchmark's own default), where to put files."""

    rounds: int
    records: int | None
    folder: Path
    say: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A script: `measure` returns a measurement for each of its goals, by id. It verifies what was delivered before it returns."""

    name: str
    goals: tuple[Goal, ...]
    measure: Callable[[Setting], Mapping[str, Measurement]]


def in_turn(ours: Callable[[], float], theirs: Callable[[], float], *, rounds: int) -> Measurement:
    """Run both sides `rounds` times, one after the other, and change who goes first each time."""
    mine: list[float] = []
    others: list[float] = []
    for number in range(rounds):
        sides = [(ours, mine), (theirs, others)]
        for side, values in sides if number % 2 == 0 else reversed(sides):
            values.append(side())
    return Measurement(tuple(mine), tuple(others))
