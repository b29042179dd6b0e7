"""What the control plane and the HTTP edge ask of the delivery engine and of the put path.

Pure: types only. `data_plane` and `delivery` implement them; `__main__` ties both sides together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from local_firehose.caller import Caller
from local_firehose.clock import ClockSetting
from local_firehose.stream_config import DeliveryConfig, StreamId


@dataclass(frozen=True, slots=True)
class StreamView:
    """One stream as put path and delivery see it.

    `status` is DeliveryStreamStatus; puts are taken while it is ``ACTIVE``. `is_encrypted` is what puts answer as ``Encrypted``.
    `incarnation` tells a stream from an earlier one of the same name: nothing of the earlier one may be delivered.
    """

    config: DeliveryConfig
    status: str
    is_encrypted: bool
    incarnation: str

    @property
    def stream(self) -> StreamId:
        return self.config.stream


@dataclass(frozen=True, slots=True)
class DeliveryFailure:
    """Records of one stream that could not be delivered in time."""

    stream: StreamId
    records: int
    error: str


@dataclass(frozen=True, slots=True)
class FlushResult:
    """What a flush delivered; `failed` is empty when every buffer known at the time of the call is in S3."""

    objects: int
    records: int
    failed: tuple[DeliveryFailure, ...] = ()


@dataclass(frozen=True, slots=True)
class LastError:
    """The latest delivery error of a stream, in AWS's code and words."""

    at: datetime
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class DeliveryCounters:
    """How far delivery of one stream has come, since the stream was created; the members of status.json that the engine knows."""

    stream: StreamId
    accepted_records: int = 0
    buffered_records: int = 0
    buffered_bytes: int = 0
    oldest_age_seconds: float | None = None
    active_partitions: int = 0
    delivered_records: int = 0
    delivered_objects: int = 0
    quarantined_records: int = 0
    last_delivered_at: datetime | None = None
    last_error: LastError | None = None


class PutPath(Protocol):
    """PutRecord and PutRecordBatch: the request's body as it came, the answer's body as it goes."""

    async def put_record(self, body: bytes, caller: Caller) -> bytes:
        """Answer only when the record is durable.

        Raises:
            WireError: what the caller gets instead.
        """
        ...

    async def put_record_batch(self, body: bytes, caller: Caller) -> bytes:
        """Answer only when every accepted record is durable.

        Raises:
            WireError: the whole call is refused, nothing is stored.
        """
        ...


class Engine(Protocol):
    """The delivery engine, as seen from the front process."""

    async def start(self, streams: Sequence[StreamView]) -> None:
        """Begin with exactly these streams; journals of any other stream or incarnation are discarded."""
        ...

    async def stop(self) -> None:
        """Stop taking puts and end the delivery process; what is buffered stays in the journal."""
        ...

    async def configure(self, stream: StreamView) -> None:
        """Create the stream, or put a new configuration, status or encryption in force for what is delivered from now on."""
        ...

    async def remove(self, stream: StreamId) -> None:
        """Forget the stream; undelivered records are discarded."""
        ...

    async def flush(self, streams: Sequence[StreamId] | None, *, timeout_seconds: float) -> FlushResult:
        """Deliver what is buffered now (None: of every stream); return when it is in S3 or the time is over."""
        ...

    async def counters(self) -> Sequence[DeliveryCounters]:
        """Return the counters of every stream that was configured."""
        ...

    async def set_clock(self, setting: ClockSetting) -> None:
        """Put the clock setting in force in delivery too; buffers that are due by it are delivered."""
        ...

    async def set_faults(self, document: object) -> object:
        """Inject these faults from now on, in place of earlier ones; return them as understood (JSON types).

        Raises:
            AdminRequestError: the document is not a fault script; the message names the place.
        """
        ...

    async def faults(self) -> object:
        """Return the faults in force (JSON types)."""
        ...
