from datetime import UTC, datetime

from producers.outbox import GivenUp
from producers.store_inventory import StorePlan
from producers.store_source import StoreSource

PLAN = StorePlan(events=1200, seed=5, stores=3, hours=2, start=datetime(2026, 11, 22, tzinfo=UTC), run_id="run-1")


def test_partition_digests_sum_to_the_digest_also_after_a_loss() -> None:
    source = StoreSource(PLAN, bad_counts={"not-json": 4})
    records = []
    for chunk in source.chunks():
        records += chunk.records
        source.handed_over(chunk)
    whole = source.facts()
    source.given_up([GivenUp(sequence=7, record=records[7], code="x", message="y", attempts=1)])
    facts = source.facts()
    for found in (whole, facts):
        assert found.digest is not None
        assert sum(found.partition_digests.values()) == int(found.digest["value"])
        assert set(found.partition_digests) == set(found.partitions)
    assert sum(whole.partitions.values()) - sum(facts.partitions.values()) == 1
