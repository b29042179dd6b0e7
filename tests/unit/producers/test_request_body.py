import json
from base64 import b64decode

from hypothesis import given
from hypothesis import strategies as st

from producers.request_body import BodyWriter


@given(st.text(), st.lists(st.lists(st.binary()), min_size=1))
def test_body_holds_the_stream_and_each_record_in_order(stream: str, batches: list[list[bytes]]) -> None:
    writer = BodyWriter(stream)
    for records in batches:  # one writer, larger and smaller bodies after each other
        document = json.loads(writer.write(records))
        assert document == {"DeliveryStreamName": stream, "Records": document["Records"]}
        assert [b64decode(record["Data"], validate=True) for record in document["Records"]] == records


def test_body_that_somebody_still_looks_at_is_left_alone() -> None:
    writer = BodyWriter("s")
    view = memoryview(writer.write([b"a"]))
    assert bytes(writer.write([b"b" * 9])) == b'{"DeliveryStreamName":"s","Records":[{"Data":"YmJiYmJiYmJi"}]}'
    assert bytes(view) == b'{"DeliveryStreamName":"s","Records":[{"Data":"YQ=="}]}'
