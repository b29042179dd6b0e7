"""The JSON 1.1 body of PutRecordBatch, byte for byte as botocore writes it.

Pure. boto3 validates, base64-encodes and serialises record by record; here the bytes between the records are constant and joined at once.
A contract test compares the bytes on the wire with boto3's. Source: botocore's service model firehose/2015-08-04.
"""

import json
from binascii import b2a_base64
from collections.abc import Iterable

_BETWEEN = b'"}, {"Data": "'
_END = b'"}]}'


def body_start(stream: str) -> bytes:
    """Return what comes before the first record's base64; it is the same for every batch of a stream."""
    return f'{{"DeliveryStreamName": {json.dumps(stream)}, "Records": [{{"Data": "'.encode()


def put_record_batch_body(start: bytes, records: Iterable[bytes]) -> bytes:
    """Return the body for at least one record; `start` is `body_start` of the stream.

    >>> put_record_batch_body(body_start("s"), [b"a", b"b"])
    b'{"DeliveryStreamName": "s", "Records": [{"Data": "YQ=="}, {"Data": "Yg=="}]}'
    """
    return start + _BETWEEN.join([b2a_base64(record, newline=False) for record in records]) + _END
