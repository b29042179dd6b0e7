"""A Kinesis stream as source, from moto's Kinesis into an object."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from local_firehose.clock import Clock
from local_firehose.engine import DeliveryEngine
from local_firehose.kinesis_source import KinesisSource


@pytest.fixture
def kinesis(cloud: Any) -> tuple[Any, str]:
    client, name = cloud.client("kinesis"), f"k{uuid4().hex[:8]}"
    client.create_stream(StreamName=name, ShardCount=2)
    return client, str(client.describe_stream(StreamName=name)["StreamDescription"]["StreamARN"])


def put(client: Any, arn: str, records: list[bytes]) -> None:
    entries = [{"Data": record, "PartitionKey": str(number)} for number, record in enumerate(records)]
    client.put_records(StreamARN=arn, Records=entries)


def test_records_of_all_shards_are_read_once_across_restarts(tmp_path: Path, kinesis: tuple[Any, str]) -> None:
    client, arn = kinesis
    found: list[bytes] = []

    async def append(records: Any, _arrived_ms: int) -> None:
        found.extend(records)

    async def read(times: int) -> None:
        source = KinesisSource(
            client=client,
            stream_arn=arn,
            append=append,
            positions=tmp_path / "positions.json",
            since=datetime(2020, 1, 1, tzinfo=UTC),
        )
        for _ in range(times):
            await source.read_once(source.shards())

    put(client, arn, [b"a%d" % number for number in range(20)])
    asyncio.run(read(2))
    put(client, arn, [b"b%d" % number for number in range(20)])
    asyncio.run(read(2))
    assert sorted(found) == sorted(
        [b"a%d" % number for number in range(20)] + [b"b%d" % number for number in range(20)]
    )


def test_a_kinesis_sourced_stream_delivers_what_the_source_holds(
    tmp_path: Path, cloud: Any, kinesis: tuple[Any, str]
) -> None:
    client, arn = kinesis
    view = cloud.view(source="KinesisStreamAsSource", kinesis_stream_arn=arn, kinesis_role_arn="r")

    async def use() -> None:
        engine = DeliveryEngine(tmp_path, clock=Clock())
        await engine.start([view])
        try:
            await asyncio.to_thread(put, client, arn, [b"k%d\n" % number for number in range(30)])
            deadline = asyncio.get_running_loop().time() + 30
            while (await engine.counters())[0].accepted_records < 30:
                assert asyncio.get_running_loop().time() < deadline
                await asyncio.sleep(0.05)
            assert (await engine.flush(None, timeout_seconds=30)).failed == ()
        finally:
            await engine.stop()

    asyncio.run(use())
    lines = b"".join(cloud.objects().values()).splitlines()
    assert sorted(lines) == sorted(b"k%d" % number for number in range(30))
