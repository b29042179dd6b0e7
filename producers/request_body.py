"""The JSON 1.1 body of PutRecordBatch, written at once into memory that is used again.

Pure. boto3 validates, base64-encodes and serialises record by record; msgspec writes the same document in one go, without the blanks between
its parts. Most of what such a body costs otherwise is fresh memory, so a writer keeps its own. A contract test compares the document with
boto3's. Source: botocore's service model firehose/2015-08-04.
"""

from collections.abc import Iterable

import msgspec


class _Record(msgspec.Struct, gc=False):
    Data: bytes


class _Batch(msgspec.Struct, gc=False):
    DeliveryStreamName: str
    Records: list[_Record]


class BodyWriter:
    """Writes one body at a time: each one stands until the next is written. Not for several threads."""

    def __init__(self, stream: str) -> None:
        self._stream = stream
        self._encode_into = msgspec.json.Encoder().encode_into
        self._memory = bytearray()

    def write(self, records: Iterable[bytes]) -> bytearray:
        """Return the body for `records`.

        >>> BodyWriter("s").write([b"a", b"b"])
        bytearray(b'{"DeliveryStreamName":"s","Records":[{"Data":"YQ=="},{"Data":"Yg=="}]}')
        """
        batch = _Batch(self._stream, list(map(_Record, records)))
        try:
            self._encode_into(batch, self._memory)
        except BufferError:  # somebody still looks at the last body, say from a traceback
            self._memory = bytearray()
            self._encode_into(batch, self._memory)
        return self._memory
