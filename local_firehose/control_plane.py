"""Create, Describe, List, UpdateDestination and Delete delivery streams; tags and encryption in modules of their own.

Talks to: the stream registry, and through `BackingChecks` to IAM, Glue and KMS. A change is on disk and in the engine before the caller gets
an answer. Source: https://docs.aws.amazon.com/firehose/latest/APIReference/
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from local_firehose import config_defaults, stream_encryption, stream_tags
from local_firehose.caller import Caller
from local_firehose.clock import Clock
from local_firehose.config_merge import merged_destination
from local_firehose.config_rules import check_create, check_destination, check_update, destination_of, update_of
from local_firehose.control_plane_metrics import ControlPlaneMetrics
from local_firehose.engine_port import Engine
from local_firehose.errors import (
    ConcurrentModificationError,
    InvalidArgumentError,
    LimitExceededError,
    ResourceInUseError,
    UnknownOperationError,
)
from local_firehose.metrics import MetricBook
from local_firehose.shape_validation import read_input
from local_firehose.stream_config import StreamId
from local_firehose.stream_description import DESTINATION_ID, described
from local_firehose.stream_record import (
    ACTIVE,
    CREATING,
    DELETING,
    DIRECT_PUT,
    KINESIS_SOURCE,
    StreamRecord,
)
from local_firehose.stream_registry import StreamRegistry
from local_firehose.stream_store import StreamStore

Document = dict[str, Any]
Handler = Callable[[Document, Caller], Awaitable[Document]]


class BackingChecks(Protocol):
    """What Firehose asks other services before it takes a configuration; blocking calls."""

    def check_roles(self, role_arns: Sequence[str], stream: StreamId, caller: Caller) -> None:
        """Raise InvalidArgumentError when Firehose cannot assume one of them for the stream."""
        ...

    def check_schema(self, schema: Document, caller: Caller) -> None:
        """Raise InvalidArgumentError when the Glue table is not there."""
        ...

    def check_key(self, key_arn: str, caller: Caller) -> None:
        """Raise InvalidKmsResourceError when the key cannot encrypt a stream."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """What can be set for tests of one's own: `settle_seconds` is how long CREATING, DELETING, ENABLING and DISABLING last."""

    settle_seconds: float = 0.0
    streams_per_region: int = 5_000  # documented: the largest Regions


