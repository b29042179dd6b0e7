"""All delivery streams of one server: in memory for readers, on disk and in the engine before a change counts.

Talks to: the stream store and the delivery engine. One event loop only.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from weakref import WeakValueDictionary

from local_firehose.engine_port import Engine, StreamView
from local_firehose.errors import ResourceNotFoundError, ServiceUnavailableError
from local_firehose.stream_config import StreamId, delivery_config
from local_firehose.stream_record import StreamRecord
from local_firehose.stream_store import StreamStore

_log = logging.getLogger(__name__)


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
        """Put a change in force that does not concern delivery.

        Raises:
            ServiceUnavailableError: it cannot be written; nothing has changed.
        """
        with _disk_trouble():
            async with self._disk:
                await asyncio.to_thread(self._store.save, record)
        self._streams[record.stream] = record

    async def commit(self, record: StreamRecord) -> None:
        """Put a new stream or a change in force.

        Raises:
            ServiceUnavailableError: it cannot be written; nothing has changed.
        """
        view = _view(record)  # first, so that nothing is stored that delivery cannot read
        is_new = record.stream not in self._streams
        await self.save(record)
        try:
            with _disk_trouble():
                await self._engine.configure(view)
        except ServiceUnavailableError:
            if is_new:  # a stream without a journal could take nothing
                await self._forget(record.stream)
            raise

    async def remove(self, stream: StreamId) -> None:
        """Forget a stream and whatever of it is not delivered.

        Raises:
            ServiceUnavailableError: that cannot be written; nothing has changed.
        """
        await self._forget(stream)
        await self._engine.remove(stream)  # observed: what is buffered is discarded, not flushed

    async def _forget(self, stream: StreamId) -> None:
        with _disk_trouble():
            async with self._disk:
                await asyncio.to_thread(self._store.delete, stream)
        self._streams.pop(stream, None)


@contextmanager
def _disk_trouble() -> Iterator[None]:
    """A disk that is full or gone is an outage of the service, which callers try again."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        _log.error("state folder cannot be written  error=%s", error)
        raise ServiceUnavailableError(
            f"The service is unavailable. Back off and retry the operation. (state folder: {error})"
        ) from error


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
