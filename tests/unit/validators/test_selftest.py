"""Every way of breaking a delivery is named by the check whose business it is, and by no other."""

import pytest

from validators.checks import CHECKS
from validators.evidence import Evidence
from validators.memory_bucket import MemoryBucket
from validators.mutations import Mutation, specimen
from validators.selftest import ALL_MUTATIONS, fired_checks, try_mutation

NEVER_A_FINDING = {"health.small_files", "health.skew", "health.size_saved"}
# Not among the mutations, as nothing in an object shows them: tested beside the check.
ELSEWHERE = {"buffering.age", "completeness.partitions"}


@pytest.mark.parametrize("name", ["store_delivery", "log_delivery"])
def test_intact_delivery_has_no_finding(name: str, request: pytest.FixtureRequest) -> None:
    assert fired_checks(request.getfixturevalue(name)) == frozenset()


@pytest.mark.parametrize("mutation", ALL_MUTATIONS, ids=lambda mutation: mutation.id)
def test_broken_delivery_is_named_by_the_right_check(
    mutation: Mutation, store_delivery: Evidence, log_delivery: Evidence
) -> None:
    tried = []
    for evidence in (store_delivery, log_delivery):
        assert isinstance(evidence.bucket, MemoryBucket)
        trial = try_mutation(specimen(evidence, evidence.bucket), mutation)
        if trial is not None:
            tried.append(trial)
    assert tried, "the mutation applies to neither delivery"
    assert [(sorted(trial.missing), sorted(trial.wrong)) for trial in tried] == [([], [])] * len(tried)


def test_every_check_has_a_mutation_that_it_must_name() -> None:
    named = {check for mutation in ALL_MUTATIONS for check in mutation.expected}
    assert named | NEVER_A_FINDING | ELSEWHERE == set(CHECKS)


def test_mutation_ids_are_unique_and_many() -> None:
    ids = [mutation.id for mutation in ALL_MUTATIONS]
    assert len(set(ids)) == len(ids)
    assert len(ids) >= 30
