"""Read a bucket: list keys, fetch objects whole or by their tail, many at a time.

Talks to: S3 through boto3 (listing, odd keys) and obstore (bodies), at the endpoint and with the credentials of AWS's own configuration.
Listing goes through boto3 because keys with empty segments (``a//b``) are legal in S3 and obstore's paths refuse them. Keys are asked for
as they are: boto3 would have them percent-encoded, and LocalStack compares encoded keys with the token of a page, which is not encoded, so
that a second page of ``store_id=…`` keys comes back empty (observed: LocalStack 4.13.1 and 4.14.0).
"""

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

import boto3
import botocore.exceptions
import botocore.parsers
from botocore.compat import unquote_str
from botocore.handlers import set_list_objects_encoding_type_url
from obstore.auth.boto3 import Boto3CredentialProvider
from obstore.exceptions import BaseError
from obstore.store import S3Store

from validators.errors import UnreachableError

_PLAIN_KEY = re.compile(r"(?:[A-Za-z0-9_=!'()*+,@:.-]+/)*[A-Za-z0-9_=!'()*+,@:.-]+")
PAGE_KEYS = 1000
IN_FLIGHT = 64
IN_FLIGHT_BYTES = 48 * 1024 * 1024
_T = TypeVar("_T")
_R = TypeVar("_R")


@dataclass(frozen=True, slots=True)
class ObjectSummary:
    """One key of a listing; `modified_at` is aware."""

    key: str
    size_bytes: int
    modified_at: datetime
    etag: str


@dataclass(frozen=True, slots=True)
class ObjectBody:
    """Bytes of an object, whole or a part, and its headers; `content_encoding` is empty where none is set."""

    data: Any  # bytes-like: obstore hands out buffers that pyarrow reads without a copy
    content_type: str
    content_encoding: str


class ObjectReader(Protocol):
    """What checks need of a bucket; tests and the self-test give one that lives in memory."""

    @property
    def name(self) -> str:
        """The bucket's name."""
        ...

    def list(self, prefix: str) -> Iterator[ObjectSummary]:
        """Yield every object below `prefix`, in key order."""
        ...

    def read(self, key: str) -> ObjectBody:
        """Return the whole object."""
        ...

    def read_range(self, key: str, start: int, end: int) -> ObjectBody:
        """Return bytes [start, end) of the object."""
        ...


