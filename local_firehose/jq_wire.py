"""The messages between the server and its jq processes: a length, then MessagePack.

Talks to: a stream socket. Records travel as one blob and their lengths, keys as codes into the list of distinct ones, so that a message
costs little per record.
"""

import socket
import struct
from array import array
from collections.abc import Sequence
from itertools import accumulate, pairwise

import msgspec

NO_RECORD = -1  # on the shared page: at work on the program, or at nothing
_LENGTH = struct.Struct("<I")


class CompileRequest(msgspec.Struct, tag="compile", frozen=True):
    """Does `program` compile? The answer is jq's message, empty if it does."""

    program: str
    deadline_seconds: float


class KeysRequest(msgspec.Struct, tag="keys", frozen=True):
    """Evaluate `program` on each record and read the values of `keys` out of its result.

    `deadline_seconds` is for each record if `is_careful`, else for a few together (setting a timer costs as much as a short program).
    `normalising` is the program for records with numbers that this libjq would not print as jq 1.6 does; empty where there are none.
    `are_projected` records are known to be one object and a newline each.
    """

    program: str
    normalising: str
    keys: tuple[str, ...]
    deadline_seconds: float
    is_careful: bool
    are_projected: bool
    lengths: bytes
    blob: bytes

    @classmethod
    def of(
        cls,
        records: Sequence[bytes],
        *,
        program: str,
        normalising: str,
        keys: tuple[str, ...],
        deadline_seconds: float,
        is_careful: bool,
        are_projected: bool,
    ) -> "KeysRequest":
        """Return the request for these records."""
        lengths = array("i", map(len, records)).tobytes()
        return cls(program, normalising, keys, deadline_seconds, is_careful, are_projected, lengths, b"".join(records))

    def records(self) -> list[bytes]:
        """Return the records apart again."""
        ends = accumulate(array("i", self.lengths), initial=0)
        return [self.blob[start:end] for start, end in pairwise(ends)]


class CompileReply(msgspec.Struct, tag="compile", frozen=True):
    """`message` is jq's complaint, empty if there is none."""

    message: str


class KeysReply(msgspec.Struct, tag="keys", frozen=True):
    """`codes` holds an int32 per record: a place in `distinct`, or -1 for one of `failures` (place, message)."""

    codes: bytes
    distinct: list[tuple[str, ...]]
    failures: list[tuple[int, str]]


Request = CompileRequest | KeysRequest
Reply = CompileReply | KeysReply

_ENCODER = msgspec.msgpack.Encoder()
_REQUESTS: msgspec.msgpack.Decoder[Request] = msgspec.msgpack.Decoder(Request)
_REPLIES: msgspec.msgpack.Decoder[Reply] = msgspec.msgpack.Decoder(Reply)


def send(connection: socket.socket, message: Request | Reply) -> None:
    """Write one message."""
    body = _ENCODER.encode(message)
    connection.sendall(_LENGTH.pack(len(body)))
    connection.sendall(body)


def receive_request(connection: socket.socket) -> Request | None:
    """Read one request; None at the end of the stream, also in the middle of a message."""
    body = _message(connection)
    return None if body is None else _REQUESTS.decode(body)


def receive_reply(connection: socket.socket) -> Reply | None:
    """Read one reply; None at the end of the stream, also in the middle of a message."""
    body = _message(connection)
    return None if body is None else _REPLIES.decode(body)


def _message(connection: socket.socket) -> bytearray | None:
    head = _read(connection, _LENGTH.size)
    return None if head is None else _read(connection, _LENGTH.unpack(head)[0])


def _read(connection: socket.socket, size: int) -> bytearray | None:
    body = bytearray(size)
    view, at = memoryview(body), 0
    while at < size:
        count = connection.recv_into(view[at:])
        if not count:
            return None
        at += count
    return body
