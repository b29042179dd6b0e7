"""The reference for accepting: a PutRecordBatch front that does nothing but decode, journal and answer.

Talks to: loopback, and a journal of local_firehose's own code. No stream look-up, no limits, no error texts, no delivery behind it.
Run as ``python -m benchmarks.bare_front FOLDER``: it prints its port, and ends when its standard input does.
"""

import asyncio
import os
import sys
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from time import time_ns

import msgspec

from benchmarks.event_loop import run, serve_until_input_ends
from benchmarks.http_connection import HttpConnection
from local_firehose.journal import Journal


class _Record(msgspec.Struct):
    Data: bytes


class _Batch(msgspec.Struct):
    DeliveryStreamName: str
    Records: list[_Record]


_decode = msgspec.json.Decoder(_Batch).decode


class _Connection(HttpConnection):
    def __init__(self, journal: Journal) -> None:
        super().__init__()
        self._journal = journal
        self._tasks: set[asyncio.Task[None]] = set()

    def received(self, method: bytes, body: bytes) -> None:
        if method == b"DELETE":
            self._journal.release(self._journal.next_sequence)
            self.answer(b"")
            return
        task = asyncio.ensure_future(self._take(body))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _take(self, body: bytes) -> None:
        records = [record.Data for record in _decode(body).Records]
        await self._journal.append(records, arrived_ms=time_ns() // 1_000_000)
        text = b64encode(os.urandom(48 * len(records))).decode("ascii")
        ids = '"},{"RecordId":"'.join(text[at : at + 64] for at in range(0, len(text), 64))
        text = f'{{"FailedPutCount":0,"Encrypted":false,"RequestResponses":[{{"RecordId":"{ids}"}}]}}'
        self.answer(text.encode("ascii"))


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
