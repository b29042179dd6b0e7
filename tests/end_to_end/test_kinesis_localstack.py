"""A Kinesis stream of a real LocalStack as source: plain and KPL-aggregated records, a split, a crash of the server; each arrives once.

LocalStack fetches its Kinesis (kinesis-local) by npm on first use; where that is not to be had, the test says so and is skipped.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aws_kinesis_agg.aggregator
import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from deployment.environment import aws_settings

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).resolve().parents[2]
REGION = "eu-west-1"
TRUST = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"firehose.amazonaws.com"},'
    '"Action":"sts:AssumeRole"}]}'
)


def environment(endpoint: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {**kept, **aws_settings({"default": endpoint}), "NO_PROXY": "127.0.0.1,localhost"}


def client(service: str, endpoint: str, **config: Any) -> Any:
    return boto3.client(
        service, region_name=REGION, endpoint_url=endpoint, aws_access_key_id="test", aws_secret_access_key="test",
        config=Config(s3={"addressing_style": "path"}, **config),
    )  # fmt: skip


@pytest.fixture(scope="module")
def localstack(start_localstack: Callable[..., Any]) -> str:
    """A LocalStack that has Kinesis; its endpoint."""
    if shutil.which("npm") is None:
        pytest.skip("LocalStack's Kinesis needs npm")
    endpoint = str(start_localstack().endpoint)
    try:
        client("kinesis", endpoint, retries={"total_max_attempts": 1}, read_timeout=90).list_streams()
    except (ClientError, BotoCoreError) as exc:
        pytest.skip(f"this LocalStack can't serve Kinesis: {exc}")
    return endpoint


@dataclass
class Firehose:
    """A local_firehose before LocalStack, which can be killed and started again on the same folder."""

    folder: Path
    endpoint: str
    process: subprocess.Popen[str] | None = None
    url: str = ""

    def start(self) -> None:
        with (self.folder / "firehose.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "local_firehose", "serve", "--port", "0", "--state-dir", str(self.folder / "state")],
                cwd=PROJECT, env=environment(self.endpoint), stdout=subprocess.PIPE, stderr=log, text=True,
            )  # fmt: skip
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        match = re.search(r"http://\S+", said)
        assert match, (self.folder / "firehose.log").read_text()
        self.url = match[0]

    def end(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)
        self.process.communicate(timeout=60)

    def accepted(self) -> int:
        with urllib.request.urlopen(f"{self.url}/_local_firehose/status", timeout=10) as answer:
            match = re.search(rb'"accepted_records":\s*(\d+)', answer.read())
        assert match
        return int(match[1])

    def flush(self) -> None:
        request = urllib.request.Request(f"{self.url}/_local_firehose/flush", data=b'{"timeout_seconds": 60}')
        with urllib.request.urlopen(request, timeout=90) as answer:
            assert answer.status == 200


@pytest.fixture
def firehose(tmp_path: Path, localstack: str) -> Iterator[Firehose]:
    server = Firehose(tmp_path, localstack)
    server.start()
    yield server
    server.end(signal.SIGTERM)


def wait_until(holds: Callable[[], bool], *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def put(kinesis: Any, arn: str, records: list[bytes]) -> None:
    entries = [{"Data": record, "PartitionKey": str(number)} for number, record in enumerate(records)]
    assert kinesis.put_records(StreamARN=arn, Records=entries)["FailedRecordCount"] == 0


def aggregated(events: list[bytes]) -> bytes:
    packer = aws_kinesis_agg.aggregator.RecordAggregator()
    for number, event in enumerate(events):
        assert packer.add_user_record(f"key-{number}", event) is None
    _, _, data = packer.clear_and_get().get_contents()
    return bytes(data)


def test_each_event_of_the_source_arrives_once(firehose: Firehose, localstack: str) -> None:
    s3, kinesis, iam = (client(service, localstack) for service in ("s3", "kinesis", "iam"))
    s3.create_bucket(Bucket="from-kinesis", CreateBucketConfiguration={"LocationConstraint": REGION})
    role = iam.create_role(RoleName="firehose", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    kinesis.create_stream(StreamName="source", ShardCount=2)
    kinesis.get_waiter("stream_exists").wait(StreamName="source", WaiterConfig={"Delay": 1})
    arn = kinesis.describe_stream_summary(StreamName="source")["StreamDescriptionSummary"]["StreamARN"]
    put(kinesis, arn, [b"before the delivery stream\n"])
    time.sleep(1.1)  # its clock is not ours: Kinesis tells arrivals by the second
    client("firehose", firehose.url).create_delivery_stream(
        DeliveryStreamName="s",
        DeliveryStreamType="KinesisStreamAsSource",
        KinesisStreamSourceConfiguration={"KinesisStreamARN": arn, "RoleARN": role},
        ExtendedS3DestinationConfiguration={
            "RoleARN": role,
            "BucketARN": "arn:aws:s3:::from-kinesis",
            "BufferingHints": {"SizeInMBs": 128, "IntervalInSeconds": 900},
        },
    )
    plain = [b"plain %d\n" % number for number in range(40)]
    packed = [[b"packed %d-%d\n" % (batch, number) for number in range(25)] for batch in range(4)]
    put(kinesis, arn, [*plain, *map(aggregated, packed[:2])])
    wait_until(lambda: firehose.accepted() == 42, seconds=30)

    shard = kinesis.list_shards(StreamARN=arn)["Shards"][0]
    middle = (int(shard["HashKeyRange"]["StartingHashKey"]) + int(shard["HashKeyRange"]["EndingHashKey"])) // 2
    kinesis.split_shard(StreamARN=arn, ShardToSplit=shard["ShardId"], NewStartingHashKey=str(middle))
    kinesis.get_waiter("stream_exists").wait(StreamName="source", WaiterConfig={"Delay": 1})
    time.sleep(1.5)  # positions are on disk by now: a crash right after a read may repeat it (documented)
    firehose.end(signal.SIGKILL)
    late = [b"late %d\n" % number for number in range(40)]
    put(kinesis, arn, [*late, *map(aggregated, packed[2:])])
    firehose.start()
    wait_until(lambda: firehose.accepted() == 84, seconds=60)
    firehose.flush()

    bodies = [
        s3.get_object(Bucket="from-kinesis", Key=item["Key"])["Body"].read()
        for item in s3.list_objects_v2(Bucket="from-kinesis")["Contents"]
    ]
    arrived = Counter(line for body in bodies for line in body.splitlines(keepends=True))
    assert arrived == Counter([*plain, *late, *(event for batch in packed for event in batch)])
