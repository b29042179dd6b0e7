"""PutRecord and PutRecordBatch: check, journal, acknowledge.

Talks to: the journals it is given. Nothing is acknowledged before it is durable.
Source: https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html
"""

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass

from local_firehose.caller import Caller
from local_firehose.clock import Clock
from local_firehose.engine_port import StreamView
from local_firehose.errors import (
    InvalidArgumentError,
    InvalidSourceError,
    ResourceNotFoundError,
    ServiceUnavailableError,
)
from local_firehose.journal import Journal
from local_firehose.put_request import (
    RECORD_ID_BYTES,
    PutRequest,
    put_record_answer,
    put_record_batch_answer,
    read_put_record,
    read_put_record_batch,
    record_ids,
)
from local_firehose.stream_config import StreamId

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class PutStream:
    """One stream as the put path sees it."""

    view: StreamView
    journal: Journal


class DataPlane:
    """The put path of all streams; `find` looks a stream up by identity."""

    def __init__(
        self,
        *,
        find: Callable[[StreamId], PutStream | None],
        clock: Clock,
        random_bytes: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._find = find
        self._clock = clock
        self._random_bytes = random_bytes

    async def put_record(self, body: bytes, caller: Caller) -> bytes:
        """Store one record durably and answer with its id.

        Raises:
            WireError: refused; nothing is stored.
        """
        stream = await self._store(read_put_record(body), caller)
        ids = record_ids(1, self._random_bytes(RECORD_ID_BYTES))
        return put_record_answer(ids[0], is_encrypted=stream.view.is_encrypted)

    async def put_record_batch(self, body: bytes, caller: Caller) -> bytes:
        """Store a batch durably and answer with an id a record, in order.

        Raises:
            WireError: the whole call is refused; nothing is stored.
        """
        request = read_put_record_batch(body)
        stream = await self._store(request, caller)
        count = len(request.records)
        ids = record_ids(count, self._random_bytes(count * RECORD_ID_BYTES))
        return put_record_batch_answer(ids, is_encrypted=stream.view.is_encrypted)

    async def _store(self, request: PutRequest, caller: Caller) -> PutStream:
        stream = self._stream_for_put(request.stream_name, caller)
        try:
            await stream.journal.append(request.records, arrived_ms=self._clock.now_ms())
        except OSError as error:
            _log.error("journal refused a put  stream=%s error=%s", request.stream_name, error)
            raise ServiceUnavailableError(
                f"The service is unavailable. Back off and retry the operation. (journal: {error.strerror or error})"
            ) from error
        return stream

    def _stream_for_put(self, name: str, caller: Caller) -> PutStream:
        stream = self._find(StreamId(caller.account_id, caller.region, name))
        # decided: docs/fidelity/delivery.md#put-while-creating, as for an unknown stream
        if stream is None or stream.view.status != "ACTIVE":
            raise ResourceNotFoundError(f"Firehose {name} under account {caller.account_id} not found.")  # observed
        config = stream.view.config
        if config.source == "KinesisStreamAsSource":
            raise InvalidArgumentError(  # observed
                "This operation is not permitted on KinesisStreamAsSource delivery stream type."
            )
        if config.processor("Decompression") is not None and ":assumed-role/" not in caller.principal_arn:
            # documented: only CloudWatch Logs may put. decided: docs/fidelity/delivery.md#cloudwatch-logs-caller
            raise InvalidSourceError(
                f"Only requests from CloudWatch Logs are supported when CloudWatch Logs decompression is enabled. "
                f"The caller is {caller.principal_arn}.",
                code="InvalidSource",
            )
        return stream
