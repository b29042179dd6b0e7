"""How long `verify` waits: until everything accepted is accounted for, or the time that buffering may take has passed.

Pure but for what is passed in: the run of the suite, the listing, the clock and the sleep.
"""

from collections.abc import Callable, Hashable
from datetime import datetime, timedelta

from validators.evidence import Evidence
from validators.suite import Verdict

LOCAL_TARGETS = frozenset({"local", "localstack"})
SLACK_SECONDS = 60
POLL_SECONDS = 5.0


def buffering_deadline(evidence: Evidence) -> datetime | None:
    """Return when the last accepted record must have been delivered; None when no manifest says when that was.

    documented: with dynamic partitioning delivery may take about 1.5 times the interval.
    """
    accepted = [manifest.last_accepted_at for manifest in evidence.manifests if manifest.last_accepted_at is not None]
    if not accepted:
        return None
    declared = evidence.declared
    seconds = declared.buffer_seconds * (1.5 if declared.partitioning else 1.0) + SLACK_SECONDS
    return max(accepted) + timedelta(seconds=seconds)


def wait_limit(evidence: Evidence, *, wait_seconds: float | None, now: datetime) -> datetime:
    """Return until when to wait. `wait_seconds` None: not at all on local targets, which deliver when told to."""
    if wait_seconds is None:
        wait_seconds = 0 if evidence.declared.target in LOCAL_TARGETS else float("inf")
    by_buffering = buffering_deadline(evidence) or now
    if wait_seconds == float("inf"):
        return max(now, by_buffering)
    return min(now + timedelta(seconds=wait_seconds), max(now, by_buffering))


def is_accounted_for(verdict: Verdict) -> bool:
    """Return whether waiting longer could change nothing about completeness."""
    counts = verdict.findings.counts
    return not (counts["completeness.lost"] or counts["quarantine.missing"])


def verify_until(
    run: Callable[[], Verdict],
    *,
    limit: datetime,
    listing: Callable[[], Hashable],
    clock: Callable[[], datetime],
    sleep: Callable[[float], None],
    progress: Callable[[str], None],
) -> Verdict:
    """Run the suite, and again whenever the bucket has changed, until nothing is missing or `limit` has passed."""
    seen = listing() if clock() < limit else None
    verdict = run()
    while not is_accounted_for(verdict):
        left = (limit - clock()).total_seconds()
        if left <= 0:
            return verdict
        numbers = verdict.numbers
        accounted = numbers.delivered + numbers.quarantined
        progress(f"{accounted:,} of {numbers.accepted:,} accounted for, waiting up to {left:.0f} s more")
        sleep(min(POLL_SECONDS, left))
        now_there = listing()
        if now_there != seen:
            seen = now_there
            verdict = run()
    return verdict
