"""Records that the Kinesis Producer Library packs, packed here by its own aggregator."""

import hashlib
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_firehose.kpl import MAGIC, user_records


def aggregated(records: list[bytes]) -> bytes:
    path = list(sys.path)
    from aws_kinesis_agg.aggregator import RecordAggregator  # noqa: PLC0415

    sys.path[:] = path
    aggregator = RecordAggregator()
    for at, record in enumerate(records):
        assert aggregator.add_user_record(f"key{at % 2}", record) is None
    return aggregator.clear_and_get().get_contents()[2]


@given(st.lists(st.binary(max_size=30), min_size=1, max_size=20))
def test_packed_records_come_apart_again(records: list[bytes]) -> None:
    assert user_records(aggregated(records)) == records


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(MAGIC, id="magic-alone"),
        pytest.param(MAGIC + b"x" * 30, id="wrong-digest"),
        pytest.param(MAGIC + b"\xff\xff" + hashlib.md5(b"\xff\xff").digest(), id="no-message"),
        pytest.param(b'{"a":1}', id="plain"),
    ],
)
def test_what_is_not_packed_stays_as_it_is(data: bytes) -> None:
    assert user_records(data) == [data]


def test_import_path_is_left_as_it_was() -> None:
    before = list(sys.path)
    user_records(aggregated([b"a"]))
    assert sys.path == before