class ControlPlane:
    """All operations but the puts. Call `start` first; one event loop only."""

    def __init__(
        self,
        *,
        store: StreamStore,
        engine: Engine,
        backing: BackingChecks,
        clock: Clock,
        new_incarnation: Callable[[], str],
        limits: Limits | None = None,
        metrics: MetricBook | None = None,
    ) -> None:
        self._backing, self._clock = backing, clock
        self._measures = ControlPlaneMetrics(MetricBook() if metrics is None else metrics)
        self._new_incarnation = new_incarnation
        self._limits = limits or Limits()
        self._registry = StreamRegistry(store=store, engine=engine)
        self._handlers: dict[str, Handler] = {
            "CreateDeliveryStream": self._create,
            "DescribeDeliveryStream": self._describe,
            "ListDeliveryStreams": self._list,
            "UpdateDestination": self._update_destination,
            "DeleteDeliveryStream": self._delete,
            "TagDeliveryStream": self._tag,
            "UntagDeliveryStream": self._untag,
            "ListTagsForDeliveryStream": self._list_tags,
            "StartDeliveryStreamEncryption": self._start_encryption,
            "StopDeliveryStreamEncryption": self._stop_encryption,
        }

    async def start(self) -> None:
        """Load the streams and hand them to the engine."""
        await self._registry.start()
        await self.settle()

    def records(self) -> Sequence[StreamRecord]:
        """Return all streams, by account, Region and name."""
        return self._registry.records()

    async def handle(self, operation: str, document: object, caller: Caller) -> Document:
        """Carry out an operation; `document` is the parsed body.

        Raises:
            WireError: what the caller gets instead of an answer.
        """
        handler = self._handlers.get(operation)
        if handler is None:
            raise UnknownOperationError(f"{operation} is not an operation of Firehose_20150804")
        request = read_input(operation, document)
        # a list is of the whole Region: its metrics have no stream
        stream = StreamId(caller.account_id, caller.region, request.get("DeliveryStreamName", ""))
        with self._measures.measured(operation, stream):
            return await handler(request, caller)

    async def settle(self) -> None:
        """End every status that passes by itself and is due by the clock."""
        now_ms = self._clock.now_ms()
        for stream in [record.stream for record in self._registry if _is_due(record, now_ms)]:
            async with self._registry.lock(stream):
                if stream not in self._registry or not _is_due(self._registry.find(stream), now_ms):
                    continue
                record = self._registry.copy(stream)
                if record.status == DELETING:
                    await self._registry.remove(stream)
                    continue
                record.settles_at_ms = None
                if record.status == CREATING:
                    record.status = ACTIVE
                stream_encryption.settle(record)
                await self._registry.commit(record)

    def next_settling_ms(self) -> int | None:
        """Return when `settle` has something to do next, on the clock; None for never."""
        return min(
            (record.settles_at_ms for record in self.records() if record.settles_at_ms is not None), default=None
        )

    # streams

    async def _create(self, request: Document, caller: Caller) -> Document:
        stream = StreamId(caller.account_id, caller.region, request["DeliveryStreamName"])
        configuration = destination_of(request)
        async with self._registry.lock(stream):
            self._check_room(stream, caller)
            # in a thread: jq compiles apart, and services are asked
            await asyncio.to_thread(check_create, request, configuration, caller)
            await asyncio.to_thread(self._check_backing, stream, configuration, request, caller)
            now_ms = self._clock.now_ms()
            # observed: a Direct PUT stream ignores a KinesisStreamSourceConfiguration
            is_kinesis = request.get("DeliveryStreamType") == KINESIS_SOURCE
            source = request["KinesisStreamSourceConfiguration"] if is_kinesis else None
            record = StreamRecord(
                account_id=stream.account_id,
                region=stream.region,
                name=stream.name,
                incarnation=self._new_incarnation(),
                type=KINESIS_SOURCE if source else DIRECT_PUT,
                version=1,  # documented
                status=CREATING,
                created_at_ms=now_ms,
                destination=config_defaults.extended_s3_description(configuration),
                encryption=stream_encryption.initial(request.get("DeliveryStreamEncryptionConfigurationInput")),
                kinesis_source={**source, "DeliveryStartTimestamp": now_ms / 1000} if source else None,
                direct_put_source=request.get("DirectPutSourceConfiguration"),
                tags=stream_tags.tagged({}, request.get("Tags", [])),
            )
            self._begin_settling(record)
            await self._registry.commit(record)
        return {"DeliveryStreamARN": stream.arn}

    async def _describe(self, request: Document, caller: Caller) -> Document:
        record = self._registry.find(_stream_of(request, caller))
        after = request.get("ExclusiveStartDestinationId")
        return {
            "DeliveryStreamDescription": described(record, with_destination=after is None or after < DESTINATION_ID)
        }

    async def _list(self, request: Document, caller: Caller) -> Document:
        wanted = request.get("DeliveryStreamType")
        after = request.get("ExclusiveStartDeliveryStreamName", "")
        limit = request.get("Limit", 10)  # documented
        names = [
            record.name
            for record in self._registry.records_of(caller.account_id, caller.region)
            if wanted in {None, record.type} and record.name > after
        ]
        return {"DeliveryStreamNames": names[:limit], "HasMoreDeliveryStreams": len(names) > limit}

    async def _update_destination(self, request: Document, caller: Caller) -> Document:
        async with self._registry.lock(_stream_of(request, caller)):
            record = self._registry.copy(_stream_of(request, caller))
            self._refuse_unless_active(record)
            if request["CurrentDeliveryStreamVersionId"] != str(record.version):
                # observed: getmoto/moto firehose/models.py
                raise ConcurrentModificationError(
                    f"Cannot update firehose: {record.name} since the current version id: {record.version} and specified "
                    f"version id: {request['CurrentDeliveryStreamVersionId']} do not match"
                )
            if request["DestinationId"] != DESTINATION_ID:
                raise InvalidArgumentError(f"Destination Id {request['DestinationId']} not found")
            update = update_of(request)
            check_update(update, record.destination)
            merged = merged_destination(record.destination, update)
            await asyncio.to_thread(check_destination, merged, caller)
            await asyncio.to_thread(self._check_backing, record.stream, merged, {}, caller)
            record.destination = config_defaults.extended_s3_description(merged)
            record.version += 1  # documented
            record.updated_at_ms = self._clock.now_ms()
            await self._registry.commit(record)
        return {}

    async def _delete(self, request: Document, caller: Caller) -> Document:
        async with self._registry.lock(_stream_of(request, caller)):
            record = self._registry.copy(_stream_of(request, caller))
            if record.status == CREATING:
                raise ResourceInUseError(_in_status(record))  # documented
            if record.status != DELETING:
                record.status = DELETING
                self._begin_settling(record)
                if record.settles_at_ms is None:
                    await self._registry.remove(record.stream)
                else:
                    await self._registry.commit(record)
        return {}

    # tags and encryption

    async def _tag(self, request: Document, caller: Caller) -> Document:
        async with self._registry.lock(_stream_of(request, caller)):
            record = self._registry.copy(_stream_of(request, caller))
            record.tags = stream_tags.tagged(record.tags, request["Tags"])
            await self._registry.save(record)
        return {}

    async def _untag(self, request: Document, caller: Caller) -> Document:
        async with self._registry.lock(_stream_of(request, caller)):
            record = self._registry.copy(_stream_of(request, caller))
            record.tags = stream_tags.untagged(record.tags, request["TagKeys"])
            await self._registry.save(record)
        return {}

    async def _list_tags(self, request: Document, caller: Caller) -> Document:
        return stream_tags.page(
            self._registry.find(_stream_of(request, caller)).tags,
            after=request.get("ExclusiveStartTagKey"),
            limit=request.get("Limit"),
        )

    async def _start_encryption(self, request: Document, caller: Caller) -> Document:
        wanted = request.get("DeliveryStreamEncryptionConfigurationInput")
        async with self._registry.lock(_stream_of(request, caller)):
            record = self._registry.copy(_stream_of(request, caller))
            self._refuse_unless_active(record)
            encryption = stream_encryption.started(record, wanted, now_ms=self._clock.now_ms())
            if "KeyARN" in encryption:
                await asyncio.to_thread(self._backing.check_key, encryption["KeyARN"], caller)
            await self._change_encryption(record, encryption)
        return {}

    async def _stop_encryption(self, request: Document, caller: Caller) -> Document:
        async with self._registry.lock(_stream_of(request, caller)):
            record = self._registry.copy(_stream_of(request, caller))
            self._refuse_unless_active(record)
            await self._change_encryption(record, stream_encryption.stopped(record, now_ms=self._clock.now_ms()))
        return {}

    async def _change_encryption(self, record: StreamRecord, encryption: Document) -> None:
        record.encryption = encryption
        now_ms = self._clock.now_ms()
        record.encryption_changes_ms = [*stream_encryption.recent(record.encryption_changes_ms, now_ms=now_ms), now_ms]
        self._begin_settling(record)
        await self._registry.commit(record)

    # what they share

    def _refuse_unless_active(self, record: StreamRecord) -> None:
        if record.status != ACTIVE:
            raise ResourceInUseError(_in_status(record))  # documented: only ACTIVE streams can be changed

    def _check_room(self, stream: StreamId, caller: Caller) -> None:
        if stream in self._registry:
            # observed: getmoto/moto firehose/models.py
            raise ResourceInUseError(f"Firehose {stream.name} under accountId {stream.account_id} already exists")
        names = [record.name for record in self._registry.records_of(caller.account_id, caller.region)]
        if len(names) >= self._limits.streams_per_region:
            # observed: getmoto/moto firehose/models.py
            raise LimitExceededError(
                f"You have already consumed your firehose quota of {self._limits.streams_per_region} hoses. "
                f"Firehose names: {names}"
            )

    def _check_backing(self, stream: StreamId, destination: Document, request: Document, caller: Caller) -> None:
        if config_defaults.is_converted(destination):
            self._backing.check_schema(destination["DataFormatConversionConfiguration"]["SchemaConfiguration"], caller)
        key_arn = request.get("DeliveryStreamEncryptionConfigurationInput", {}).get("KeyARN")
        if key_arn:
            self._backing.check_key(key_arn, caller)
        roles = [destination["RoleARN"]]
        if "S3BackupConfiguration" in destination:
            roles.append(destination["S3BackupConfiguration"]["RoleARN"])
        if request.get("DeliveryStreamType") == KINESIS_SOURCE:
            roles.append(request["KinesisStreamSourceConfiguration"]["RoleARN"])
        self._backing.check_roles(tuple(dict.fromkeys(roles)), stream, caller)  # observed: the role is checked last

    def _begin_settling(self, record: StreamRecord) -> None:
        """Start the time of a passing status; without a delay it is over at once."""
        if self._limits.settle_seconds > 0:
            record.settles_at_ms = self._clock.now_ms() + round(self._limits.settle_seconds * 1000)
        elif record.status != DELETING:
            record.status = ACTIVE
            stream_encryption.settle(record)


def _is_due(record: StreamRecord, now_ms: int) -> bool:
    return record.settles_at_ms is not None and record.settles_at_ms <= now_ms


def _stream_of(request: Document, caller: Caller) -> StreamId:
    return StreamId(caller.account_id, caller.region, request["DeliveryStreamName"])


def _in_status(record: StreamRecord) -> str:
    # decided: docs/fidelity/control-plane.md#wrong-status, the words are ours
    return f"Firehose {record.name} under accountId {record.account_id} is in status {record.status}; wait until it is ACTIVE"
