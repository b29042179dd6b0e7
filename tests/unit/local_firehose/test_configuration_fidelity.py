"""tests/fidelity/configuration.yaml: what Describe shows, and what UpdateDestination makes of it."""

from pathlib import Path

import pytest
import yaml

from local_firehose.errors import WireError

FACTS = yaml.safe_load((Path(__file__).resolve().parents[2] / "fidelity" / "configuration.yaml").read_text("utf-8"))
MIRRORED = {
    "RoleARN",
    "BucketARN",
    "Prefix",
    "ErrorOutputPrefix",
    "BufferingHints",
    "CompressionFormat",
    "EncryptionConfiguration",
    "CloudWatchLoggingOptions",
}


@pytest.mark.parametrize("fact", [pytest.param(fact, id=fact["id"]) for fact in FACTS])
def test_description(service, request_of, fact: dict) -> None:
    service.call("CreateDeliveryStream", request_of({**fact, "destination": fact.get("create", {})}))
    if "update" in fact:
        update = {"version": fact.get("version", "1")} | fact["update"]
        if "destination_id" in fact:
            update["destination_id"] = fact["destination_id"]
        before = service.describe()
        if "error" in fact:
            with pytest.raises(WireError) as refusal:
                service.update(**update)
            assert (refusal.value.type, refusal.value.message) == (fact["error"], fact["message"])
            assert service.describe() == before
        else:
            service.update(**update)
    stream = service.describe()
    destination = stream["Destinations"][0]["ExtendedS3DestinationDescription"]
    assert {name: destination.get(name) for name in fact.get("shows", {})} == fact.get("shows", {})
    assert set(fact.get("lacks", [])) & destination.keys() == set()
    assert {name: stream.get(name) for name in fact.get("stream", {})} == fact.get("stream", {})
    assert set(fact.get("stream_lacks", [])) & stream.keys() == set()
    assert set(fact.get("stream_has", [])) <= stream.keys()
    # the configuration comes twice (observed: getmoto/moto)
    mirror = stream["Destinations"][0]["S3DestinationDescription"]
    assert mirror == {name: value for name, value in destination.items() if name in MIRRORED}


def test_every_fact_has_a_mark_and_a_source() -> None:
    assert {fact["mark"] for fact in FACTS} == {"documented", "observed", "decided"}
    assert all(fact["source"] for fact in FACTS)
    assert len({fact["id"] for fact in FACTS}) == len(FACTS)
