"""Unpack what CloudWatch Logs sends, and take the log messages out of it.

Pure. Source: https://docs.aws.amazon.com/firehose/latest/dev/writing-with-cloudwatch-logs-decompression.html and
https://docs.aws.amazon.com/firehose/latest/dev/decomp-faq.html
"""

import zlib

import msgspec

MAX_DECOMPRESSED_BYTES = 128 << 20  # a few kB can claim gigabytes; no log batch comes near this


class DecompressionError(ValueError):
    """The record is not what CloudWatch Logs sends; the message says why."""


class _LogEvent(msgspec.Struct):
    message: str


class _LogBatch(msgspec.Struct):
    messageType: str = "DATA_MESSAGE"  # noqa: N815
    logEvents: list[_LogEvent] = []  # noqa: N815


_LOG_BATCH = msgspec.json.Decoder(_LogBatch)


def gunzip(data: bytes) -> bytes:
    """Return the contents of a gzip file of one member or several.

    Raises:
        DecompressionError: not gzip, cut short, or larger than `MAX_DECOMPRESSED_BYTES`.
    """
    pieces: list[bytes] = []
    rest, room = data, MAX_DECOMPRESSED_BYTES
    while rest or not pieces:
        inflater = zlib.decompressobj(wbits=31)
        try:
            piece = inflater.decompress(rest, room + 1)
        except zlib.error as error:
            raise DecompressionError(f"the record is not valid gzip: {error}") from error
        room -= len(piece)
        if room < 0:
            raise DecompressionError(
                f"the record is larger than {MAX_DECOMPRESSED_BYTES} bytes when it is decompressed"
            )
        if not inflater.eof:
            raise DecompressionError("the record is not valid gzip: it ends too early")
        pieces.append(piece)
        rest = inflater.unused_data
    return b"".join(pieces)


def log_messages(data: bytes) -> bytes:
    """Return the messages of a CloudWatch Logs batch, each with a newline after it.

    A control message (sent when a subscription is made) has none, so its record becomes empty. # observed: an empty record
    # decided: docs/fidelity/processing.md#message-extraction

    Raises:
        DecompressionError: not the JSON document that CloudWatch Logs sends.
    """
    try:
        batch = _LOG_BATCH.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DecompressionError(f"the record is not a CloudWatch Logs batch: {error}") from error
    if batch.messageType == "CONTROL_MESSAGE":
        return b""
    return "".join(f"{event.message}\n" for event in batch.logEvents).encode()
