import base64
import contextlib
import json
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_firehose.errors import InvalidArgumentError, SerializationError, ValidationError
from local_firehose.put_request import (
    RECORD_ID_BYTES,
    PutRequest,
    partial_answer,
    put_record_answer,
    put_record_batch_answer,
    read_put_record,
    read_put_record_batch,
    record_ids,
)


def batch(records: list[object], name: object = "stream") -> bytes:
    return json.dumps({"DeliveryStreamName": name, "Records": records}).encode()


def data(payload: bytes) -> dict[str, str]:
    return {"Data": base64.b64encode(payload).decode()}


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=20))
def test_a_batch_is_read_in_order(records: list[bytes]) -> None:
    assert read_put_record_batch(batch([data(record) for record in records])) == PutRequest(
        "stream", records, sum(map(len, records))
    )


def test_one_record_is_read() -> None:
    body = json.dumps({"DeliveryStreamName": "s", "Record": data(b"x\n")}).encode()
    assert read_put_record(body) == PutRequest("s", [b"x\n"], 2)


def test_empty_data_is_legal() -> None:
    assert read_put_record_batch(batch([{"Data": ""}])).records == [b""]


JAVA = "java.nio.HeapByteBuffer[pos=0 lim={0} cap={0}]"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param(
            batch([]),
            "1 validation error detected: Value '[]' at 'records' failed to satisfy constraint: "
            "Member must have length greater than or equal to 1",
            id="no-records",
        ),
        pytest.param(
            batch([data(b"x")] * 501),
            f"1 validation error detected: Value '[{', '.join(['Record(data=' + JAVA.format(1) + ')'] * 501)}]' at 'records' "
            "failed to satisfy constraint: Member must have length less than or equal to 500",
            id="501-records",
        ),
        pytest.param(
            batch([data(b"x"), data(b"x" * 1_024_001)]),
            f"1 validation error detected: Value '{JAVA.format(1_024_001)}' at 'records.2.member.data' "
            "failed to satisfy constraint: Member must have length less than or equal to 1024000",
            id="record-too-large",
        ),
        pytest.param(
            batch([{}], "a b"),
            "2 validation errors detected: Value 'a b' at 'deliveryStreamName' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+; Value null at 'records.1.member.data' "
            "failed to satisfy constraint: Member must not be null",
            id="name-and-data",
        ),
        pytest.param(
            b'{"DeliveryStreamName": null}',
            "2 validation errors detected: Value null at 'deliveryStreamName' failed to satisfy constraint: "
            "Member must not be null; Value null at 'records' failed to satisfy constraint: Member must not be null",
            id="nothing",
        ),
    ],
)
def test_violations_are_told_together_in_awss_words(body: bytes, message: str) -> None:
    with pytest.raises(ValidationError, match=f"^{re.escape(message)}$"):
        read_put_record_batch(body)


def test_more_than_4_mib_is_refused_whole() -> None:
    body = batch([data(b"x" * 1_000_000)] * 4 + [data(b"y" * (4 * 1024 * 1024 - 4_000_000 + 1))])
    with pytest.raises(InvalidArgumentError, match=r"^Records size exceeds 4 MB limit$"):
        read_put_record_batch(body)


def test_exactly_4_mib_and_500_records_are_taken() -> None:
    body = batch([data(b"x" * 8_388)] * 499 + [data(b"y" * (4 * 1024 * 1024 - 499 * 8_388))])
    assert read_put_record_batch(body).size_bytes == 4 * 1024 * 1024


def test_the_count_is_checked_before_the_size() -> None:
    with pytest.raises(ValidationError, match="less than or equal to 500"):
        read_put_record_batch(batch([data(b"x" * 10_000)] * 501))


@pytest.mark.parametrize("read", [read_put_record, read_put_record_batch], ids=["one", "batch"])
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{", id="cut"),
        pytest.param(b"[]", id="array"),
        pytest.param(b"\xff\xfe", id="not-utf8"),
        pytest.param(b'{"DeliveryStreamName": 3, "Records": 4, "Record": 5}', id="types"),
        pytest.param(b'{"DeliveryStreamName": "s", "Records": [{"Data": "*"}], "Record": {"Data": "*"}}', id="base64"),
        pytest.param(b'{"DeliveryStreamName": "s", "Records": [{"Data": 7}], "Record": {"Data": 7}}', id="data-type"),
        pytest.param(b'{"DeliveryStreamName": "s", "Records": [7], "Record": 7}', id="record-type"),
        pytest.param(b"[" * 100_000, id="deep"),
        pytest.param(b'{"a":' * 3_000, id="deep-in-a-member"),
    ],
)
def test_what_cannot_be_read_is_a_serialization_error(read: Callable[[bytes], PutRequest], body: bytes) -> None:
    with pytest.raises(SerializationError):
        read(body)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["eA==", "eA", "s"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["Data", "Records", "Record", "DeliveryStreamName", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(values)
def test_any_json_is_read_or_refused_as_aws_refuses(value: object) -> None:
    for read in (read_put_record, read_put_record_batch):
        with contextlib.suppress(ValidationError, SerializationError, InvalidArgumentError):
            assert read(json.dumps(value).encode()).stream_name


def test_answers_are_as_aws_writes_them() -> None:
    assert put_record_answer("abc", is_encrypted=True) == b'{"RecordId":"abc","Encrypted":true}'
    randomness = bytes(range(RECORD_ID_BYTES))
    assert json.loads(put_record_batch_answer(2, randomness, is_encrypted=False)) == {
        "FailedPutCount": 0,
        "Encrypted": False,
        "RequestResponses": [{"RecordId": record_id} for record_id in record_ids(2, randomness)],
    }
    assert json.loads(partial_answer(["a", ("ServiceUnavailableException", "Slow down.")], is_encrypted=False)) == {
        "FailedPutCount": 1,
        "Encrypted": False,
        "RequestResponses": [
            {"RecordId": "a"},
            {"ErrorCode": "ServiceUnavailableException", "ErrorMessage": "Slow down."},
        ],
    }


def test_record_ids_differ_within_a_call_and_between_calls() -> None:
    ids = record_ids(500, bytes(RECORD_ID_BYTES)) + record_ids(500, bytes([*bytes(RECORD_ID_BYTES - 1), 1]))
    assert len(set(ids)) == 1_000
    assert all(re.fullmatch("[A-Za-z0-9+/]{64}", record_id) for record_id in ids)
