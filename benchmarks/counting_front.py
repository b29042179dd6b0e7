"""The endpoint that the producer benchmark sends to: answers PutRecordBatch at once, and can tell what it got.

Talks to: loopback. Run as ``python -m benchmarks.counting_front``: it prints its port, and ends when its standard input does.
"""

import asyncio
import json
import re
from http.client import HTTPConnection

import msgspec

from benchmarks.event_loop import run, serve_until_input_ends
from firehose_spec.digest import digest

_LENGTH = re.compile(rb"(?i)\r\ncontent-length:[ \t]*(\d+)")
_ID = "0" * 180  # as long as AWS's


class _Record(msgspec.Struct):
    Data: bytes


class _Batch(msgspec.Struct):
    DeliveryStreamName: str
    Records: list[_Record]


_decode = msgspec.json.Decoder(_Batch).decode
_batches: list[_Batch] = []


class _Connection(asyncio.Protocol):
    def __init__(self) -> None:
        self._buffer = bytearray()
        self._needed = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.WriteTransport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if len(self._buffer) < self._needed:
            return
        head_end = self._buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return
        length = _LENGTH.search(self._buffer, 0, head_end + 2)
        self._needed = head_end + 4 + (int(length[1]) if length else 0)
        if len(self._buffer) < self._needed:
            return
        is_question = self._buffer.startswith(b"GET ")
        body = bytes(memoryview(self._buffer)[head_end + 4 : self._needed])
        self._buffer.clear()
        self._needed = 0
        answer = _tell() if is_question else _take(body)
        self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(answer), answer))


def _take(body: bytes) -> bytes:
    batch = _decode(body)
    _batches.append(batch)
    ids = '"},{"RecordId":"'.join([_ID] * len(batch.Records))
    return f'{{"FailedPutCount":0,"Encrypted":false,"RequestResponses":[{{"RecordId":"{ids}"}}]}}'.encode("ascii")


def _tell() -> bytes:
    records = [record.Data for batch in _batches for record in batch.Records]
    _batches.clear()
    return json.dumps({"records": len(records), "digest": str(digest(records))}).encode()


def received(port: int) -> tuple[int, int]:
    """Return how many records the front at `port` got since it was last asked, and their digest."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", "/")
        told = json.loads(connection.getresponse().read())
    finally:
        connection.close()
    return int(told["records"]), int(told["digest"])


if __name__ == "__main__":
    run(serve_until_input_ends(_Connection))
