"""All delivery streams of one server: in memory for readers, on disk and in the engine before a change counts.

Talks to: the stream store and the delivery engine. One event loop only.
"""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from weakref import WeakValueDictionary

from local_firehose.engine_port import Engine, StreamView
from local_firehose.errors import ResourceNotFoundError
from local_firehose.stream_config import StreamId, delivery_config
from local_firehose.stream_record import StreamRecord
from local_firehose.stream_store import StreamStore


class StreamRegistry:
    """Records by stream. Change a copy under the stream's lock, then `commit` it: a change that fails half way leaves no trace."""

    def __init__(self, *, store: StreamStore, engine: Engine) -> None:
        self._store, self._engine = store, engine
        self._streams: dict[StreamId, StreamRecord] = {}
        self._locks: WeakValueDictionary[StreamId, asyncio.Lock] = WeakValueDictionary()
        self._disk = asyncio.Lock()

    async def start(self) -> None:
        """Load the streams and hand them to the engine."""
        self._streams = {record.stream: record for record in self._store.load()}
        await self._engine.start([_view(record) for record in self._streams.values()])

    def __contains__(self, stream: StreamId) -> bool:
        return stream in self._streams

    def __iter__(self) -> Iterator[StreamRecord]:
        return iter(tuple(self._streams.values()))

    def records(self) -> Sequence[StreamRecord]:
        """Return all streams, by account, Region and name."""
        return [self._streams[stream] for stream in sorted(self._streams)]

    def records_of(self, account_id: str, region: str) -> Iterable[StreamRecord]:
        """Return the streams of one account and Region, by name."""
        return [record for record in self.records() if (record.account_id, record.region) == (account_id, region)]

    def lock(self, stream: StreamId) -> asyncio.Lock:
        """Return the lock of that stream, whether it is there or not."""
        lock = self._locks.get(stream)
        if lock is None:
            lock = self._locks[stream] = asyncio.Lock()
        return lock

    def find(self, stream: StreamId) -> StreamRecord:
        """Return a stream to be read.

        Raises:
            ResourceNotFoundError: it is not there.
        """
        record = self._streams.get(stream)
        if record is None:
            # observed: getmoto/moto firehose/models.py
            raise ResourceNotFoundError(f"Firehose {stream.name} under account {stream.account_id} not found.")
        return record

    def copy(self, stream: StreamId) -> StreamRecord:
        """Return a copy to be changed.

        Raises:
            ResourceNotFoundError: it is not there.
        """
        return deepcopy(self.find(stream))

    async def save(self, record: StreamRecord) -> None:
        """Put a change in force that does not concern delivery."""
        async with self._disk:
            await asyncio.to_thread(self._store.save, record)
        self._streams[record.stream] = record

    async def commit(self, record: StreamRecord) -> None:
        """Put a new stream or a change in force."""
        view = _view(record)  # first, so that nothing is stored that delivery cannot read
        await self.save(record)
        await self._engine.configure(view)

    async def remove(self, stream: StreamId) -> None:
        """Forget a stream and whatever of it is not delivered."""
        async with self._disk:
            await asyncio.to_thread(self._store.delete, stream)
        self._streams.pop(stream, None)
        await self._engine.remove(stream)  # observed: what is buffered is discarded, not flushed


def _view(record: StreamRecord) -> StreamView:
    return StreamView(
        config=delivery_config(
            record.stream,
            version=record.version,
            destination=record.destination,
            kinesis_source=record.kinesis_source,
        ),
        status=record.status,
        is_encrypted=record.is_encrypted,
        incarnation=record.incarnation,
    )
