"""PutRecord and PutRecordBatch: check, journal, acknowledge.

Talks to: the journals it is given. Nothing is acknowledged before it is durable.
Source: https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html
"""

import asyncio
import logging
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from firehose_spec.quotas import direct_put_quota
from local_firehose.caller import Caller
from local_firehose.clock import Clock
from local_firehose.engine_port import StreamView
from local_firehose.errors import (
    InternalFailureError,
    InvalidArgumentError,
    InvalidSourceError,
    ResourceNotFoundError,
    ServiceUnavailableError,
    WireError,
)
from local_firehose.fault_injection import FaultInjection, PutFault
from local_firehose.faults import FaultScript
from local_firehose.journal import Journal
from local_firehose.metrics import MetricBook
from local_firehose.put_request import (
    RECORD_ID_BYTES,
    PutRequest,
    partial_answer,
    put_record_answer,
    put_record_batch_answer,
    read_put_record,
    read_put_record_batch,
    record_ids,
)
from local_firehose.stream_config import StreamId
from local_firehose.throttling import Throttle

_log = logging.getLogger(__name__)

SLOW_DOWN = "Slow down."  # observed: boto/boto3#2804
_UNAVAILABLE = "The service is unavailable. Back off and retry the operation."
_ENTRY_MESSAGES = {"ServiceUnavailableException": SLOW_DOWN, "InternalFailure": "Internal service failure."}
_TIME_OUT_SECONDS = 300.0  # longer than any client waits

