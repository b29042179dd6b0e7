from datetime import UTC, datetime, timedelta

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest
from botocore.credentials import ReadOnlyCredentials
from hypothesis import given
from hypothesis import strategies as st

from producers.request_template import RequestTemplate

KEYS = ReadOnlyCredentials("AKIAEXAMPLE", "secret", None)
WITH_TOKEN = ReadOnlyCredentials("ASIAEXAMPLE", "other/secret", "token+/=")
UNSIGNED = {"Authorization", "Content-Length", "amz-sdk-invocation-id"}
AT = datetime(2026, 11, 22, 8, 0, 1, tzinfo=UTC)
HEADERS = {
    "X-Amz-Target": "Firehose_20150804.PutRecordBatch",
    "Content-Type": "application/x-amz-json-1.1",
    "User-Agent": "Boto3/1",
}


def signed(
    keys: ReadOnlyCredentials = KEYS,
    *,
    body: bytes = b"{}",
    url: str = "https://firehose.eu-west-1.amazonaws.com/",
    method: str = "POST",
    **headers: str,
) -> AWSPreparedRequest:
    request = AWSRequest(method, url, {**HEADERS, **headers}, body)
    SigV4Auth(keys, "firehose", "eu-west-1").add_auth(request)
    request.headers["amz-sdk-invocation-id"] = "first"
    return request.prepare()


def botocore_signature(request: AWSPreparedRequest, keys: ReadOnlyCredentials) -> str:
    """What botocore's signer says about a request with its time already set."""
    headers = {name: value for name, value in request.headers.items() if name not in UNSIGNED}
    again = AWSRequest("POST", request.url, headers, bytes(request.body))
    again.context["timestamp"] = request.headers["X-Amz-Date"]
    signer = SigV4Auth(keys, "firehose", "eu-west-1")
    return signer.signature(signer.string_to_sign(again, signer.canonical_request(again)), again)


@given(
    st.sampled_from(["https://firehose.eu-west-1.amazonaws.com/", "http://127.0.0.1:4566/", "https://host:443", "http://[::1]:9/"]),
    st.lists(st.tuples(st.binary(), st.timedeltas(timedelta(0), timedelta(days=400)), st.integers(0, 9)), min_size=1),
    st.booleans(),
)  # fmt: skip
def test_every_request_bears_the_signature_botocore_would_give(url, calls, has_token) -> None:
    first = WITH_TOKEN if has_token else KEYS
    template = RequestTemplate.learn(signed(first, url=url), first)
    assert template is not None
    for body, later, number in calls:  # dates and secrets change
        keys = first._replace(secret_key=f"{first.secret_key}{number}", token=f"t{number}" if has_token else None)
        request = template.request(bytearray(body), keys=keys, at=AT + later, invocation_id="later")
        assert request.headers["Authorization"].endswith(f"Signature={botocore_signature(request, keys)}")
        assert (request.body, request.headers["Content-Length"]) == (body, str(len(body)))
        assert request.headers["amz-sdk-invocation-id"] == "later"
        assert request.headers.get("X-Amz-Security-Token") == keys.token


@pytest.mark.parametrize(
    ("request_seen", "keys"),
    [
        pytest.param(signed(), KEYS._replace(secret_key="rotated"), id="signed-with-other-keys"),
        pytest.param(signed(WITH_TOKEN), KEYS, id="signed-with-a-token-that-is-gone"),
        pytest.param(signed(url="https://host/?Action=x"), KEYS, id="query"),
        pytest.param(signed(method="PUT"), KEYS, id="method"),
        pytest.param(signed(**{"Content-MD5": "x"}), KEYS, id="header-that-depends-on-the-body"),
        pytest.param(signed(**{"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"}), KEYS, id="unsigned-payload"),
        pytest.param(signed(**{"Amz-Sdk-Invocation-Id": "x"}), KEYS, id="id-of-the-call-is-signed"),
        pytest.param(AWSRequest("POST", "https://host/", HEADERS, b"{}").prepare(), KEYS, id="not-signed"),
    ],
)
def test_request_that_would_not_come_out_the_same_is_no_template(request_seen, keys) -> None:
    assert RequestTemplate.learn(request_seen, keys) is None
