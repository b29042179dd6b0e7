import boto3
import pytest

from validators.bucket import S3Bucket
from validators.errors import UnreachableError

KEYS = [
    "a/plain",
    "a/odd name?#%20",
    "a//empty/segment",
    "/leading",
    "a/ümlaut",
    "a/../dots",
    "a/plus+and space",
    "a/\x01control",
]


@pytest.fixture
def bucket(cloud) -> S3Bucket:
    return S3Bucket(cloud.bucket, boto3.session.Session(), "ap-southeast-1")


@pytest.mark.parametrize("key", KEYS)
def test_object_of_any_legal_key_is_listed_and_read(cloud, bucket: S3Bucket, key: str) -> None:
    cloud.client("s3").put_object(
        Bucket=cloud.bucket, Key=key, Body=b"0123456789", ContentType="application/octet-stream", ContentEncoding="gzip"
    )
    assert key in {summary.key for summary in bucket.list("")}
    whole, part = bucket.read(key), bucket.read_range(key, 3, 6)
    assert (bytes(whole.data), whole.content_type, whole.content_encoding) == (
        b"0123456789",
        "application/octet-stream",
        "gzip",
    )
    assert bytes(part.data) == b"345"


@pytest.mark.parametrize("odd", ["", "\x02"], ids=["plain", "with-a-key-that-xml-cannot-hold"])
def test_listing_goes_on_past_a_page(cloud, bucket: S3Bucket, monkeypatch: pytest.MonkeyPatch, odd: str) -> None:
    monkeypatch.setattr("validators.bucket.PAGE_KEYS", 2)
    keys = [f"page{ord(odd or 'p')}/store_id=S{number}{odd}/a" for number in range(7)]
    for key in keys:
        cloud.client("s3").put_object(Bucket=cloud.bucket, Key=key, Body=b"")
    assert [summary.key for summary in bucket.list(keys[0].partition("/")[0] + "/")] == keys


def test_missing_object_is_named(bucket: S3Bucket) -> None:
    with pytest.raises(UnreachableError, match=r"s3://.*/gone: "):
        bucket.read("gone")


def test_missing_bucket_does_not_answer(cloud) -> None:
    assert S3Bucket("no-such-bucket-here", boto3.session.Session(), "ap-southeast-1").answers() is False
