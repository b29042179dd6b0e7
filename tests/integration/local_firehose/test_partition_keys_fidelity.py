"""Each row of tests/fidelity/partition_keys.yaml is a fact about Firehose's partition keys that the extractor keeps."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from local_firehose.jq import JqPool
from local_firehose.partition_keys import PartitionKeyExtractor

FACTS = yaml.safe_load((Path(__file__).resolve().parents[2] / "fidelity" / "partition_keys.yaml").read_text("utf-8"))


@pytest.fixture(scope="module")
def jq() -> Iterator[JqPool]:
    with JqPool(workers=1) as pool:
        yield pool


@pytest.mark.parametrize("fact", [pytest.param(fact, id=fact["id"]) for fact in FACTS])
def test_record_has_the_keys_or_fails_as_the_fact_says(fact: dict, jq: JqPool) -> None:
    jq.check(fact["query"])
    found = PartitionKeyExtractor(fact["query"], jq=jq).extract([fact["record"].encode()])
    if "fails" in fact:
        assert found.failures == {0: fact["fails"]}
    else:
        assert [found.mapping(code) for code in found.codes.tolist()] == [fact["keys"]]
