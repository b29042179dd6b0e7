import base64
import json

from hypothesis import given
from hypothesis import strategies as st

from producers.request_body import body_start, put_record_batch_body


@given(st.text(), st.lists(st.binary(), min_size=1, max_size=20))
def test_body_is_what_json_dumps_writes(stream: str, records: list[bytes]) -> None:
    entries = [{"Data": base64.b64encode(record).decode()} for record in records]
    expected = json.dumps({"DeliveryStreamName": stream, "Records": entries}).encode()
    assert put_record_batch_body(body_start(stream), records) == expected
