"""The validators proven on a delivery: the intact objects give no finding, each way of breaking them is named by the right check.

Pure but for the copy of the bucket, which the caller makes.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from rich.console import Console

from validators import mutations_of_configuration, mutations_of_keys, mutations_of_lines, mutations_of_rows
from validators.evidence import Evidence
from validators.memory_bucket import MemoryBucket
from validators.mutations import Mutation, Specimen, specimen
from validators.suite import Suite

ALL_MUTATIONS: tuple[Mutation, ...] = (
    *mutations_of_keys.MUTATIONS,
    *mutations_of_rows.MUTATIONS,
    *mutations_of_lines.MUTATIONS,
    *mutations_of_configuration.MUTATIONS,
)


@dataclass(frozen=True, slots=True)
class Trial:
    """One mutation tried: which checks fired. `is_right` when all that had to fire did, and nothing that must not."""

    mutation: Mutation
    fired: frozenset[str]

    @property
    def missing(self) -> frozenset[str]:
        return self.mutation.expected - self.fired

    @property
    def wrong(self) -> frozenset[str]:
        return self.fired - self.mutation.expected - self.mutation.consequences

    @property
    def is_right(self) -> bool:
        return not self.missing and not self.wrong


def fired_checks(evidence: Evidence) -> frozenset[str]:
    """Return the checks that find something."""
    return frozenset(result.check for result in Suite(evidence).run().results if result.findings)


def try_mutation(intact: Specimen, mutation: Mutation) -> Trial | None:
    """Break the delivery and verify it; None where there is nothing to break in this way."""
    broken = mutation.apply(intact)
    if broken is None:
        return None
    evidence = broken.evidence or intact.evidence
    return Trial(mutation, fired_checks(replace(evidence, bucket=intact.bucket.changed(broken.changes))))


def run_selftest(evidence: Evidence, *, copied: MemoryBucket) -> Iterator[Trial]:
    """Try every mutation that applies; the first trial is the intact delivery."""
    intact = specimen(replace(evidence, bucket=copied), copied)
    nothing = Mutation("intact", "the intact delivery", frozenset(), lambda _: None)
    yield Trial(nothing, fired_checks(intact.evidence))
    for mutation in ALL_MUTATIONS:
        trial = try_mutation(intact, mutation)
        if trial is not None:
            yield trial


def print_trials(console: Console, trials: Iterator[Trial], *, done: Callable[[Trial], Any] = lambda _: None) -> bool:
    """Print one line a trial and a last line; returns whether every trial was right."""
    tried = right = 0
    for trial in trials:
        tried += 1
        right += trial.is_right
        fired = ", ".join(sorted(trial.fired)) or "no finding"
        console.print(
            f"{'PASS' if trial.is_right else 'FAIL'} {trial.mutation.id:<20} {trial.mutation.title}: {fired}",
            markup=False,
            soft_wrap=True,
        )
        if trial.missing:
            console.print(f"       silent: {', '.join(sorted(trial.missing))}", markup=False)
        if not tried - 1 and not trial.is_right:
            console.print("the delivery itself has findings; `make flush` and `make verify` say which", markup=False)
            return False
        if trial.wrong:
            console.print(f"       should be silent: {', '.join(sorted(trial.wrong))}", markup=False)
        done(trial)
    console.print(f"{right} of {tried} deliveries judged right: 1 intact, {tried - 1} broken on purpose", markup=False)
    return right == tried
