"""Split a record of a Kinesis stream that the Kinesis Producer Library packed from several.

Pure. Source: https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md
"""

import hashlib
import sys
from functools import cache
from importlib import import_module
from typing import Any

MAGIC = b"\xf3\x89\x9a\xc2"
_DIGEST_BYTES = 16


def user_records(data: bytes) -> list[bytes]:
    """Return the user records in `data`, or `data` itself if it is not aggregated: no magic number, wrong digest, or no message."""
    if not data.startswith(MAGIC) or len(data) <= len(MAGIC) + _DIGEST_BYTES:
        return [data]
    message = data[len(MAGIC) : -_DIGEST_BYTES]
    if hashlib.md5(message, usedforsecurity=False).digest() != data[-_DIGEST_BYTES:]:
        return [data]
    messages, decode_error = _protocol()
    aggregated = messages.AggregatedRecord()
    try:
        aggregated.ParseFromString(message)
    except decode_error:
        return [data]
    return [bytes(record.data) for record in aggregated.records]


@cache
def _protocol() -> tuple[Any, type[Exception]]:
    """The library's message definitions; it puts its own folder in front of sys.path to find them, which is undone here."""
    before = list(sys.path)
    try:
        messages: Any = import_module("aws_kinesis_agg.deaggregator").messages_pb2
    finally:
        sys.path[:] = before
    return messages, import_module("google.protobuf.message").DecodeError
