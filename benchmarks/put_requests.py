"""PutRecord and PutRecordBatch as finished HTTP requests, so that sending them costs next to nothing.

Pure. Bodies are spelled as the AWS SDK for Python spells them.
"""

from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

REGION = "us-east-1"
ACCOUNT_ID = "123456789012"
BATCH_RECORDS = 500

_HEAD = (
    "POST / HTTP/1.1\r\n"
    "Host: 127.0.0.1\r\n"
    "Content-Type: application/x-amz-json-1.1\r\n"
    "X-Amz-Target: Firehose_20150804.{operation}\r\n"
    "X-Amz-Date: 20260105T000000Z\r\n"
    "Authorization: AWS4-HMAC-SHA256 Credential=benchmark/20260105/{region}/firehose/aws4_request, "
    "SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature={signature}\r\n"
    "Content-Length: {length}\r\n"
    "\r\n"
)


def batches(records: Iterable[bytes], size: int = BATCH_RECORDS) -> Iterator[list[bytes]]:
    """Cut the records into lists of `size`, the last one shorter."""
    left = iter(records)
    while batch := list(islice(left, size)):
        yield batch


def put_record_batch_request(stream: str, records: Sequence[bytes]) -> bytes:
    """Return one request with these records, 500 at most."""
    entries = '"}, {"Data": "'.join(b64encode(record).decode("ascii") for record in records)
    body = f'{{"DeliveryStreamName": "{stream}", "Records": [{{"Data": "{entries}"}}]}}'
    return _request("PutRecordBatch", body)


def put_record_request(stream: str, record: bytes) -> bytes:
    """Return one request with this record."""
    body = f'{{"DeliveryStreamName": "{stream}", "Record": {{"Data": "{b64encode(record).decode("ascii")}"}}}}'
    return _request("PutRecord", body)


def _request(operation: str, body: str) -> bytes:
    data = body.encode("ascii")
    head = _HEAD.format(operation=operation, region=REGION, signature="0" * 64, length=len(data))
    return head.encode("ascii") + data
