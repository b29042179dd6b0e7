"""The reference for accepting: a PutRecordBatch front that does nothing but decode, journal and answer.

Talks to: loopback, and a journal of local_firehose's own code. No stream look-up, no limits, no error texts, no delivery behind it.
Run as ``python -m benchmarks.bare_front FOLDER``: it prints its port, and ends when its standard input does.
"""

import asyncio
import os
import re
import sys
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from time import time_ns

import msgspec

from benchmarks.event_loop import run, serve_until_input_ends
from local_firehose.journal import Journal

_LENGTH = re.compile(rb"(?i)\r\ncontent-length:[ \t]*(\d+)")


class _Record(msgspec.Struct):
    Data: bytes


class _Batch(msgspec.Struct):
    DeliveryStreamName: str
    Records: list[_Record]


_decode = msgspec.json.Decoder(_Batch).decode


class _Connection(asyncio.Protocol):
    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._buffer = bytearray()
        self._needed = 0
        self._tasks: set[asyncio.Task[None]] = set()

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
        is_release = self._buffer.startswith(b"DELETE ")
        body = bytes(memoryview(self._buffer)[head_end + 4 : self._needed])
        self._buffer.clear()
        self._needed = 0
        if is_release:
            self._journal.release(self._journal.next_sequence)
            self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            return
        task = asyncio.ensure_future(self._take(body))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _take(self, body: bytes) -> None:
        records = [record.Data for record in _decode(body).Records]
        await self._journal.append(records, arrived_ms=time_ns() // 1_000_000)
        text = b64encode(os.urandom(48 * len(records))).decode("ascii")
        ids = '"},{"RecordId":"'.join(text[at : at + 64] for at in range(0, len(text), 64))
        answer = f'{{"FailedPutCount":0,"Encrypted":false,"RequestResponses":[{{"RecordId":"{ids}"}}]}}'.encode("ascii")
        self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(answer), answer))


def release(port: int) -> None:
    """Let the front at `port` reuse the segments of what it took so far, as delivery would."""
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("DELETE", "/")
        connection.getresponse().read()
    finally:
        connection.close()


async def serve(folder: Path) -> None:
    """Serve until standard input ends."""
    with ThreadPoolExecutor(1) as executor:
        journal = Journal(folder, executor=executor)
        await serve_until_input_ends(lambda: _Connection(journal))
        await journal.close()


if __name__ == "__main__":
    run(serve(Path(sys.argv[1])))
