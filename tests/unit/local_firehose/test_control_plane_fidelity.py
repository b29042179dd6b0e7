"""tests/fidelity/control_plane.yaml: what AWS refuses at create, and in which words."""

from copy import deepcopy
from pathlib import Path

import pytest
import yaml

from local_firehose.errors import WireError

FACTS = yaml.safe_load((Path(__file__).resolve().parents[2] / "fidelity" / "control_plane.yaml").read_text("utf-8"))
ROLE = "arn:aws:iam::123456789012:role/firehose"
SMALLEST = {"RoleARN": ROLE, "BucketARN": "arn:aws:s3:::bucket"}
PARTITIONED = {
    "Prefix": "!{partitionKeyFromQuery:a}/",
    "ErrorOutputPrefix": "e/",
    "BufferingHints": {"SizeInMBs": 64, "IntervalInSeconds": 60},
    "DynamicPartitioningConfiguration": {"Enabled": True},
}
EXTRACTION = [{"Type": "MetadataExtraction", "JsonParsingEngine": "JQ-1.6", "MetadataExtractionQuery": "{a:.a}"}]
CONVERTED = {
    "DataFormatConversionConfiguration": {
        "SchemaConfiguration": {"RoleARN": ROLE, "DatabaseName": "db", "TableName": "t"},
        "InputFormatConfiguration": {"Deserializer": {"OpenXJsonSerDe": {}}},
        "OutputFormatConfiguration": {"Serializer": {"ParquetSerDe": {}}},
    }
}


def processing(processors: list[dict]) -> dict:
    return {
        "Enabled": True,
        "Processors": [
            {
                "Type": processor["Type"],
                "Parameters": [
                    {"ParameterName": name, "ParameterValue": value}
                    for name, value in processor.items()
                    if name != "Type"
                ],
            }
            for processor in processors
        ],
    }


def request_of(fact: dict) -> dict:
    destination = deepcopy(SMALLEST)
    if fact.get("partitioned"):
        destination |= deepcopy(PARTITIONED) | {"ProcessingConfiguration": processing(EXTRACTION)}
    if fact.get("converted"):
        destination |= deepcopy(CONVERTED)
    if "processors" in fact:
        destination["ProcessingConfiguration"] = processing(fact["processors"])
    for path, given in fact.get("destination", {}).items():
        value = "p" * int(given[1:]) if isinstance(given, str) and given.startswith("%") else given
        *parents, last = path.split(".")
        owner = destination
        for parent in parents:
            owner = owner[parent]
        owner[last] = value
    return {"DeliveryStreamName": "s", "ExtendedS3DestinationConfiguration": destination} | fact.get("request", {})


@pytest.mark.parametrize("fact", [pytest.param(fact, id=fact["id"]) for fact in FACTS])
def test_create(service, fact: dict) -> None:
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
