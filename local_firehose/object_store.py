"""Write objects to S3, one attempt a call; what went wrong comes back under Firehose's own error codes.

Talks to: S3 at the endpoint of AWS's environment. obstore does the work (an eighth of boto3's CPU for a small object); the rare key that
it would rewrite, with an empty or dotted segment, goes through boto3, because Firehose keeps such keys as they are.
Source: https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-logs.html
"""

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import botocore.exceptions
import obstore
from botocore.config import Config
from obstore.exceptions import BaseError
from obstore.store import S3Store

CONTENT_TYPE = "application/octet-stream"  # observed: always
_UNSAFE_KEY = re.compile(r"^/|//|/$|(?:^|/)\.\.?(?:/|$)|[\x00-\x1f\x7f]")
_ERROR_CODE = re.compile(r"<Code>([^<]+)</Code>")
_ERROR_MESSAGE = re.compile(r"<Message>([^<]*)</Message>")

# documented: the S3 codes of Firehose's error log
_LOG_CODES = {
    "AccessDenied": "S3.AccessDenied",
    "InvalidAccessKeyId": "S3.AccessDenied",
    "SignatureDoesNotMatch": "S3.AccessDenied",
    "NoSuchBucket": "S3.NoSuchBucket",
    "KMS.NotFoundException": "S3.KMS.NotFoundException",
    "KMS.RequestLimitExceeded": "S3.KMS.RequestLimitExceeded",
    "AccountProblem": "S3.AccountProblem",
    "AllAccessDisabled": "S3.AllAccessDisabled",
    "InvalidPayer": "S3.InvalidPayer",
    "NotSignedUp": "S3.NotSignedUp",
    "MethodNotAllowed": "S3.MethodNotAllowed",
}


@dataclass(frozen=True, slots=True)
class ObjectToPut:
    """One PUT: for which stream, where to, what, and how it is described."""

    stream_name: str
    region: str
    bucket: str
    key: str
    body: bytes
    content_encoding: str | None
    kms_key_arn: str | None


class ObjectStoreError(Exception):
    """An object could not be written; `code` is the error code of Firehose's log."""

    def __init__(self, code: str, message: str) -> None:
        self.code, self.message = code, message
        super().__init__(f"{code}: {message}")


