"""tests/fidelity/prefixes.yaml: every row is one fact about AWS."""

from datetime import datetime
from itertools import count
from pathlib import Path

import pytest
import yaml

from local_firehose.object_key import evaluate_error_prefix, evaluate_prefix
from local_firehose.time_zones import time_zone

FACTS = yaml.safe_load((Path(__file__).resolve().parents[2] / "fidelity" / "prefixes.yaml").read_text("utf-8"))


@pytest.mark.parametrize("fact", [pytest.param(fact, id=fact["id"]) for fact in FACTS])
def test_folder(fact: dict) -> None:
    moment = datetime.fromisoformat(fact.get("at", "2024-05-17T03:04:05.678Z"))
    arrived_at = moment.astimezone(time_zone(fact.get("zone", "UTC")))
    numbers = count(1)

    def random_string() -> str:
        return f"random-{next(numbers)}"

    if "error_prefix" in fact:
        folder = evaluate_error_prefix(
            fact["error_prefix"],
            fact["prefix"],
            arrived_at=arrived_at,
            error_output_type=fact["type"],
            random_string=random_string,
        )
    else:
        folder = evaluate_prefix(
            fact["prefix"],
            arrived_at=arrived_at,
            partition_keys=fact.get("query_keys", {}),
            lambda_keys=fact.get("lambda_keys", {}),
            random_string=random_string,
        )
    assert folder == fact["folder"]


def test_every_fact_has_a_mark_and_a_source() -> None:
    assert {fact["mark"] for fact in FACTS} == {"documented", "observed", "decided"}
    assert all(fact["source"] for fact in FACTS)
    assert len({fact["id"] for fact in FACTS}) == len(FACTS)
