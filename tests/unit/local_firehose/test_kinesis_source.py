"""A Kinesis stream as source, with a stream that is told what to answer."""

import asyncio
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_firehose.kinesis_source import KinesisSource, started_at

ARN = "arn:aws:kinesis:us-east-1:123456789012:stream/s"
START = datetime(2024, 5, 17, 3, 4, 5, tzinfo=UTC)


class EndError(Exception):
    """Ends `run` from within its sleep."""


class Stream:
    """Shards with their records; an iterator is a shard and a place. `errors` are raised by operation, in turn."""

    def __init__(self) -> None:
        self.shards: dict[str, list[tuple[datetime, bytes]]] = {"a": []}
        self.parents: dict[str, str] = {}
        self.closed: set[str] = set()
        self.created = START
        self.errors: dict[str, list[str]] = {}
        self.asked: list[str] = []
        self.page = 10_000

    def put(self, shard: str, *records: bytes, seconds: float = 0) -> None:
        self.shards[shard] += [(START + timedelta(seconds=seconds), record) for record in records]

    def _called(self, operation: str) -> None:
        self.asked.append(operation)
        if self.errors.get(operation):
            code = self.errors[operation].pop(0)
            raise ClientError({"Error": {"Code": code, "Message": "said the test"}}, operation)

    def describe_stream_summary(self, **_: Any) -> dict[str, Any]:
        self._called("DescribeStreamSummary")
        return {"StreamDescriptionSummary": {"StreamCreationTimestamp": self.created}}

    def list_shards(self, **_: Any) -> dict[str, Any]:
        self._called("ListShards")
        return {
            "Shards": [
                {"ShardId": shard} | ({"ParentShardId": self.parents[shard]} if shard in self.parents else {})
                for shard in self.shards
            ]
        }

    def get_shard_iterator(self, **request: Any) -> dict[str, Any]:
        self._called("GetShardIterator")
        shard, kind = request["ShardId"], request["ShardIteratorType"]
        if kind == "AFTER_SEQUENCE_NUMBER":
            place = int(request["StartingSequenceNumber"]) + 1
        elif kind == "AT_TIMESTAMP":
            place = sum(at < request["Timestamp"] for at, _ in self.shards[shard])
        else:
            place = 0
        return {"ShardIterator": f"{shard} {place}"}

    def get_records(self, **request: Any) -> dict[str, Any]:
        self._called("GetRecords")
        shard, start = request["ShardIterator"].split()
        held = self.shards[shard]
        found = list(enumerate(held))[int(start) : int(start) + self.page]
        end = int(start) + len(found)
        answer: dict[str, Any] = {
            "Records": [
                {"Data": data, "SequenceNumber": str(place), "ApproximateArrivalTimestamp": at}
                for place, (at, data) in found
            ],
            "MillisBehindLatest": 1_000 * (len(held) - end),
        }
        if shard not in self.closed or end < len(held):
            answer["NextShardIterator"] = f"{shard} {end}"
        return answer


class Reader:
    """A source of a stream, and what it appended, measured, told and slept."""

    def __init__(self, stream: Stream, folder: Path) -> None:
        self.appended: list[tuple[int, list[bytes]]] = []
        self.measured: list[tuple[str, float, str]] = []
        self.errors: list[str] = []
        self.slept: list[float] = []
        self.refuse: Callable[[], OSError | None] = lambda: None
        self.rounds = 1
        self.source = KinesisSource(
            client=stream,
            stream_arn=ARN,
            append=self._append,
            positions=folder / "kinesis.json",
            since=START,
            measure=lambda *value: self.measured.append(value),
            on_error=lambda code, _message: self.errors.append(code),
            sleep=self._sleep,
        )

    async def _append(self, records: Sequence[bytes], arrived_ms: int) -> None:
        if error := self.refuse():
            raise error
        self.appended.append((arrived_ms, list(records)))

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if len(self.slept) >= self.rounds:
            raise EndError

    def run(self, rounds: int) -> list[bytes]:
        """Read so many rounds; return the data that came."""
        before, self.rounds = len(self.appended), len(self.slept) + rounds
        with pytest.raises(EndError):
            asyncio.run(self.source.run())
        return [record for _, records in self.appended[before:] for record in records]


@pytest.fixture
def stream() -> Stream:
    return Stream()


@pytest.fixture
def reader(stream: Stream, tmp_path: Path) -> Reader:
    return Reader(stream, tmp_path)


def test_records_keep_their_arrival_to_the_second(stream: Stream, reader: Reader) -> None:
    stream.put("a", b"1", b"2")
    stream.put("a", b"3", seconds=0.9)
    stream.put("a", b"4", seconds=7200)
    reader.run(1)
    start_ms = int(START.timestamp() * 1000)
    assert reader.appended == [(start_ms, [b"1", b"2", b"3"]), (start_ms + 7_200_000, [b"4"])]