class S3Bucket:
    """A bucket at an S3 endpoint."""

    def __init__(self, name: str, session: boto3.session.Session, region: str) -> None:
        self.name = name
        self._client = session.client("s3", region_name=region)
        self._client.meta.events.unregister(
            "before-parameter-build.s3.ListObjectsV2", set_list_objects_encoding_type_url
        )
        endpoint = self._client.meta.endpoint_url
        self._store = S3Store(
            name,
            endpoint=endpoint,
            region=region,
            virtual_hosted_style_request=False,
            client_options={"allow_http": endpoint.startswith("http://"), "timeout": "120s"},
            retry_config={"max_retries": 4, "retry_timeout": timedelta(seconds=60)},
            credential_provider=Boto3CredentialProvider(session),
        )

    def answers(self) -> bool:
        """Return whether the bucket exists and may be read.

        Raises:
            UnreachableError: the endpoint itself does not answer.
        """
        try:
            self._client.head_bucket(Bucket=self.name)
        except botocore.exceptions.ClientError:
            return False
        except botocore.exceptions.BotoCoreError as exc:
            raise UnreachableError(
                f"s3://{self.name}", _first_line(exc), "check AWS_ENDPOINT_URL, region and credentials"
            ) from exc
        return True

    def list(self, prefix: str) -> Iterator[ObjectSummary]:
        """Yield every object below `prefix`, in key order."""
        more: dict[str, str] = {}
        with _named(self.name):
            while True:
                page = self._page(Bucket=self.name, Prefix=prefix, MaxKeys=PAGE_KEYS, **more)
                for entry in page.get("Contents", ()):
                    yield ObjectSummary(entry["Key"], entry["Size"], entry["LastModified"], entry["ETag"])
                if not page.get("IsTruncated"):
                    return
                more = {"ContinuationToken": page["NextContinuationToken"]}

    def _page(self, **request: Any) -> dict[str, Any]:
        """Return a page of the listing; percent-encoded on the way only if a key has a character that XML can't."""
        try:
            return dict(self._client.list_objects_v2(**request))
        except botocore.parsers.ResponseParserError:  # AWS writes such a character as a reference that XML 1.0 forbids
            pass
        except botocore.exceptions.ClientError as exc:
            if exc.response["ResponseMetadata"]["HTTPStatusCode"] != 500:  # moto can't write it at all
                raise
        page = dict(self._client.list_objects_v2(**request, EncodingType="url"))
        return {**page, "Contents": [{**entry, "Key": unquote_str(entry["Key"])} for entry in page.get("Contents", ())]}

    def read(self, key: str) -> ObjectBody:
        """Return the whole object."""
        return self._read(key, None)

    def read_range(self, key: str, start: int, end: int) -> ObjectBody:
        """Return bytes [start, end) of the object."""
        return self._read(key, (start, end))

    def _read(self, key: str, span: tuple[int, int] | None) -> ObjectBody:
        if not _PLAIN_KEY.fullmatch(key) or "/../" in f"/{key}" or "/./" in f"/{key}":
            return self._read_odd(key, span)
        try:
            answer = self._store.get(key, options={"range": span} if span else None)
            attributes = answer.attributes
            return ObjectBody(
                answer.bytes(), str(attributes.get("Content-Type", "")), str(attributes.get("Content-Encoding", ""))
            )
        except (BaseError, OSError) as exc:  # obstore raises FileNotFoundError and PermissionError as Python's own
            raise UnreachableError(
                f"s3://{self.name}/{key}",
                _first_line(exc),
                "check the endpoint and that the caller may read the bucket",
            ) from exc

    def _read_odd(self, key: str, span: tuple[int, int] | None) -> ObjectBody:
        with _named(f"{self.name}/{key}"):
            ranged = {"Range": f"bytes={span[0]}-{span[1] - 1}"} if span else {}
            answer = self._client.get_object(Bucket=self.name, Key=key, **ranged)
            return ObjectBody(answer["Body"].read(), answer.get("ContentType", ""), answer.get("ContentEncoding", ""))


class _named:  # noqa: N801 - reads as a statement
    """Turn botocore's errors into ours, with the bucket or object named."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, botocore.exceptions.BotoCoreError | botocore.exceptions.ClientError):
            raise UnreachableError(
                f"s3://{self._what}",
                _first_line(error),
                "check AWS_ENDPOINT_URL, region and credentials, or run `make deploy`",
            ) from error


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def map_ordered(
    function: Callable[[_T], _R], items: Iterable[_T], *, size_of: Callable[[_T], int], workers: int = 8
) -> Iterator[tuple[_T, _R]]:
    """Apply `function` on threads and yield (item, result) in order.

    At most `IN_FLIGHT` results, and no more than `IN_FLIGHT_BYTES` by `size_of`, exist at once: that is what keeps memory flat.
    """
    pending: deque[tuple[_T, int, Future[_R]]] = deque()
    held = 0
    with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="read") as pool:
        try:
            for item in items:
                size = size_of(item)
                while pending and (len(pending) >= IN_FLIGHT or held + size > IN_FLIGHT_BYTES):
                    done, weight, future = pending.popleft()
                    yield done, future.result()
                    held -= weight
                pending.append((item, size, pool.submit(function, item)))
                held += size
            while pending:
                done, _, future = pending.popleft()
                yield done, future.result()
        finally:
            for _, _, future in pending:
                future.cancel()
