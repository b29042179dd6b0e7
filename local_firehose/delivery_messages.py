"""What the accepting process and the delivery process say to each other: one JSON object a line.

Pure: types and their encoding. The accepting process can repeat everything it said to a delivery process that was started anew.
"""

from typing import Any

import msgspec

from local_firehose.clock import ClockSetting
from local_firehose.engine_port import DeliveryCounters, FlushResult, StreamView
from local_firehose.journal import CommittedEnd
from local_firehose.stream_config import StreamId


class _Message(msgspec.Struct, frozen=True, tag=True):
    pass


class Configure(_Message, frozen=True):
    """Deliver this stream, from now on by this configuration."""

    view: StreamView


class Remove(_Message, frozen=True):
    """Forget the stream; answer when nothing of it is in use any more."""

    request: int
    stream: StreamId


class Committed(_Message, frozen=True):
    """The stream's journal is durable up to here."""

    stream: StreamId
    end: CommittedEnd


class Flush(_Message, frozen=True):
    """Deliver what is committed now; None: of every stream."""

    request: int
    streams: tuple[StreamId, ...] | None
    timeout_seconds: float


class AskCounters(_Message, frozen=True):
    """Tell how far delivery has come."""

    request: int


class SetClock(_Message, frozen=True):
    """Time runs like this from now on."""

    setting: ClockSetting


class SetFaults(_Message, frozen=True):
    """Inject these faults into delivery; they began at that time."""

    document: Any
    since_ms: int


class Stop(_Message, frozen=True):
    """Finish what is under way and end."""


class Ready(_Message, frozen=True):
    """Delivery takes messages."""


class Released(_Message, frozen=True):
    """Every record before `sequence` is delivered: the journal may let go of it."""

    stream: StreamId
    incarnation: str
    sequence: int


class Removed(_Message, frozen=True):
    """Answer to Remove."""

    request: int


class Flushed(_Message, frozen=True):
    """Answer to Flush."""

    request: int
    result: FlushResult


class Counters(_Message, frozen=True):
    """Answer to AskCounters."""

    request: int
    counters: tuple[DeliveryCounters, ...]


ToDelivery = Configure | Remove | Committed | Flush | AskCounters | SetClock | SetFaults | Stop
FromDelivery = Ready | Released | Removed | Flushed | Counters

_to_delivery: msgspec.json.Decoder[ToDelivery] = msgspec.json.Decoder(ToDelivery)
_from_delivery: msgspec.json.Decoder[FromDelivery] = msgspec.json.Decoder(FromDelivery)


def encode_message(message: ToDelivery | FromDelivery) -> bytes:
    """Return the message as one line."""
    return msgspec.json.encode(message) + b"\n"


def to_delivery(line: bytes) -> ToDelivery:
    """Read one line that the accepting process wrote."""
    return _to_delivery.decode(line)


def from_delivery(line: bytes) -> FromDelivery:
    """Read one line that the delivery process wrote."""
    return _from_delivery.decode(line)
