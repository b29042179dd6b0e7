"""One attempt to write an object, against moto's S3."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import boto3
import pytest

from local_firehose import object_store
from local_firehose.object_store import ObjectStoreError, ObjectToPut, S3ObjectStore


@pytest.fixture
def store(cloud: Any) -> S3ObjectStore:
    assert cloud.bucket
    return S3ObjectStore(boto3.session.Session())


def target(bucket: str, key: str = "a/b", **changes: Any) -> ObjectToPut:
    members: dict[str, Any] = {"content_encoding": None, "kms_key_arn": None, "region": "us-east-1", **changes}
    return ObjectToPut(stream_name="s", bucket=bucket, key=key, body=b"body", **members)


@pytest.mark.parametrize(
    "key",
    [
        pytest.param("plain/2024/05/17/03/s-1-x.gz", id="plain"),
        pytest.param("a b+c%20=&#?'()!~*é/x", id="characters"),
        pytest.param("/leading", id="leading-slash"),
        pytest.param("two//slashes", id="empty-segment"),
        pytest.param("a/../b/./c", id="dots"),
        pytest.param("x/", id="trailing-slash"),
    ],
)
def test_a_key_is_kept_as_it_is(cloud: Any, store: S3ObjectStore, key: str) -> None:
    store.put(target(cloud.bucket, key))
    assert cloud.objects() == {key: b"body"}


@pytest.mark.parametrize("key", ["a/b", "a//b"], ids=["fast", "exact"])
def test_headers_are_those_of_firehose(cloud: Any, store: S3ObjectStore, key: str) -> None:
    kms = "arn:aws:kms:us-east-1:123456789012:key/0000"
    store.put(target(cloud.bucket, key, content_encoding="gzip", kms_key_arn=kms))
    head = cloud.client("s3").head_object(Bucket=cloud.bucket, Key=key)
    found = {name: head.get(name) for name in ("ContentType", "ContentEncoding", "ServerSideEncryption", "SSEKMSKeyId")}
    assert found == {
        "ContentType": "application/octet-stream",
        "ContentEncoding": "gzip",
        "ServerSideEncryption": "aws:kms",
        "SSEKMSKeyId": kms,
    }


class Bucket(BaseHTTPRequestHandler):
    """Takes every object and remembers how its body was signed."""

    signed: ClassVar[list[str]] = []

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.signed.append(self.headers["x-amz-content-sha256"])
        self.send_response(200)
        self.send_header("ETag", '"0"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.parametrize(
    ("is_here", "signed"),
    [
        pytest.param(True, "UNSIGNED-PAYLOAD", id="loopback"),
        pytest.param(False, hashlib.sha256(b"body").hexdigest(), id="elsewhere"),
    ],
)
def test_a_body_is_hashed_unless_it_stays_on_this_machine(
    monkeypatch: pytest.MonkeyPatch, is_here: bool, signed: str
) -> None:
    monkeypatch.setattr(object_store, "is_on_this_machine", lambda _endpoint: is_here)
    monkeypatch.setattr(Bucket, "signed", [])
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with ThreadingHTTPServer(("127.0.0.1", 0), Bucket) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        S3ObjectStore(boto3.session.Session()).put(target("bucket"))
        server.shutdown()
    assert Bucket.signed == [signed]


@pytest.mark.parametrize("key", ["a/b", "a//b"], ids=["fast", "exact"])
def test_a_missing_bucket_has_firehoses_own_code(store: S3ObjectStore, key: str) -> None:
    with pytest.raises(ObjectStoreError, match=r"^S3\.NoSuchBucket: The specified bucket does not exist$"):
        store.put(target("no-such-bucket-here", key))


@pytest.mark.parametrize("key", ["a/b", "a//b"], ids=["fast", "exact"])
def test_an_endpoint_that_is_away_is_an_internal_error(cloud: Any, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(ObjectStoreError) as caught:
        S3ObjectStore(boto3.session.Session()).put(target(cloud.bucket, key))
    assert caught.value.code == "InternalError"
