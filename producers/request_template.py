"""One request as botocore wrote it, to be sent again with another body and a fresh signature.

Pure: credentials, time and ids are arguments. All that botocore decides a call (endpoint rules, headers, user agent) is the same for every
PutRecordBatch of a stream, so it is decided once. A request is taken as a template only if signing it here gives botocore's own signature;
whatever is configured that this module does not know (another signature version, unsigned payloads) ends there.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Protocol
from urllib.parse import urlsplit

from botocore.awsrequest import AWSPreparedRequest, HeadersDict

_ALGORITHM = "AWS4-HMAC-SHA256"
_AUTHORIZATION = re.compile(
    _ALGORITHM + r" Credential=(?P<access_key>[^/]+)/\d{8}/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request, "
    r"SignedHeaders=(?P<names>[^,]+), Signature=(?P<signature>[0-9a-f]{64})"
)
_TIME = "%Y%m%dT%H%M%SZ"
_TOKEN = "X-Amz-Security-Token"  # noqa: S105 -- a header's name
_OF_ONE_BODY = ("content-md5", "content-encoding", "transfer-encoding", "x-amz-content-sha256", "x-amz-checksum-")
_AFTER_SIGNING = {"amz-sdk-invocation-id", "content-length"}
_DEFAULT_PORTS = {"http": 80, "https": 443}


class Keys(Protocol):
    """Credentials at one moment, as botocore freezes them."""

    access_key: str
    secret_key: str
    token: str | None


class RequestTemplate:
    """Writes requests like one that was seen; safe to share between threads."""

    def __init__(self, url: str, headers: Mapping[str, str], *, region: str, service: str, names: str) -> None:
        self._url, self._headers = url, dict(headers)
        self._region, self._service, self._names = region, service, names
        parts = urlsplit(url)
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
        if parts.port not in (None, _DEFAULT_PORTS.get(parts.scheme)):
            host = f"{host}:{parts.port}"
        self._head = f"POST\n{parts.path or '/'}\n\n"
        self._signed = {"host": host, **{name.lower(): value.strip() for name, value in headers.items()}}
        self.has_token = _TOKEN in self._headers
        self._signing_key: tuple[tuple[str, str], bytes] = ("", ""), b""

    @classmethod
    def learn(cls, request: AWSPreparedRequest, keys: Keys) -> "RequestTemplate | None":
        """Return the template of a request that botocore signed with `keys`, or None when it would not come out the same."""
        headers = {name: _text(value) for name, value in request.headers.items()}
        found = _AUTHORIZATION.fullmatch(headers.get("Authorization", ""))
        if found is None or request.method != "POST" or not isinstance(request.body, bytes):
            return None
        if any(name.lower().startswith(_OF_ONE_BODY) for name in headers):
            return None
        template = cls(request.url, headers, region=found["region"], service=found["service"], names=found["names"])
        needed = {"x-amz-date", *(["x-amz-security-token"] if keys.token else [])}
        names = set(found["names"].split(";"))
        if not needed <= names <= template._signed.keys() - _AFTER_SIGNING:
            return None
        again = template._authorization(request.body, keys, template._signed["x-amz-date"])
        return template if again == headers["Authorization"] else None

    def request(self, body: bytes | bytearray, *, keys: Keys, at: datetime, invocation_id: str) -> AWSPreparedRequest:
        """Return the request with `body`, signed at `at` (aware); `keys` have a token exactly if `has_token`."""
        time = at.strftime(_TIME)
        headers = HeadersDict(self._headers)
        headers["X-Amz-Date"] = time
        if keys.token:
            headers[_TOKEN] = keys.token
        if "amz-sdk-invocation-id" in headers:
            headers["amz-sdk-invocation-id"] = invocation_id
        headers["Content-Length"] = str(len(body))
        headers["Authorization"] = self._authorization(body, keys, time)
        return AWSPreparedRequest("POST", self._url, headers, body, False)

    def _authorization(self, body: bytes | bytearray, keys: Keys, time: str) -> str:
        values = {**self._signed, "x-amz-date": time, "x-amz-security-token": keys.token}
        lines = "".join([f"{name}:{values[name]}\n" for name in self._names.split(";")])
        canonical = f"{self._head}{lines}\n{self._names}\n{sha256(body).hexdigest()}"
        scope = f"{time[:8]}/{self._region}/{self._service}/aws4_request"
        to_sign = f"{_ALGORITHM}\n{time}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
        signature = _hmac(self._key(keys.secret_key, time[:8]), to_sign).hex()
        return f"{_ALGORITHM} Credential={keys.access_key}/{scope}, SignedHeaders={self._names}, Signature={signature}"

    def _key(self, secret: str, date: str) -> bytes:
        made_for, key = self._signing_key
        if made_for != (secret, date):
            key = f"AWS4{secret}".encode()
            for text in (date, self._region, self._service, "aws4_request"):
                key = _hmac(key, text)
            self._signing_key = (secret, date), key  # one assignment: another thread sees the old pair or the new one
        return key


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
