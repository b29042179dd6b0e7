"""One call on the wire: the bytes are boto3's, and every failure is an answer."""

import json
import socket
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.config import Config
from botocore.credentials import Credentials

from producers.errors import ConfigError
from producers.put_client import PutClient
from producers.put_result import CallFailure, EntryFailure

RECORDS = [b"", b"one\n", "zwei \N{SNOWMAN}".encode(), bytes(range(256)), b'{"Data": "x"}, {']
VARYING = {"Content-Length", "X-Amz-Date", "amz-sdk-invocation-id", "Authorization", "amz-sdk-request", "User-Agent"}


@pytest.fixture
def client(session: boto3.Session, firehose) -> Iterator[Callable[..., PutClient]]:
    made = []

    def make(**arguments) -> PutClient:
        given = {"session": session, "region": "ap-southeast-1", "endpoint_url": firehose.endpoint, **arguments}
        made.append(PutClient(given.pop("stream", "events"), **{"read_timeout_seconds": 0.5, **given}))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.mark.parametrize("call", ["first", "later"])
@pytest.mark.parametrize("stream", ["events", 'odd-"name"-ü'], ids=["plain-name", "name-that-json-escapes"])
def test_request_equals_what_boto3_sends(session, firehose, client, stream, call) -> None:
    plain = session.client("firehose", region_name="ap-southeast-1", endpoint_url=firehose.endpoint,
                           config=Config(parameter_validation=False))  # fmt: skip
    plain.put_record_batch(DeliveryStreamName=stream, Records=[{"Data": record} for record in RECORDS])
    expected_headers, expected_body = firehose.last_request
    ours = client(stream=stream)
    ours._client.meta.config.parameter_validation = False
    for _ in range({"first": 1, "later": 3}[call]):
        assert ours.put(RECORDS) == ()
    headers, body = firehose.last_request
    plain.close()

    assert json.loads(body) == json.loads(expected_body)
    assert list(headers) == list(expected_headers)
    assert {name: value for name, value in headers.items() if name not in VARYING} == {
        name: value for name, value in expected_headers.items() if name not in VARYING
    }


