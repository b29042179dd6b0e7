"""Read a Kinesis data stream into a delivery stream's journal.

Talks to: Kinesis through the client it is given, and the journal. A shard's position is stored after its records are durable, so that a
crash repeats a few records and loses none. Source: https://docs.aws.amazon.com/firehose/latest/dev/writing-with-kinesis-streams.html
"""

import asyncio
import json
import logging
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local_firehose.metrics import Unit

_log = logging.getLogger(__name__)

POLL_SECONDS = 1.0  # documented: Firehose reads a shard once a second
BEHIND_SECONDS = 0.2  # documented: a shard takes five reads a second
RETRY_SECONDS = 5.0
_LIMIT = 10_000  # documented: the most records of one GetRecords
_SHARD_LIST_ROUNDS = 30  # new shards are looked for about twice a minute
_SAME_ARRIVAL_MS = 1_000
CLOSED = "closed"
_CREATED = "stream created"  # its entry among the positions: no shard is called that
_THROTTLED = {"ProvisionedThroughputExceededException", "LimitExceededException", "KMSThrottlingException"}
_THROTTLED_METRIC = {
    "DescribeStreamSummary": "ThrottledDescribeStream",
    "ListShards": "ThrottledDescribeStream",
    "GetRecords": "ThrottledGetRecords",
    "GetShardIterator": "ThrottledGetShardIterator",
}

Append = Callable[[Sequence[bytes], int], Awaitable[None]]
Measure = Callable[[str, float, Unit], None]


@dataclass(frozen=True, slots=True)
class Page:
    """What one read of a shard gave, by arrival in epoch milliseconds; `position` is where the next read goes on."""

    records: list[tuple[int, list[bytes]]]
    position: str | None
    is_behind: bool


