"""The endpoint that the producer benchmark sends to: answers PutRecordBatch at once, and can tell what it got.

Talks to: loopback. Run as ``python -m benchmarks.counting_front``: it prints its port, and ends when its standard input does. Bodies are
kept as they come and read when somebody asks, or when they are many, so that the endpoint costs next to nothing while it is sent to.
"""

import json
from http.client import HTTPConnection

import msgspec

from benchmarks.event_loop import run, serve_until_input_ends
from benchmarks.http_connection import HttpConnection
from firehose_spec.digest import digest

_ID = "0" * 180  # as long as AWS's
_KEPT_BYTES = 256 * 1024 * 1024


class _Record(msgspec.Struct, gc=False):
    Data: bytes


class _Batch(msgspec.Struct, gc=False):
    DeliveryStreamName: str
    Records: list[_Record]


class _Tally:
    """What came in since somebody asked."""

    def __init__(self) -> None:
        self._decode = msgspec.json.Decoder(_Batch).decode
        self._bodies: list[bytes] = []
        self._kept_bytes = self.records = self.digest = 0

    def add(self, body: bytes) -> None:
        self._bodies.append(body)
        self._kept_bytes += len(body)
        if self._kept_bytes > _KEPT_BYTES:
            self.read()

    def read(self) -> None:
        bodies, self._bodies, self._kept_bytes = self._bodies, [], 0
        for body in bodies:
            records = [record.Data for record in self._decode(body).Records]
            self.records += len(records)
            self.digest += digest(records)


_tally = _Tally()
_answers: dict[int, bytes] = {}


class _Connection(HttpConnection):
    def received(self, method: bytes, body: bytes) -> None:
        self.answer(_tell() if method == b"GET" else _take(body))


def _take(body: bytes) -> bytes:
    _tally.add(body)
    count = body.count(b'"Data"')
    if count not in _answers:
        ids = '"},{"RecordId":"'.join([_ID] * count)
        text = f'{{"FailedPutCount":0,"Encrypted":false,"RequestResponses":[{{"RecordId":"{ids}"}}]}}'
        _answers[count] = text.encode("ascii")
    return _answers[count]


def _tell() -> bytes:
    global _tally
    _tally.read()
    told, _tally = _tally, _Tally()
    return json.dumps({"records": told.records, "digest": str(told.digest)}).encode()


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
