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

_log = logging.getLogger(__name__)

POLL_SECONDS = 1.0  # documented: Firehose reads a shard once a second
RETRY_SECONDS = 5.0
_LIMIT = 10_000  # documented: the most records of one GetRecords
_SHARD_LIST_ROUNDS = 30  # new shards are looked for about twice a minute
CLOSED = "closed"

Append = Callable[[Sequence[bytes], int], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Page:
    """What one read of a shard gave; `position` is where the next read goes on."""

    records: list[bytes]
    arrived_ms: int
    position: str | None
    is_behind: bool


class KinesisSource:
    """Reads all shards of one stream; `append` makes records durable with their arrival in epoch milliseconds.

    `since` is where a shard without a stored position is read from: what came before belongs to no delivery stream.
    """

    def __init__(
        self,
        *,
        client: Any,
        stream_arn: str,
        append: Append,
        positions: Path,
        since: datetime,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._client = client
        self._stream_arn = stream_arn
        self._append = append
        self._file = positions
        self._since = since
        self._sleep = sleep
        self._positions = _read_positions(positions)
        self._iterators: dict[str, str] = {}

    async def run(self) -> None:
        """Read until cancelled; trouble with Kinesis is waited out."""
        shards: list[str] = []
        rounds = 0
        while True:
            try:
                if rounds % _SHARD_LIST_ROUNDS == 0:
                    shards = await asyncio.to_thread(self._shards)
                rounds += 1
                is_behind = await self.read_once(shards)
            except (BotoCoreError, ClientError) as error:
                _log.warning("kinesis source waits  stream=%s error=%s", self._stream_arn, error)
                self._iterators.clear()
                rounds = 0
                await self._sleep(RETRY_SECONDS)
                continue
            if not is_behind:
                await self._sleep(POLL_SECONDS)

    async def read_once(self, shards: Sequence[str]) -> bool:
        """Read each shard once; say whether more waits."""
        is_behind = False
        for shard in shards:
            if self._positions.get(shard) == CLOSED:
                continue
            page = await asyncio.to_thread(self._read, shard)
            if page.records:
                await self._append(page.records, page.arrived_ms)
            if page.position is not None and page.position != self._positions.get(shard):
                self._positions[shard] = page.position
                await asyncio.to_thread(_write_positions, self._file, self._positions)
            is_behind = is_behind or page.is_behind
        return is_behind

    def _shards(self) -> list[str]:
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

    def _read(self, shard: str) -> Page:
        iterator = self._iterators.pop(shard, None) or self._iterator(shard)
        try:
            answer = self._client.get_records(ShardIterator=iterator, Limit=_LIMIT, StreamARN=self._stream_arn)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "ExpiredIteratorException":
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
        arrived = records[0].get("ApproximateArrivalTimestamp") if records else None
        return Page(
            [bytes(record["Data"]) for record in records],
            int(arrived.timestamp() * 1000) if isinstance(arrived, datetime) else 0,
            position,
            bool(answer.get("MillisBehindLatest", 0)) and bool(records),
        )

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
    partial = file.with_suffix(".partial")
    with partial.open("w", encoding="utf-8") as stream:
        json.dump(dict(positions), stream)
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(file)


def started_at(file: Path, now: datetime) -> datetime:
    """Return when reading first began for this folder: `now`, if it has not begun yet."""
    try:
        return datetime.fromisoformat(file.read_text("utf-8"))
    except FileNotFoundError:
        file.write_text(now.astimezone(UTC).isoformat(), "utf-8")
        return now
