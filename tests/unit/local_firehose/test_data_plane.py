"""What a put answers, with a journal that only remembers."""

import asyncio
import base64
import errno
import json
from collections.abc import Sequence
from typing import Any, cast

import pytest

from local_firehose.caller import Caller
from local_firehose.clock import Clock
from local_firehose.data_plane import DataPlane, PutStream
from local_firehose.engine_port import StreamView
from local_firehose.errors import (
    InternalFailureError,
    InvalidArgumentError,
    InvalidSourceError,
    ResourceNotFoundError,
    ServiceUnavailableError,
)
from local_firehose.faults import read_faults
from local_firehose.journal import Journal
from local_firehose.metrics import MetricBook
from local_firehose.stream_config import BufferingHints, DeliveryConfig, Processor, S3Destination, StreamId

STREAM = StreamId("123456789012", "us-east-1", "stream")
CALLER = Caller("123456789012", "us-east-1", "arn:aws:iam::123456789012:user/ci")
ROLE_CALLER = Caller("123456789012", "us-east-1", "arn:aws:sts::123456789012:assumed-role/CWLtoFirehose/x")


class Remembering:
    def __init__(self) -> None:
        self.records: list[bytes] = []
        self.error: OSError | None = None

    async def append(self, records: Sequence[bytes], *, arrived_ms: int) -> int:
        if self.error:
            raise self.error
        self.records += records
        return 0


class Plane:
    def __init__(
        self, *, faults: object = None, status: str = "ACTIVE", is_encrypted: bool = False, **config: Any
    ) -> None:
        s3 = S3Destination("b", "r", "", "", BufferingHints(5, 300), "UNCOMPRESSED", "", "UTC", None, None, None)
        members: dict[str, Any] = {"source": "DirectPut", "processors": (), **config}
        made = DeliveryConfig(
            stream=STREAM, version=1, s3=s3, partitioning_retry_seconds=None, conversion=None, backup=None, **members
        )
        self.journal = Remembering()
        stream = PutStream(StreamView(made, status, is_encrypted, "i"), cast("Journal", self.journal))
        self.slept: list[float] = []
        self.metrics = MetricBook()
        self.plane = DataPlane(
            find={STREAM: stream}.get,
            clock=Clock(real_ms=lambda: 0),
            metrics=self.metrics,
            random_bytes=bytes,
            sleep=self._sleep,
        )
        self.plane.set_faults(read_faults(faults), since_ms=0)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def batch(self, records: Sequence[bytes], *, name: str = "stream", caller: Caller = CALLER) -> dict[str, Any]:
        entries = [{"Data": base64.b64encode(record).decode()} for record in records]
        body = json.dumps({"DeliveryStreamName": name, "Records": entries}).encode()
        return cast("dict[str, Any]", json.loads(asyncio.run(self.plane.put_record_batch(body, caller))))

    def one(self, record: bytes) -> dict[str, Any]:
        body = json.dumps({"DeliveryStreamName": "stream", "Record": {"Data": base64.b64encode(record).decode()}})
        return cast("dict[str, Any]", json.loads(asyncio.run(self.plane.put_record(body.encode(), CALLER))))


SLOW = {"ErrorCode": "ServiceUnavailableException", "ErrorMessage": "Slow down."}


def test_accepted_records_are_journalled_in_order_and_answered_one_to_one() -> None:
    plane = Plane(is_encrypted=True)
    answer = plane.batch([b"a", b"b"])
    assert (answer["FailedPutCount"], answer["Encrypted"], len(answer["RequestResponses"])) == (0, True, 2)
    assert plane.one(b"c")["Encrypted"] is True
    assert plane.journal.records == [b"a", b"b", b"c"]


@pytest.mark.parametrize("status", ["CREATING", "DELETING", "CREATING_FAILED"])
def test_a_stream_that_is_not_active_is_not_found(status: str) -> None:
    with pytest.raises(ResourceNotFoundError, match=r"^Firehose stream under account 123456789012 not found\.$"):
        Plane(status=status).batch([b"x"])


def test_an_unknown_stream_is_not_found() -> None:
    with pytest.raises(ResourceNotFoundError, match=r"^Firehose other under account 123456789012 not found\.$"):
        Plane().batch([b"x"], name="other")


def test_a_kinesis_sourced_stream_takes_no_puts() -> None:
    message = r"^This operation is not permitted on KinesisStreamAsSource delivery stream type\.$"
    with pytest.raises(InvalidArgumentError, match=message):
        Plane(source="KinesisStreamAsSource").batch([b"x"])


def test_only_a_role_session_may_put_to_a_decompressing_stream() -> None:
    plane = Plane(processors=(Processor("Decompression", {"CompressionFormat": "GZIP"}),))
    with pytest.raises(InvalidSourceError, match="CloudWatch Logs"):
        plane.batch([b"x"])
    assert plane.batch([b"x"], caller=ROLE_CALLER)["FailedPutCount"] == 0


def test_a_full_disk_is_service_unavailable() -> None:
    plane = Plane()
    plane.journal.error = OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(ServiceUnavailableError, match=r"\(journal: No space left on device\)$"):
        plane.batch([b"x"])


def test_failed_entries_keep_their_places_and_are_not_stored() -> None:
    plane = Plane(faults={"puts": [{"fail_entries": [1]}]})
    answer = plane.batch([b"a", b"b", b"c"])
    assert answer["FailedPutCount"] == 1
    assert [entry.get("ErrorCode") for entry in answer["RequestResponses"]] == [None, SLOW["ErrorCode"], None]
    assert answer["RequestResponses"][1] == SLOW
    assert plane.journal.records == [b"a", b"c"]


def test_one_record_that_fails_fails_the_call() -> None:
    plane = Plane(faults={"puts": [{"fail_entries": [0], "error": "InternalFailure"}]})
    with pytest.raises(InternalFailureError, match="Internal service failure"):
        plane.one(b"x")


@pytest.mark.parametrize(
    ("stored", "kept"), [pytest.param(True, [b"x"], id="answer-lost"), pytest.param(False, [], id="never-arrived")]
)
def test_a_call_that_times_out_may_have_stored_its_records(stored: bool, kept: list[bytes]) -> None:
    plane = Plane(faults={"puts": [{"fail_call": "TimeOut", "stored": stored, "delay_seconds": 2}]})
    with pytest.raises(InternalFailureError):
        plane.batch([b"x"])
    assert (plane.slept, plane.journal.records) == ([2.0, 300.0], kept)


def test_beyond_the_quota_entries_are_told_to_slow_down_and_counted() -> None:
    plane = Plane(faults={"quotas": {"records": 2}})
    answer = plane.batch([b"a", b"b", b"c"])
    assert (answer["FailedPutCount"], answer["RequestResponses"][2]) == (1, SLOW)
    assert plane.journal.records == [b"a", b"b"]
    counted = {name: value.total for (_, name, _), value in plane.metrics.drain().items()}
    assert counted | {"PutRecordBatch.Latency": 0} == {
        "ThrottledRecords": 1,
        "IncomingRecords": 2,
        "IncomingBytes": 2,
        "IncomingPutRequests": 1,
        "PutRecordBatch.Requests": 1,
        "PutRecordBatch.Bytes": 3,
        "PutRecordBatch.Records": 3,
        "PutRecordBatch.Latency": 0,
        "RecordsPerSecondLimit": 500_000,
        "PutRequestsPerSecondLimit": 2_000,
        "BytesPerSecondLimit": 5 * 1024 * 1024,
    }
    with pytest.raises(ServiceUnavailableError, match=r"^Slow down\.$"):
        plane.one(b"d")