Outcome = tuple[str, str] | None  # an entry's error code and message, or None: it is stored


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
        metrics: MetricBook,
        random_bytes: Callable[[int], bytes] = os.urandom,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._find = find
        self._clock = clock
        self._metrics = metrics
        self._random_bytes = random_bytes
        self._sleep = sleep
        self._script = FaultScript()
        self._injection = FaultInjection(self._script, clock=clock, since_ms=0)
        self._throttles: dict[StreamId, Throttle] = {}

    def set_faults(self, script: FaultScript, *, since_ms: int) -> None:
        """Let things go wrong as the script says, from now on."""
        self._script = script
        self._injection = FaultInjection(script, clock=self._clock, since_ms=since_ms)
        self._throttles.clear()

    async def put_record(self, body: bytes, caller: Caller) -> bytes:
        """Store one record durably and answer with its id.

        Raises:
            WireError: refused; nothing is stored.
        """
        started = time.perf_counter()
        request = read_put_record(body)
        stream = self._stream_for_put(request.stream_name, caller)
        outcomes = await self._store("PutRecord", request, stream)
        if outcomes is not None and outcomes[0] is not None:
            code, message = outcomes[0]
            raise (
                ServiceUnavailableError(message)
                if code == "ServiceUnavailableException"
                else InternalFailureError(message)
            )
        self._count("PutRecord", stream, request, outcomes, started)
        ids = record_ids(1, self._random_bytes(RECORD_ID_BYTES))
        return put_record_answer(ids[0], is_encrypted=stream.view.is_encrypted)

    async def put_record_batch(self, body: bytes, caller: Caller) -> bytes:
        """Store a batch durably and answer with an id a record, in order.

        Raises:
            WireError: the whole call is refused; nothing is stored.
        """
        started = time.perf_counter()
        request = read_put_record_batch(body)
        stream = self._stream_for_put(request.stream_name, caller)
        outcomes = await self._store("PutRecordBatch", request, stream)
        self._count("PutRecordBatch", stream, request, outcomes, started)
        count = len(request.records)
        randomness = self._random_bytes(RECORD_ID_BYTES)
        if outcomes is None:
            return put_record_batch_answer(count, randomness, is_encrypted=stream.view.is_encrypted)
        entries = [
            outcome or record_id for outcome, record_id in zip(outcomes, record_ids(count, randomness), strict=True)
        ]
        return partial_answer(entries, is_encrypted=stream.view.is_encrypted)

    async def _store(self, operation: str, request: PutRequest, stream: PutStream) -> Sequence[Outcome] | None:
        """Store what is to be stored; return what became of each record, None if all are stored."""
        if not self._script:
            await self._append(stream, request.records)
            return None
        identity = stream.view.stream
        fault = self._injection.on_put(operation=operation, stream=identity.name, count=len(request.records))
        if fault is not None:
            await self._sleep(self._clock.real_seconds(fault.delay_seconds))
            if fault.call is not None:
                raise await self._failed_call(fault, request, stream)
        outcomes = self._outcomes(request, identity, fault)
        kept = [record for record, outcome in zip(request.records, outcomes, strict=True) if outcome is None]
        if kept:
            await self._append(stream, kept)
        return outcomes if len(kept) < len(outcomes) else None

    def _outcomes(self, request: PutRequest, identity: StreamId, fault: PutFault | None) -> list[Outcome]:
        errors = fault.entries if fault is not None else {}
        outcomes: list[Outcome] = [
            (errors[at], _ENTRY_MESSAGES[errors[at]]) if at in errors else None for at in range(len(request.records))
        ]
        if self._script.quotas is None:
            return outcomes
        throttle = self._throttles.get(identity)
        if throttle is None:
            throttle = self._throttles[identity] = Throttle(self._script.quotas, region=identity.region)
        asking = [at for at, outcome in enumerate(outcomes) if outcome is None]
        fitting = throttle.admit([len(request.records[at]) for at in asking], now_ms=self._clock.now_ms())
        for at in asking[fitting:]:
            outcomes[at] = ("ServiceUnavailableException", SLOW_DOWN)
        if fitting < len(asking):
            self._metrics.add(identity, "ThrottledRecords", len(asking) - fitting)
        return outcomes

    async def _failed_call(self, fault: PutFault, request: PutRequest, stream: PutStream) -> WireError:
        if fault.is_stored:
            await self._append(stream, request.records)
        if fault.call == "TimeOut":
            await self._sleep(_TIME_OUT_SECONDS)
        if fault.call == "ServiceUnavailableException":
            return ServiceUnavailableError(SLOW_DOWN)
        return InternalFailureError(_ENTRY_MESSAGES["InternalFailure"])

    async def _append(self, stream: PutStream, records: Sequence[bytes]) -> None:
        try:
            await stream.journal.append(records, arrived_ms=self._clock.now_ms())
        except OSError as error:
            _log.error("journal refused a put  stream=%s error=%s", stream.view.stream.name, error)
            raise ServiceUnavailableError(f"{_UNAVAILABLE} (journal: {error.strerror or error})") from error

    def _count(
        self,
        operation: str,
        stream: PutStream,
        request: PutRequest,
        outcomes: Sequence[Outcome] | None,
        started: float,
    ) -> None:
        """Count a call for CloudWatch; only what was stored counts as incoming (documented)."""
        identity, add = stream.view.stream, self._metrics.add
        records, size = len(request.records), request.size_bytes
        if outcomes is not None:
            kept = [len(record) for record, outcome in zip(request.records, outcomes, strict=True) if outcome is None]
            records, size = len(kept), sum(kept)
        add(identity, "IncomingRecords", records)
        add(identity, "IncomingBytes", size, "Bytes")
        add(identity, "IncomingPutRequests", 1)
        add(identity, f"{operation}.Requests", 1)
        add(identity, f"{operation}.Bytes", request.size_bytes, "Bytes")
        add(identity, f"{operation}.Latency", (time.perf_counter() - started) * 1000, "Milliseconds")
        if operation == "PutRecordBatch":
            add(identity, "PutRecordBatch.Records", len(request.records))
        quota = direct_put_quota(identity.region)
        add(identity, "RecordsPerSecondLimit", quota.records)
        add(identity, "PutRequestsPerSecondLimit", quota.requests)
        add(identity, "BytesPerSecondLimit", quota.bytes, "Bytes")

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
