"""One attempt to write an object, against moto's S3."""

from typing import Any

import boto3
import pytest

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
