"""tests/fidelity/control_plane.yaml: what AWS refuses at create, and in which words."""

from pathlib import Path

import pytest
import yaml

from local_firehose.errors import WireError

FACTS = yaml.safe_load((Path(__file__).resolve().parents[2] / "fidelity" / "control_plane.yaml").read_text("utf-8"))


@pytest.mark.parametrize("fact", [pytest.param(fact, id=fact["id"]) for fact in FACTS])
def test_create(service, request_of, fact: dict) -> None:
    service.backing.missing_roles = {"arn:aws:iam::123456789012:role/missing"}
    service.backing.missing_tables = {"missing"}
    if "error" in fact:
        with pytest.raises(WireError) as refusal:
            service.call("CreateDeliveryStream", request_of(fact))
        assert (refusal.value.type, refusal.value.message) == (fact["error"], fact["message"])
        assert service.engine.views == {}
    else:
        answer = service.call("CreateDeliveryStream", request_of(fact))
        assert answer["DeliveryStreamARN"].startswith("arn:aws:firehose:eu-west-1:123456789012:deliverystream/")
        assert len(service.engine.views) == 1


def test_every_fact_has_a_mark_and_a_source() -> None:
    assert {fact["mark"] for fact in FACTS} == {"documented", "observed", "decided"}
    assert all(fact["source"] for fact in FACTS)
    assert len({fact["id"] for fact in FACTS}) == len(FACTS)
