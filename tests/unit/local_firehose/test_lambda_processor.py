"""Invocations: what is sent, when it is tried again, how records are cut into payloads."""

import io
import itertools
import json

import pytest
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError

from local_firehose.errors import BackingServiceError
from local_firehose.lambda_processor import LambdaOutcome, LambdaProcessor
from local_firehose.lambda_protocol import Transformed, verdicts
from local_firehose.records import Failure, Record
from local_firehose.stream_config import Processor, StreamId

STREAM = StreamId("123456789012", "us-west-2", "stream")
ARN = "arn:aws:lambda:us-west-2:123456789012:function:f"


def record(data: bytes, sequence: int = 0) -> Record:
    return Record(sequence, 1_715_914_800_000 + sequence, data, b"sent:" + data)


class Echo:
    """Returns each record's data in upper case, after the errors it is given."""

    def __init__(self, *errors: Exception) -> None:
        self._errors = list(errors)
        self.payloads: list[bytes] = []

    def invoke(self, *, FunctionName: str, InvocationType: str, Payload: bytes) -> dict:  # noqa: N803
        self.payloads.append(Payload)
        if self._errors:
            raise self._errors.pop(0)
        records = [
            {
                "recordId": given["recordId"],
                "result": "Ok",
                "data": given["data"],
                "metadata": {"partitionKeys": {"k": given["recordId"], "n": 1}},
            }
            for given in json.loads(Payload)["records"]
        ]
        return {"StatusCode": 200, "Payload": io.BytesIO(json.dumps({"records": records}).encode())}


def processor(client: object, pauses: list[float] | None = None, **parameters: str) -> LambdaProcessor:
    ids = map("id-{}".format, itertools.count())
    return LambdaProcessor(
        Processor("Lambda", {"LambdaArn": ARN, **parameters}),
        stream=STREAM,
        client=client,
        new_id=lambda: next(ids),
        sleep=(pauses if pauses is not None else []).append,
    )


def test_request_has_the_members_that_functions_read() -> None:
    client = Echo()
    processor(client).transform([record(b"a", 7)])
    assert client.payloads == [
        (
            b'{"invocationId":"id-1","deliveryStreamArn":"arn:aws:firehose:us-west-2:123456789012:deliverystream/stream",'
            b'"region":"us-west-2","records":[{"recordId":"id-0","approximateArrivalTimestamp":1715914800007,"data":"YQ=="}]}'
        )
    ]


def test_partition_keys_come_with_the_record() -> None:
    (taken,) = processor(Echo()).transform([record(b"a")]).records
    assert taken.lambda_keys == {"k": "id-0"}  # values that are no strings count as missing


def test_pauses_between_attempts_grow() -> None:
    pauses: list[float] = []
    client = Echo(*[ReadTimeoutError(endpoint_url="http://l") for _ in range(4)])
    outcome = processor(client, pauses).transform([record(b"a")])
    assert [failure.error_code for failure in outcome.failures] == ["Lambda.FunctionTimedOut"]
    assert pauses == [0.1, 0.2, 0.4]


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(EndpointConnectionError(endpoint_url="http://l"), id="refused"),
        pytest.param(ConnectTimeoutError(endpoint_url="http://l"), id="no-answer"),
    ],
)
def test_lambda_that_cannot_be_reached_decides_nothing(error: Exception) -> None:
    with pytest.raises(BackingServiceError, match="does not answer"):
        processor(Echo(error)).transform([record(b"a")])


def test_payload_stays_below_lambdas_limit() -> None:
    client = Echo()
    records = [record(b"x" * 1_000_000, at) for at in range(7)]
    outcome = processor(client, BufferSizeInMBs="3", BufferIntervalInSeconds="60").transform(records)
    assert [taken.data for taken in outcome.records] == [taken.data for taken in records]
    assert max(map(len, client.payloads)) < 6 * 1024 * 1024
    assert [len(json.loads(payload)["records"]) for payload in client.payloads] == [3, 3, 1]


def test_many_small_records_stay_below_lambdas_limit_too() -> None:
    client = Echo()
    processor(client, BufferSizeInMBs="3", BufferIntervalInSeconds="60").transform(
        [record(b"x", at) for at in range(33_000)]
    )
    assert max(map(len, client.payloads)) < 6 * 1024 * 1024
    assert sum(len(json.loads(payload)["records"]) for payload in client.payloads) == 33_000


def test_each_invocation_is_timed_and_told_whether_it_was_answered() -> None:
    invoked: list[tuple[float, bool]] = []
    ticks = iter([10.0, 10.5, 20.0, 20.25])
    lambda_processor = LambdaProcessor(
        Processor("Lambda", {"LambdaArn": ARN}),
        stream=STREAM,
        client=Echo(ReadTimeoutError(endpoint_url="http://l")),
        new_id=map("id-{}".format, itertools.count()).__next__,
        sleep=lambda _seconds: None,
        on_invoked=lambda milliseconds, is_answered: invoked.append((milliseconds, is_answered)),
        monotonic=lambda: next(ticks),
    )
    lambda_processor.transform([record(b"a")])
    assert invoked == [(500, False), (250, True)]


def test_nothing_in_nothing_out() -> None:
    client = Echo()
    assert processor(client).transform([]) == LambdaOutcome([], [], [])
    assert client.payloads == []


def test_failure_names_function_and_what_was_sent() -> None:
    sent = record(b"a")
    outcome = processor(Echo(ReadTimeoutError(endpoint_url="http://l")), NumberOfRetries="0").transform([sent])
    assert outcome.failures == [
        Failure(
            sent,
            "processing-failed",
            "Lambda.FunctionTimedOut",
            "The Lambda function invocation timed out. Increase the Timeout setting in the Lambda function.",
            1,
            ARN,
        )
    ]


def test_partition_keys_are_text_that_an_object_key_can_have() -> None:
    answer = '{"records":[{"recordId":"1","result":"Ok","data":"YQ==","metadata":{"partitionKeys":{"k":"a\\ud800b","n":7}}}]}'
    assert verdicts(answer.encode(), ["1"]) == [Transformed(b"a", {"k": "a?b"})]
