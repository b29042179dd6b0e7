from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from validators.accounting import Reconciliation
from validators.evidence import Evidence
from validators.findings import Finding, Findings
from validators.suite import Verdict
from validators.waiting import verify_until, wait_limit

START = datetime(2026, 11, 22, 8, 31, tzinfo=UTC)
ACCEPTED = datetime(2026, 11, 22, 8, 30, 6, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def verdict(evidence: Evidence, lost: int) -> Verdict:
    findings = Findings()
    if lost:
        findings.add(Finding("completeness.lost", "s3://b/", "", ""), times=lost)
    return Verdict(evidence, (), findings, Reconciliation(accepted=10, delivered=10 - lost, lost=lost))


def outcome(
    evidence: Evidence, clock: Clock, *, arrives_at: Callable[[], int], limit: datetime
) -> tuple[Verdict, int, list[str]]:
    runs, said = [], []

    def run() -> Verdict:
        runs.append(clock.now)
        return verdict(evidence, arrives_at())

    found = verify_until(
        run, limit=limit, listing=arrives_at, clock=lambda: clock.now, sleep=clock.sleep, progress=said.append
    )
    return found, len(runs), said


def test_complete_delivery_is_verified_once_without_waiting(store_delivery: Evidence) -> None:
    clock = Clock()
    _, runs, _ = outcome(store_delivery, clock, arrives_at=lambda: 0, limit=START + timedelta(hours=1))
    assert (runs, clock.now) == (1, START)


def test_late_objects_are_waited_for_and_verified_when_they_come(store_delivery: Evidence) -> None:
    clock = Clock()
    found, runs, said = outcome(
        store_delivery, clock, arrives_at=lambda: 4 if clock.now < START + timedelta(seconds=30) else 0,
        limit=START + timedelta(minutes=5),
    )  # fmt: skip
    assert (found.passed, runs, clock.now) == (True, 2, START + timedelta(seconds=30))
    assert said[0] == "6 of 10 accounted for, waiting up to 300 s more"


def test_what_never_comes_is_reported_when_the_time_is_up(store_delivery: Evidence) -> None:
    clock = Clock()
    found, runs, _ = outcome(store_delivery, clock, arrives_at=lambda: 4, limit=START + timedelta(seconds=12))
    assert (found.numbers.lost, runs, clock.now) == (4, 1, START + timedelta(seconds=12))


@pytest.mark.parametrize(
    ("target", "wait_seconds", "limit"),
    [
        pytest.param("local", None, START, id="local-decides-at-once"),
        pytest.param("localstack", None, START, id="localstack-decides-at-once"),
        pytest.param("local", 20.0, START + timedelta(seconds=20), id="local-waits-when-asked"),
        pytest.param("aws", None, ACCEPTED + timedelta(seconds=150), id="aws-waits-for-buffering"),
        pytest.param("aws", 10.0, START + timedelta(seconds=10), id="aws-waits-less-when-asked"),
        pytest.param("aws", 9999.0, ACCEPTED + timedelta(seconds=150), id="never-longer-than-buffering"),
    ],
)
def test_limit(store_delivery: Evidence, target: str, wait_seconds: float | None, limit: datetime) -> None:
    evidence = replace(store_delivery, declared=replace(store_delivery.declared, target=target))
    assert wait_limit(evidence, wait_seconds=wait_seconds, now=START) == limit


def test_without_a_manifest_there_is_nothing_to_wait_for(store_delivery: Evidence) -> None:
    aws = replace(store_delivery.declared, target="aws")
    assert wait_limit(replace(store_delivery, declared=aws, manifests=()), wait_seconds=None, now=START) == START