@pytest.mark.parametrize("token", [None, "one-token"], ids=["long-lived-keys", "session-token"])
@pytest.mark.parametrize("calls", [1, 2], ids=["first-call", "later-call"])
def test_signature_covers_the_body_that_is_sent(firehose, client, monkeypatch, calls, token) -> None:
    if token:
        monkeypatch.setenv("AWS_SESSION_TOKEN", token)
    session = boto3.Session()
    one = client(session=session)
    for number in range(calls):
        assert one.put([b"signed", b"%d" % number]) == ()
    headers, body = firehose.last_request
    signed_names = headers["Authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
    lower = {name.lower(): value for name, value in headers.items()}
    request = AWSRequest("POST", firehose.endpoint + "/", {name: lower[name] for name in signed_names}, body)
    request.context["timestamp"] = headers["X-Amz-Date"]
    signer = SigV4Auth(session.get_credentials(), "firehose", "ap-southeast-1")
    signature = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
    assert headers["Authorization"].endswith(f"Signature={signature}")


def test_stored_records_are_the_ones_put(firehose, client) -> None:
    assert client().put(RECORDS) == ()
    assert firehose.ledger == [RECORDS]


def test_failed_entries_are_named_by_place_and_code(firehose, client) -> None:
    firehose.script("fail:1,3")
    assert client().put(RECORDS) == (
        EntryFailure(1, "ServiceUnavailableException", "Slow down."),
        EntryFailure(3, "ServiceUnavailableException", "Slow down."),
    )


@pytest.mark.parametrize("call", ["first", "later"])
@pytest.mark.parametrize(
    ("action", "code", "outcome_unknown", "is_final"),
    [
        pytest.param("throttle", "ServiceUnavailableException", False, False, id="throttled-call-stored-nothing"),
        pytest.param("500", "InternalFailure", True, False, id="internal-failure-may-have-stored"),
        pytest.param("cut", "ConnectionClosedError", True, False, id="cut-connection"),
        pytest.param("hang", "ReadTimeoutError", True, False, id="read-timeout"),
        pytest.param("garbage", "UnreadableReply", True, False, id="truncated-reply"),
        pytest.param("refuse:ThrottlingException", "ThrottlingException", False, False, id="throttling-as-400"),
        pytest.param("refuse:AccessDeniedException", "AccessDeniedException", False, True, id="no-permission"),
        pytest.param("refuse:ResourceNotFoundException", "ResourceNotFoundException", False, True, id="no-stream"),
    ],
)
def test_failed_call_says_whether_records_may_be_stored(
    firehose, client, action, code, outcome_unknown, is_final, call
) -> None:
    before = ["ok"] if call == "later" else []
    firehose.script(*before, action)
    one = client()
    for _ in before:
        assert one.put([b"before"]) == ()
    result = one.put([b"a", b"b"])
    assert isinstance(result, CallFailure)
    assert (result.code, result.outcome_unknown, result.is_final) == (code, outcome_unknown, is_final)


def test_refused_connection_stored_nothing(client) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        result = client(endpoint_url=f"http://127.0.0.1:{unused.getsockname()[1]}").put([b"a"])
    assert isinstance(result, CallFailure)
    assert (result.code, result.outcome_unknown, result.is_final) == ("EndpointConnectionError", False, False)


def test_credentials_that_change_sign_the_next_call(firehose, client) -> None:
    credentials = Credentials("AKIAFIRST", "secret")
    session = SimpleNamespace(client=boto3.Session(aws_access_key_id="AKIAFIRST", aws_secret_access_key="secret").client,
                              get_credentials=lambda: credentials)  # fmt: skip
    one = client(session=session)
    assert one.put([b"a"]) == ()
    credentials.access_key = "AKIASECOND"
    assert one.put([b"b"]) == ()
    assert "Credential=AKIASECOND/" in firehose.last_request[0]["Authorization"]


def test_credentials_of_another_kind_make_an_ordinary_call(firehose, client, session) -> None:
    one = client()
    assert one.put([b"a"]) == ()
    session.get_credentials().token = "now-with-a-token"
    for _ in range(2):
        assert one.put([b"b"]) == ()
        assert firehose.last_request[0]["X-Amz-Security-Token"] == "now-with-a-token"


def test_listener_that_answers_in_place_of_aws_is_heard_on_every_call(firehose, client) -> None:
    one = client()
    assert one.put([b"sent"]) == ()
    stub = AWSResponse(
        "", 200, {}, SimpleNamespace(stream=lambda: [b'{"FailedPutCount":0,"RequestResponses":[{"RecordId":"1"}]}'])
    )
    one._client.meta.events.register("before-send.firehose.PutRecordBatch", lambda **_: stub)
    assert one.put([b"kept"]) == ()
    assert firehose.records == [b"sent"]


def test_without_the_connections_of_the_client_every_call_is_an_ordinary_one(firehose, client) -> None:
    one = client()
    one._may_learn = False
    for _ in range(2):
        assert one.put([b"a"]) == ()
    assert one._template is None
    assert firehose.records == [b"a", b"a"]


def test_client_never_retries_by_itself(firehose, client) -> None:
    firehose.script("throttle", "ok")
    client().put([b"a"])
    assert firehose.summary["calls"] == 1


def test_missing_credentials_are_final(firehose, client, monkeypatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    one = PutClient("events", session=boto3.Session(), region="ap-southeast-1", endpoint_url=firehose.endpoint)
    result = one.put([b"a"])
    one.close()
    assert result == CallFailure("NoCredentials", "Unable to locate credentials", is_final=True)


def test_missing_region_says_how_to_set_one(session, monkeypatch) -> None:
    monkeypatch.delenv("AWS_REGION")
    with pytest.raises(
        ConfigError, match="no AWS Region is set: give --region, or set AWS_REGION or AWS_DEFAULT_REGION"
    ):
        PutClient("events", session=session)


def test_endpoint_that_is_no_url_is_named(session) -> None:
    with pytest.raises(ConfigError, match="Invalid endpoint: nowhere; give a URL such as http"):
        PutClient("events", session=session, region="us-east-1", endpoint_url="nowhere")