def test_what_came_before_the_delivery_stream_is_not_read(stream: Stream, reader: Reader) -> None:
    stream.put("a", b"old", seconds=-1)
    stream.put("a", b"new")
    assert reader.run(1) == [b"new"]


def test_a_source_that_is_behind_is_read_on_soon_and_the_lag_is_measured(stream: Stream, reader: Reader) -> None:
    stream.page = 2
    stream.put("a", b"1", b"2", b"3")
    assert reader.run(2) == [b"1", b"2", b"3"]
    assert reader.slept == [0.2, 1.0]
    assert reader.measured == [
        ("KinesisMillisBehindLatest", 1_000, "Milliseconds"),
        ("KinesisMillisBehindLatest", 0, "Milliseconds"),
    ]


def test_a_restart_goes_on_after_what_is_durable(stream: Stream, reader: Reader, tmp_path: Path) -> None:
    stream.put("a", b"1", b"2")
    reader.run(1)
    stream.put("a", b"3")
    assert Reader(stream, tmp_path).run(1) == [b"3"]


def test_split_shards_are_read_from_their_beginning_and_the_parent_to_its_end(stream: Stream, reader: Reader) -> None:
    stream.put("a", b"1")
    reader.run(1)
    stream.put("a", b"2")
    stream.closed.add("a")
    stream.shards |= {"b": [], "c": []}
    stream.parents = {"b": "a", "c": "a"}
    stream.put("b", b"3", seconds=-1)
    stream.put("c", b"4")
    assert sorted(reader.run(31)) == [b"2", b"3", b"4"]
    stream.asked.clear()
    reader.run(1)
    assert stream.asked.count("GetRecords") == 2  # the closed one is left alone


@pytest.mark.parametrize(
    ("operation", "code", "metric"),
    [
        pytest.param("GetRecords", "ProvisionedThroughputExceededException", "ThrottledGetRecords", id="read"),
        pytest.param(
            "GetShardIterator", "ProvisionedThroughputExceededException", "ThrottledGetShardIterator", id="iterator"
        ),
        pytest.param("DescribeStreamSummary", "LimitExceededException", "ThrottledDescribeStream", id="describe"),
        pytest.param("ListShards", "LimitExceededException", "ThrottledDescribeStream", id="list"),
        pytest.param("GetRecords", "AccessDeniedException", None, id="not-a-throttle"),
    ],
)
def test_trouble_is_told_counted_and_waited_out(
    stream: Stream, reader: Reader, operation: str, code: str, metric: str | None
) -> None:
    stream.put("a", b"1")
    stream.errors = {operation: [code]}
    assert reader.run(2) == [b"1"]
    assert (reader.slept, reader.errors) == ([5.0, 1.0], [f"Kinesis.{code}"])
    throttled = [name for name, _, _ in reader.measured if name.startswith("Throttled")]
    assert throttled == ([] if metric is None else [metric])


def test_an_expired_iterator_is_made_anew(stream: Stream, reader: Reader) -> None:
    stream.put("a", b"1")
    reader.run(1)
    stream.put("a", b"2")
    stream.errors = {"GetRecords": ["ExpiredIteratorException"]}
    assert (reader.run(1), reader.errors) == ([b"2"], [])


def test_what_the_journal_refuses_is_read_again(stream: Stream, reader: Reader, tmp_path: Path) -> None:
    stream.shards["b"] = []
    stream.put("a", b"1")
    stream.put("b", b"2")
    refusals = [OSError(28, "No space left on device")]
    reader.refuse = lambda: refusals.pop() if refusals else None
    assert sorted(reader.run(2)) == [b"1", b"2"]
    assert reader.errors == ["Kinesis.OSError"]
    assert set(json.loads((tmp_path / "kinesis.json").read_text())) == {"a", "b", "stream created"}


def test_a_stream_made_anew_under_its_name_is_read_from_its_beginning(
    stream: Stream, reader: Reader, tmp_path: Path
) -> None:
    stream.put("a", b"1", b"2", b"3")
    stream.closed.add("a")
    assert reader.run(1) == [b"1", b"2", b"3"]
    again = Stream()
    again.created = START + timedelta(hours=1)
    again.put("a", b"4", seconds=3601)
    assert Reader(again, tmp_path).run(1) == [b"4"]


def test_reading_begins_once_for_a_folder(tmp_path: Path) -> None:
    file = tmp_path / "since"
    assert started_at(file, START) == START
    assert started_at(file, START + timedelta(hours=1)) == START