class KinesisSource:
    """Reads all shards of one stream; `append` makes records durable with their arrival in epoch milliseconds.

    `since` is where a shard without a stored position is read from: what came before belongs to no delivery stream. `measure` hears values
    for CloudWatch, `on_error` a code and what is wrong.
    """

    def __init__(
        self,
        *,
        client: Any,
        stream_arn: str,
        append: Append,
        positions: Path,
        since: datetime,
        measure: Measure = lambda _name, _value, _unit: None,
        on_error: Callable[[str, str], None] = lambda _code, _message: None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._client = client
        self._stream_arn = stream_arn
        self._append = append
        self._file = positions
        self._since = since
        self._measure = measure
        self._on_error = on_error
        self._sleep = sleep
        self._positions = _read_positions(positions)
        self._iterators: dict[str, str] = {}

    async def run(self) -> None:
        """Read until cancelled; trouble with Kinesis or the journal is waited out."""
        shards: list[str] = []
        rounds = 0
        while True:
            try:
                if rounds % _SHARD_LIST_ROUNDS == 0:
                    shards = await asyncio.to_thread(self.shards)
                rounds += 1
                is_behind = await self.read_once(shards)
            except (BotoCoreError, ClientError, OSError) as error:
                _log.warning("kinesis source waits  stream=%s error=%s", self._stream_arn, error)
                self._tell(error)
                self._iterators.clear()  # on from the stored positions
                rounds = 0
                await self._sleep(RETRY_SECONDS)
                continue
            await self._sleep(BEHIND_SECONDS if is_behind else POLL_SECONDS)

    async def read_once(self, shards: Sequence[str]) -> bool:
        """Read each shard once, all at a time; say whether more waits.

        Raises:
            ClientError, BotoCoreError, OSError: of one shard; what others gave is kept.
        """
        open_shards = [shard for shard in shards if self._positions.get(shard) != CLOSED]
        before = dict(self._positions)
        outcomes = await asyncio.gather(*map(self._read_shard, open_shards), return_exceptions=True)
        if self._positions != before:
            await asyncio.to_thread(_write_positions, self._file, self._positions)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
        return any(outcome is True for outcome in outcomes)

    def shards(self) -> list[str]:
        """Return the shards there are now; blocking.

        Raises:
            ClientError, BotoCoreError: Kinesis does not tell.
        """
        summary = self._client.describe_stream_summary(StreamARN=self._stream_arn)["StreamDescriptionSummary"]
        created = summary["StreamCreationTimestamp"].astimezone(UTC).isoformat()
        if self._positions.get(_CREATED, created) != created:
            # decided: docs/fidelity/delivery.md#kinesis-start, positions in an earlier stream of the name mean nothing
            _log.warning("the source was made anew and is read from its beginning  stream=%s", self._stream_arn)
            self._positions.clear()
            self._iterators.clear()
        self._positions[_CREATED] = created
        found: list[Mapping[str, Any]] = []
        request: dict[str, Any] = {"StreamARN": self._stream_arn}
        while True:
            answer = self._client.list_shards(**request)
            found += answer["Shards"]
            token = answer.get("NextToken")
            if not token:
                break
            request = {"NextToken": token}
        for shard in found:
            # a shard that came of a split or merge is read from its beginning, once we know its parents
            if shard.get("ParentShardId") in self._positions and shard["ShardId"] not in self._positions:
                self._positions[shard["ShardId"]] = ""
        return [str(shard["ShardId"]) for shard in found]

    async def _read_shard(self, shard: str) -> bool:
        page = await asyncio.to_thread(self._read, shard)
        for arrived_ms, records in page.records:
            await self._append(records, arrived_ms)
        if page.position is not None:  # only now: the records are durable
            self._positions[shard] = page.position
        return page.is_behind

    def _read(self, shard: str) -> Page:
        iterator = self._iterators.pop(shard, None) or self._iterator(shard)
        try:
            answer = self._client.get_records(ShardIterator=iterator, Limit=_LIMIT, StreamARN=self._stream_arn)
        except ClientError as error:
            if _code(error) != "ExpiredIteratorException":
                raise
            answer = self._client.get_records(
                ShardIterator=self._iterator(shard), Limit=_LIMIT, StreamARN=self._stream_arn
            )
        following = answer.get("NextShardIterator")
        if following:
            self._iterators[shard] = following
        records = answer["Records"]
        position = self._positions.get(shard) if following else CLOSED
        if records and following:
            position = str(records[-1]["SequenceNumber"])
        behind_ms = answer.get("MillisBehindLatest", 0)
        self._measure("KinesisMillisBehindLatest", behind_ms, "Milliseconds")
        return Page(_by_arrival(records), position, bool(behind_ms) and bool(records))

    def _tell(self, error: Exception) -> None:
        code = _code(error) if isinstance(error, ClientError) else type(error).__name__
        self._on_error(f"Kinesis.{code}", f"{self._stream_arn} is not read for now: {error}")
        if isinstance(error, ClientError) and code in _THROTTLED and error.operation_name in _THROTTLED_METRIC:
            self._measure(_THROTTLED_METRIC[error.operation_name], 1, "Count")

    def _iterator(self, shard: str) -> str:
        request: dict[str, Any] = {"StreamARN": self._stream_arn, "ShardId": shard}
        position = self._positions.get(shard)
        if position is None:
            request |= {"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": self._since}
        elif position == "":
            request |= {"ShardIteratorType": "TRIM_HORIZON"}
        else:
            request |= {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": position}
        return str(self._client.get_shard_iterator(**request)["ShardIterator"])


def _read_positions(file: Path) -> dict[str, str]:
    try:
        return {str(shard): str(position) for shard, position in json.loads(file.read_text("utf-8")).items()}
    except FileNotFoundError:
        return {}


def _write_positions(file: Path, positions: Mapping[str, str]) -> None:
    _write_durably(file, json.dumps(dict(positions)))


def _write_durably(file: Path, text: str) -> None:
    partial = file.with_suffix(".partial")
    with partial.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(file)


def started_at(file: Path, now: datetime) -> datetime:
    """Return when reading first began for this folder: `now`, if it has not begun yet."""
    try:
        return datetime.fromisoformat(file.read_text("utf-8"))
    except FileNotFoundError:
        _write_durably(file, now.astimezone(UTC).isoformat())
        return now


def _by_arrival(records: Sequence[Mapping[str, Any]]) -> list[tuple[int, list[bytes]]]:
    """Return runs of records that arrived within a second, each with the arrival of its first; 0: the source does not tell."""
    groups: list[tuple[int, list[bytes]]] = []
    for record in records:
        arrived = record.get("ApproximateArrivalTimestamp")
        arrived_ms = int(arrived.timestamp() * 1000) if isinstance(arrived, datetime) else 0
        if not groups or arrived_ms - groups[-1][0] >= _SAME_ARRIVAL_MS:
            groups.append((arrived_ms, []))
        groups[-1][1].append(bytes(record["Data"]))
    return groups


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
