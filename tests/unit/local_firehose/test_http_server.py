"""The HTTP edge, called as an ASGI application; everything behind it is a double."""

import asyncio
import json
import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from local_firehose import http_server
from local_firehose.admin import Admin
from local_firehose.caller import Caller
from local_firehose.engine_port import DeliveryCounters, DeliveryFailure, FlushResult, LastError
from local_firehose.errors import (
    AdminRequestError,
    BackingServiceError,
    InvalidKmsResourceError,
    MissingAuthenticationError,
    ServiceUnavailableError,
)
from local_firehose.http_server import HttpServer
from local_firehose.stream_config import StreamId

STREAM = StreamId("123456789012", "eu-west-1", "a")


class Identity:
    """Everybody who signs is the service's caller."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller

    async def of(self, authorization: str, session_token: str | None) -> Caller:
        if authorization != "signed":
            raise MissingAuthenticationError("Request is missing Authentication Token")
        return self.caller


@dataclass
class Puts:
    bodies: list = field(default_factory=list)
    error: Exception | None = None

    async def put_record(self, body: bytes, caller: Caller) -> bytes:
        return await self.put_record_batch(body, caller)

    async def put_record_batch(self, body: bytes, caller: Caller) -> bytes:
        self.bodies.append((body, caller.region))
        if self.error:
            raise self.error
        return b'{"stored":true}'


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict
    body: object

    @property
    def error(self) -> tuple:
        return self.status, self.body["__type"], self.body["message"]


class Edge:
    def __init__(self, service) -> None:
        self.service, self.puts = service, Puts()
        self.admin = Admin(
            instance="i-1", control_plane=service.control_plane, engine=service.engine, clock=service.clock
        )
        self.server = HttpServer(
            identity=Identity(service.caller), control_plane=service.control_plane, put_path=self.puts, admin=self.admin
        )

    def request(self, method: str, path: str, chunks: list[bytes], headers: dict[str, str]) -> Answer:
        messages = [
            {"type": "http.request", "body": chunk, "more_body": number < len(chunks) - 1}
            for number, chunk in enumerate(chunks)
        ]
        sent = []

        async def receive() -> dict:
            return messages.pop(0)

        async def send(message: dict) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
        asyncio.run(self.server(scope, receive, send))
        start, body = sent
        received = {name.decode(): value.decode() for name, value in start["headers"]}
        assert int(received["content-length"]) == len(body["body"])
        return Answer(start["status"], received, json.loads(body["body"]))

    def call(self, operation: str, body: object, *, signed: str = "signed") -> Answer:
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"x-amz-target": f"Firehose_20150804.{operation}", "authorization": signed}
        return self.request("POST", "/", [text], headers)

    def ask(self, method: str, name: str, body: object = None) -> Answer:
        text = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        return self.request(method, f"/_local_firehose/{name}", [text], {})


@pytest.fixture
def edge(service) -> Edge:
    return Edge(service)


def test_answer_is_amazon_json_with_a_request_id(edge) -> None:
    answer = edge.call("ListDeliveryStreams", {})
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/x-amz-json-1.1"
    assert len(answer.headers["x-amzn-requestid"]) == 36
    assert answer.body == {"DeliveryStreamNames": [], "HasMoreDeliveryStreams": False}


def test_error_has_type_and_message(edge) -> None:
    assert edge.call("DescribeDeliveryStream", {"DeliveryStreamName": "none"}).error == (
        400,
        "ResourceNotFoundException",
        "Firehose none under account 123456789012 not found.",
    )


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param(b"", "Expecting value", id="empty"),
        pytest.param(b"{", "Expecting property name", id="cut-off"),
        pytest.param(b'{"a":NaN}', "NaN is no JSON number", id="nan"),
        pytest.param(b"\xff\xfe", "codec can't decode", id="not-unicode"),
        pytest.param(b'{"DeliveryStreamName":"\\ud800"}', "surrogates not allowed", id="half-a-surrogate-pair"),
        pytest.param(b'{"a":' + b"9" * 5000 + b"}", "Exceeds the limit", id="number-of-5000-digits"),
        pytest.param(b"[" * 200_000, "recursion", id="nested-too-deep"),
    ],
)
def test_malformed_json_is_a_serialization_error(edge, body: bytes, reason: str) -> None:
    status, kind, message = edge.call("CreateDeliveryStream", body).error
    assert (status, kind) == (400, "SerializationException")
    assert message.startswith("The request body is not JSON: ")
    assert reason in message


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        pytest.param("POST", {}, id="no-target"),
        pytest.param("POST", {"x-amz-target": "Kinesis_20131202.PutRecord"}, id="target-of-another-service"),
        pytest.param("GET", {"x-amz-target": "Firehose_20150804.ListDeliveryStreams"}, id="get"),
        pytest.param("POST", {"x-amz-target": "Firehose_20150804.Frob", "authorization": "signed"}, id="operation"),
    ],
)
def test_unknown_operation(edge, method: str, headers: dict) -> None:
    answer = edge.request(method, "/", [b"{}"], headers)
    assert answer.error[:2] == (400, "UnknownOperationException")


def test_unsigned_request(edge) -> None:
    assert edge.call("ListDeliveryStreams", {}, signed="").error == (
        400,
        "MissingAuthenticationTokenException",
        "Request is missing Authentication Token",
    )


@pytest.mark.parametrize("operation", [pytest.param("PutRecord", id="one"), pytest.param("PutRecordBatch", id="batch")])
def test_puts_get_the_body_as_it_came(edge, operation: str) -> None:
    answer = edge.request(
        "POST",
        "/",
        [b'{"Deliv', b'eryStreamName": 7', b"}"],
        {"x-amz-target": f"Firehose_20150804.{operation}", "authorization": "signed"},
    )
    assert answer.body == {"stored": True}
    assert edge.puts.bodies == [(b'{"DeliveryStreamName": 7}', "eu-west-1")]


def test_throttled_put_is_503(edge) -> None:
    edge.puts.error = ServiceUnavailableError("Slow down.")
    assert edge.call("PutRecord", {}).error == (503, "ServiceUnavailableException", "Slow down.")


def test_code_of_a_key_error_goes_along(edge) -> None:
    edge.puts.error = InvalidKmsResourceError("no such key", code="KMS.NotFoundException")
    assert edge.call("PutRecord", {}).body == {
        "__type": "InvalidKMSResourceException",
        "message": "no such key",
        "code": "KMS.NotFoundException",
    }


def test_backing_service_that_is_away_is_named(edge) -> None:
    edge.puts.error = BackingServiceError("sts", "http://127.0.0.1:1", "connection refused")
    assert edge.call("PutRecord", {}).error == (
        400,
        "BackingServiceUnavailableException",
        (
            "sts at http://127.0.0.1:1 does not answer (connection refused); start it, or point AWS_ENDPOINT_URL (or "
            "AWS_ENDPOINT_URL_STS) at one that does"
        ),
    )


def test_our_own_fault_is_500_and_logged(edge, caplog) -> None:
    edge.puts.error = RuntimeError("boom")
    with caplog.at_level(logging.ERROR):
        assert edge.call("PutRecord", {}).error == (500, "InternalFailure", "local_firehose failed: RuntimeError: boom")
    assert "request failed" in caplog.text


def test_body_that_is_too_large_is_read_to_its_end_and_refused(edge, monkeypatch) -> None:
    monkeypatch.setattr(http_server, "MAX_BODY_BYTES", 10)
    chunks = [b"x" * 8, b"x" * 8, b"x" * 8]
    headers = {"x-amz-target": "Firehose_20150804.PutRecord", "authorization": "signed"}
    assert edge.request("POST", "/", chunks, headers).error == (
        413,
        "RequestEntityTooLargeException",
        "Request size exceeds 10 bytes",
    )
    assert edge.puts.bodies == []
    assert edge.request("POST", "/_local_firehose/clock", chunks, {}).status == 413


# the admin path


def test_health(edge) -> None:
    answer = edge.ask("GET", "health")
    assert (answer.status, answer.body) == (200, {"status": "ready", "instance": "i-1"})
    assert answer.headers["content-type"] == "application/json"


def test_status_of_a_stream_that_nothing_was_put_to(edge, status_schema) -> None:
    edge.service.create("a")
    status = edge.ask("GET", "status").body
    status_schema.validate(status)
    assert status == {
        "instance": "i-1",
        "now": "2024-05-17T03:00:00.000Z",
        "clock": {"speed": 1.0, "offset_seconds": 0.0},
        "streams": [
            {
                "name": "a",
                "region": "eu-west-1",
                "account_id": "123456789012",
                "arn": "arn:aws:firehose:eu-west-1:123456789012:deliverystream/a",
                "status": "ACTIVE",
                "version_id": "1",
                "accepted_records": 0,
                "buffered_records": 0,
                "buffered_bytes": 0,
                "oldest_age_seconds": None,
                "active_partitions": 0,
                "delivered_records": 0,
                "delivered_objects": 0,
                "quarantined_records": 0,
                "last_delivered_at": None,
                "last_error": None,
            }
        ],
    }


def test_status_shows_what_the_engine_counts(edge, status_schema) -> None:
    edge.service.create("a")
    at = datetime(2024, 5, 17, 3, 0, 1, tzinfo=UTC)
    edge.service.engine.counter_list = [
        DeliveryCounters(
            STREAM,
            accepted_records=5,
            buffered_records=2,
            buffered_bytes=20,
            oldest_age_seconds=1.5,
            active_partitions=2,
            delivered_records=3,
            delivered_objects=1,
            quarantined_records=1,
            last_delivered_at=at,
            last_error=LastError(at, "S3.NoSuchBucket", "gone"),
        )
    ]
    status = edge.ask("GET", "status").body
    status_schema.validate(status)
    (stream,) = status["streams"]
    assert stream["last_error"] == {"at": "2024-05-17T03:00:01.000Z", "code": "S3.NoSuchBucket", "message": "gone"}
    assert (stream["accepted_records"], stream["buffered_bytes"], stream["oldest_age_seconds"]) == (5, 20, 1.5)
    assert (stream["delivered_records"], stream["quarantined_records"], stream["active_partitions"]) == (3, 1, 2)


def test_flush_of_everything(edge) -> None:
    edge.service.engine.flush_result = FlushResult(2, 30)
    answer = edge.ask("POST", "flush")
    assert (answer.status, answer.body) == (200, {"objects": 2, "records": 30, "failed": []})
    assert edge.service.engine.events[-1] == ("flush", None, 60.0)


def test_flush_that_fails_lists_what_is_left(edge) -> None:
    edge.service.create("a")
    edge.service.engine.flush_result = FlushResult(0, 0, (DeliveryFailure(STREAM, 7, "S3.NoSuchBucket: gone"),))
    answer = edge.ask("POST", "flush", {"streams": ["a"], "timeout_seconds": 1})
    assert answer.status == 504
    assert answer.body["failed"] == [
        {"stream": "a", "region": "eu-west-1", "records": 7, "error": "S3.NoSuchBucket: gone"}
    ]
    assert edge.service.engine.events[-1] == ("flush", [STREAM], 1.0)


@pytest.mark.parametrize(
    ("name", "body", "status", "error"),
    [
        pytest.param("flush", {"streams": ["x"]}, 404, "no such stream: x; known: none", id="unknown-stream"),
        pytest.param("flush", {"streams": "x"}, 400, 'streams is "x"; give a list of names', id="not-a-list"),
        pytest.param("flush", {"stream": 1}, 400, "unknown: stream; allowed: streams, timeout_seconds", id="misspelt"),
        pytest.param(
            "flush",
            {"timeout_seconds": -1},
            400,
            "timeout_seconds is -1; give a number from 0 to 86400",
            id="negative-timeout",
        ),
        pytest.param(
            "flush", b'{"timeout_seconds": NaN}', 400, "timeout_seconds is NaN; give a number", id="no-number"
        ),
        pytest.param("flush", b'{"timeout_seconds": 1e999}', 400, "timeout_seconds is Infinity; give", id="for-ever"),
        pytest.param("flush", b'{"timeout_seconds": 1' + b"0" * 400 + b"}", 400, "timeout_seconds is 1000", id="huge"),
        pytest.param("flush", b"[" * 100_000, 400, "the body is not JSON: ", id="deep-json"),
        pytest.param("faults", b"{" * 5_000, 400, "the body is nested too deep", id="deep-yaml"),
        pytest.param("flush", b"[1]", 400, "the body is not a JSON object", id="not-an-object"),
        pytest.param("flush", b"{", 400, "the body is not JSON: ", id="not-json"),
        pytest.param("clock", {}, 400, 'give {"advance_seconds": n}, {"speed": x} or both', id="clock-without-a-move"),
        pytest.param(
            "clock", {"advance_seconds": -1}, 400, "advance_seconds is -1; give a number from 0 to 315360000", id="back"
        ),
        pytest.param("clock", {"speed": 0}, 400, "cannot run at speed 0.0; give a number above 0", id="stopped"),
        pytest.param("clock", {"speed": "fast"}, 400, 'speed is "fast"; give a number', id="speed-in-words"),
        pytest.param("faults", b"a: [", 400, "the body is neither JSON nor YAML: ", id="neither-json-nor-yaml"),
        pytest.param("nothing", {}, 404, "POST /_local_firehose/nothing is not known; known: GET ", id="unknown-path"),
    ],
)
def test_admin_request_that_cannot_be_carried_out(edge, name: str, body: object, status: int, error: str) -> None:
    answer = edge.ask("POST", name, body)
    assert answer.status == status
    assert answer.body["error"].startswith(error)


def test_clock_moves_for_everybody(make_service) -> None:
    service = make_service(settle_seconds=60)
    edge = Edge(service)
    service.create("a")
    answer = edge.ask("POST", "clock", {"advance_seconds": 60, "speed": 10})
    assert (answer.status, answer.body) == (200, {"now": "2024-05-17T03:01:00.000Z", "speed": 10.0})
    assert ("clock", 10.0) in service.engine.events
    assert service.describe("a")["DeliveryStreamStatus"] == "ACTIVE"


def test_faults_are_taken_as_json_or_yaml(edge) -> None:
    assert edge.ask("POST", "faults", b"rules:\n- share: 0.5\n").body == {"rules": [{"share": 0.5}]}
    assert edge.ask("GET", "faults").body == {"rules": [{"share": 0.5}]}
    assert edge.ask("DELETE", "faults").body is None


def test_faults_that_the_engine_refuses(edge, monkeypatch) -> None:
    async def refuse(document: object) -> object:
        raise AdminRequestError("rules[0].share is 2; give 0 to 1")

    monkeypatch.setattr(edge.service.engine, "set_faults", refuse)
    answer = edge.ask("POST", "faults", {"rules": []})
    assert (answer.status, answer.body) == (400, {"error": "rules[0].share is 2; give 0 to 1"})
