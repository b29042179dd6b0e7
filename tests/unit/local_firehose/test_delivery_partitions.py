"""Partitions by keys: which are one, and which keys are of no use. The query is answered by a table."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest

from local_firehose.delivery_partitions import Partitioner
from local_firehose.leaf_texts import LeafTexts
from local_firehose.object_key import compile_prefix
from local_firehose.partition_keys import Extracted

NULL_KEY = "partitionKeys values must not be null or empty"
TOO_LONG = "Length of evaluated prefix cannot be greater than 512"


class Words:
    """Takes a record's first words for its keys."""

    leaf_keys = ()

    def __init__(self, count: int) -> None:
        self._count = count

    def extract(self, records: Sequence[bytes]) -> Extracted:
        keys = [tuple(record.decode().split(" ")[: self._count]) for record in records]
        distinct = list(dict.fromkeys(keys))
        names = tuple("ab"[: self._count])
        return Extracted(names, np.array([distinct.index(key) for key in keys], np.int32), distinct, {})

    def extract_read(self, records: pa.BinaryArray, read: LeafTexts) -> Extracted:
        raise AssertionError("nothing was read")


def partitioner(prefix: str, *, name_bytes: int = 0) -> Partitioner:
    compiled = compile_prefix(prefix)
    extractor = Words(len(compiled.query_keys)) if compiled.query_keys else None
    return Partitioner(compiled, is_partitioned=True, extractor=extractor, name_bytes=name_bytes)


def records(*texts: str) -> pa.BinaryArray:
    return pa.array([text.encode() for text in texts], pa.binary())


def test_keys_that_evaluate_alike_are_one_partition() -> None:
    found = partitioner("!{partitionKeyFromQuery:a}!{partitionKeyFromQuery:b}/").partition(
        records("x yz", "xy z", "x y"), None
    )
    assert (found.codes.tolist(), found.identities, found.refused) == ([0, 0, 1], [("x", "yz"), ("x", "y")], [])


@pytest.mark.parametrize(
    ("prefix", "longest"),
    [
        pytest.param("!{partitionKeyFromQuery:a}/", 511, id="key-alone"),
        pytest.param("p/!{partitionKeyFromQuery:a}/!{timestamp:yyyy}/", 504, id="beside-a-date"),
        pytest.param("!{partitionKeyFromQuery:a}/!{firehose:random-string}/", 499, id="beside-a-random-string"),
    ],
)
def test_keys_that_make_the_prefix_too_long_fail_their_records_only(prefix: str, longest: int) -> None:
    found = partitioner(prefix).partition(records("k" * longest, "k" * (longest + 1), "short", "k" * 2000), None)
    assert found.codes.tolist() == [0, -1, 1, -1]
    assert [identity[0] for identity in found.identities] == ["k" * longest, "short"]
    assert found.refused == [(1, TOO_LONG), (3, TOO_LONG)]


def test_keys_that_make_the_objects_key_too_long_for_s3_fail_their_records() -> None:
    found = partitioner("!{partitionKeyFromQuery:a}/", name_bytes=100).partition(records("é" * 461, "é" * 462), None)
    assert (found.codes.tolist(), found.identities) == (
        [0, -1],
        [("é" * 461,)],
    )  # 922 bytes, a slash and the name are 1,023
    assert found.refused == [(1, "The object's key would be longer than the 1024 bytes that S3 takes")]


def test_a_lambda_key_is_checked_like_one_of_the_query() -> None:
    given = [{"a": "x"}, {"a": ""}, None, {"a": "k" * 512}]
    found = partitioner("!{partitionKeyFromLambda:a}/").partition(records("1", "2", "3", "4"), given)
    assert (found.codes.tolist(), found.identities) == ([0, -1, -1, -1], [("x",)])
    assert sorted(found.refused) == [(1, NULL_KEY), (2, NULL_KEY), (3, TOO_LONG)]


def test_without_partitioning_all_is_one() -> None:
    whole = Partitioner(compile_prefix("a"), is_partitioned=False, extractor=None)
    found = whole.partition(records("1", "2"), None)
    assert (found.codes.tolist(), found.identities, found.refused) == ([0, 0], [()], [])