class S3ObjectStore:
    """Objects of any bucket and Region; safe to use from several threads.

    `session` is a boto3 session (credentials, endpoint, Region by AWS's usual rules).
    """

    def __init__(self, session: Any, *, timeout_seconds: float = 30) -> None:
        self._session = session
        self._timeout_seconds = timeout_seconds
        self._stores: dict[tuple[str, str, str | None], S3Store] = {}
        self._clients: dict[str, Any] = {}
        self._bucket_regions: dict[str, str] = {}
        self._lock = threading.Lock()

    def put(self, target: ObjectToPut) -> None:
        """Write one object, in one attempt.

        Raises:
            ObjectStoreError: it is not known to be written.
        """
        region = self._bucket_regions.get(target.bucket, target.region)
        if _UNSAFE_KEY.search(target.key):
            self._put_with_boto3(target, region)
            return
        try:
            store = self._store(target.bucket, region, target.kms_key_arn)
            obstore.put(store, target.key, target.body, attributes=_attributes(target), use_multipart=False)
        except (BaseError, OSError) as error:  # obstore raises FileNotFoundError and PermissionError as the built-ins
            raise self._read_error(str(error), target) from error
        except botocore.exceptions.BotoCoreError as error:
            raise ObjectStoreError("S3.AccessDenied", str(error)) from error

    def _store(self, bucket: str, region: str, kms_key_arn: str | None) -> S3Store:
        with self._lock:
            store = self._stores.get((bucket, region, kms_key_arn))
            if store is None:
                store = self._new_store(bucket, region, kms_key_arn)
                self._stores[bucket, region, kms_key_arn] = store
            return store

    def _new_store(self, bucket: str, region: str, kms_key_arn: str | None) -> S3Store:
        endpoint: str = self._client(region).meta.endpoint_url
        by_path = re.search(r"\.amazonaws\.com(\.cn)?$", endpoint) is None
        options: dict[str, Any] = {"endpoint": endpoint, "virtual_hosted_style_request": False} if by_path else {}
        if kms_key_arn:
            options |= {"sse_kms_key_id": kms_key_arn, "server_side_encryption": "aws:kms"}
        if is_on_this_machine(endpoint):
            # nothing lies between that could change a body, and to hash it is a fifth of a PUT
            options["unsigned_payload"] = True
        return S3Store(
            bucket,
            region=region,
            credential_provider=_credentials(self._session),
            client_options={"allow_http": True, "timeout": f"{self._timeout_seconds}s", "connect_timeout": "5s"},
            retry_config={"max_retries": 0},
            **options,
        )

    def _client(self, region: str) -> Any:
        client = self._clients.get(region)
        if client is None:
            config = Config(
                connect_timeout=5,
                read_timeout=self._timeout_seconds,
                retries={"total_max_attempts": 1},
                request_checksum_calculation="when_required",
            )
            client = self._clients[region] = self._session.client("s3", region_name=region, config=config)
        return client

    def _put_with_boto3(self, target: ObjectToPut, region: str) -> None:
        options: dict[str, Any] = {}
        if target.content_encoding is not None:
            options["ContentEncoding"] = target.content_encoding
        if target.kms_key_arn:
            options |= {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": target.kms_key_arn}
        with self._lock:
            client = self._client(region)
        try:
            client.put_object(
                Bucket=target.bucket, Key=target.key, Body=target.body, ContentType=CONTENT_TYPE, **options
            )
        except botocore.exceptions.ClientError as error:
            found = error.response.get("Error", {})
            raise _known_error(found.get("Code", ""), found.get("Message", str(error))) from error
        except botocore.exceptions.BotoCoreError as error:
            raise ObjectStoreError("InternalError", str(error)) from error

    def _read_error(self, text: str, target: ObjectToPut) -> ObjectStoreError:
        code = _ERROR_CODE.search(text)
        if code is None:
            return ObjectStoreError("InternalError", text.partition("\n")[0].strip())
        if code[1] in {"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"}:
            self._find_bucket_region(target)
        message = _ERROR_MESSAGE.search(text)
        return _known_error(code[1], message[1] if message else text.partition("\n")[0])

    def _find_bucket_region(self, target: ObjectToPut) -> None:
        """Learn where a bucket of another Region lies, so that the next attempt goes there."""
        with self._lock:
            client = self._client(target.region)
        try:
            response: Mapping[str, Any] = client.head_bucket(Bucket=target.bucket)
        except botocore.exceptions.ClientError as error:
            response = error.response
        except botocore.exceptions.BotoCoreError:
            return
        region = response.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("x-amz-bucket-region")
        if region:
            self._bucket_regions[target.bucket] = str(region)


def _attributes(target: ObjectToPut) -> dict[str, str]:
    attributes = {"Content-Type": CONTENT_TYPE}
    if target.content_encoding is not None:
        attributes["Content-Encoding"] = target.content_encoding
    return attributes


def _known_error(code: str, message: str) -> ObjectStoreError:
    log_code = next((known for name, known in _LOG_CODES.items() if code.endswith(name)), "InternalError")
    return ObjectStoreError(log_code, message if log_code != "InternalError" else f"{code}: {message}")


def is_on_this_machine(endpoint: str) -> bool:
    """Tell whether an endpoint is reached over loopback.

    >>> is_on_this_machine("http://127.0.0.1:4566"), is_on_this_machine("https://s3.us-east-1.amazonaws.com")
    (True, False)
    """
    host = urlsplit(endpoint).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _credentials(session: Any) -> Callable[[], dict[str, Any]]:
    """Return obstore's view of the session's credentials, asked again when they expire."""

    def provide() -> dict[str, Any]:
        credentials = session.get_credentials()
        if credentials is None:
            raise botocore.exceptions.NoCredentialsError
        frozen = credentials.get_frozen_credentials()
        return {
            "access_key_id": frozen.access_key,
            "secret_access_key": frozen.secret_key,
            "token": frozen.token,
            "expires_at": getattr(credentials, "_expiry_time", None),
        }

    return provide
