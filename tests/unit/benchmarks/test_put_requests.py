import re

from benchmarks.put_requests import batches, put_record_batch_request, put_record_request
from local_firehose.put_request import read_put_record, read_put_record_batch


def test_batch_request_is_what_the_server_reads_as_these_records() -> None:
    records = [b"one", b"", b"\x00\xff"]
    head, _, body = put_record_batch_request("stream", records).partition(b"\r\n\r\n")
    request = read_put_record_batch(body)
    assert (request.stream_name, request.records) == ("stream", records)
    assert re.findall(rb"\r\nContent-Length: (\d+)", head) == [str(len(body)).encode()]
    assert b"\r\nX-Amz-Target: Firehose_20150804.PutRecordBatch\r\n" in head
    assert b"/us-east-1/firehose/aws4_request" in head


def test_single_request_is_what_the_server_reads_as_this_record() -> None:
    head, _, body = put_record_request("stream", b"one").partition(b"\r\n\r\n")
    request = read_put_record(body)
    assert (request.stream_name, request.records) == ("stream", [b"one"])
    assert b"\r\nX-Amz-Target: Firehose_20150804.PutRecord\r\n" in head


def test_batches_hold_the_size_and_the_rest() -> None:
    assert list(batches([b"a", b"b", b"c", b"d", b"e"], 2)) == [[b"a", b"b"], [b"c", b"d"], [b"e"]]
    assert list(batches([], 2)) == []
