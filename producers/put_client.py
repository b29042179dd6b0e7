"""One PutRecordBatch call through boto3, without boto3's per-record work.

Talks to: Firehose. The first call is an ordinary `client.put_record_batch`: credentials chain, endpoint rules, signing, proxies, TLS and
HTTP are botocore's own. Two of its documented events take the per-record work away: `before-call` replaces the body, which
`request_body` writes at once, and `before-parse` reads the reply, so that neither is built record by record. Later calls are the first
one's request with another body (`request_template`), through the same connections of the same client; where that would not come out the
same, each call is an ordinary one. Retries are off here: the sender retries failed entries only, within a budget of time, and must see
every timeout.
Source: https://docs.aws.amazon.com/boto3/latest/guide/events.html
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import boto3
from botocore.awsrequest import AWSPreparedRequest
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    HTTPClientError,
    InvalidRegionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProxyConnectionError,
    SSLError,
)
from botocore.parsers import create_parser

from producers.errors import ConfigError
from producers.put_result import CallFailure, PutResult, read_reply
from producers.request_body import BodyWriter
from producers.request_template import RequestTemplate

_PLACEHOLDER = [{"Data": b""}]
_BEFORE_SEND = "before-send.firehose.PutRecordBatch"

# documented: https://docs.aws.amazon.com/firehose/latest/APIReference/CommonErrors.html and botocore's own retry rules
_RETRIED_CODES = frozenset(
    {
        "ServiceUnavailableException",
        "ServiceUnavailable",
        "InternalFailure",
        "InternalServerError",
        "ThrottlingException",
        "Throttling",
        "ThrottledException",
        "RequestThrottled",
        "RequestThrottledException",
        "TooManyRequestsException",
        "RequestLimitExceeded",
        "LimitExceededException",
        "BandwidthLimitExceeded",
        "ProvisionedThroughputExceededException",
        "SlowDown",
        "RequestTimeout",
        "RequestTimeoutException",
        "PriorRequestNotComplete",
        "TransactionInProgressException",
    }
)
_THROTTLES = _RETRIED_CODES - {
    "InternalFailure",
    "InternalServerError",
    "RequestTimeout",
    "RequestTimeoutException",
}


class PutClient:
    """PutRecordBatch on one delivery stream; safe to share between threads."""

    def __init__(
        self,
        stream: str,
        *,
        region: str | None = None,
        endpoint_url: str | None = None,
        session: Any = None,
        connections: int = 4,
        connect_timeout_seconds: float = 5.0,
        read_timeout_seconds: float = 30.0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Build the boto3 client; None leaves Region, endpoint and credentials to AWS's own configuration.

        Raises:
            ConfigError: no Region is configured, or the endpoint is not a URL.
        """
        self.stream = stream
        config = Config(
            retries={"total_max_attempts": 1, "mode": "standard"},
            max_pool_connections=connections,
            connect_timeout=connect_timeout_seconds,
            read_timeout=read_timeout_seconds,
            tcp_keepalive=True,
        )
        session = session or boto3.Session()
        try:
            self._client = session.client("firehose", region_name=region, endpoint_url=endpoint_url, config=config)
            self._credentials = session.get_credentials()
        except NoRegionError as error:
            raise ConfigError("no AWS Region is set: give --region, or set AWS_REGION or AWS_DEFAULT_REGION") from error
        except (ValueError, BotoCoreError) as error:
            raise ConfigError(f"no Firehose client can be made: {error}{_hint(error)}") from error
        self._now = now
        self._call = threading.local()
        events = self._client.meta.events
        events.register("before-call.firehose.PutRecordBatch", self._replace_body)
        events.register("before-parse.firehose.PutRecordBatch", self._read_reply)
        events.register_last(_BEFORE_SEND, self._learn)
        self._template: RequestTemplate | None = None
        # The one thing taken that botocore does not publish: the client's connections. Without it every call is an ordinary one.
        self._http: Any = getattr(getattr(self._client, "_endpoint", None), "http_session", None)
        self._may_learn = self._credentials is not None and self._http is not None

    @property
    def region(self) -> str:
        """The Region that requests are signed for."""
        return str(self._client.meta.region_name)

    @property
    def endpoint_url(self) -> str:
        """Where requests go."""
        return str(self._client.meta.endpoint_url)

    def put(self, records: Sequence[bytes]) -> PutResult:
        """Send one batch within Firehose's limits; every failure is an answer, never an exception."""
        body, template = self._body(records), self._template
        try:
            if template is not None:
                keys = self._credentials.get_frozen_credentials()
                if template.has_token == bool(keys.token):
                    at, invocation_id = self._now(), str(uuid4())
                    return self._send(
                        template.request(body, keys=keys, at=at, invocation_id=invocation_id), len(records)
                    )
            return self._call_client(bytes(body), len(records))
        except ClientError as error:
            return _client_failure(error.response)
        except BotoCoreError as error:
            return _transport_failure(error)

    def close(self) -> None:
        """Close the pooled connections."""
        self._client.close()

    def _body(self, records: Sequence[bytes]) -> bytearray:
        try:
            writer: BodyWriter = self._call.writer
        except AttributeError:  # the thread's first call
            writer = self._call.writer = BodyWriter(self.stream)
        return writer.write(records)

    def _call_client(self, body: bytes, count: int) -> PutResult:
        self._call.body, self._call.count, self._call.result = body, count, None
        self._client.put_record_batch(DeliveryStreamName=self.stream, Records=_PLACEHOLDER)
        result: PutResult | None = self._call.result
        if result is None:
            return CallFailure("UnreadableReply", "the reply was not read", outcome_unknown=True)
        return result

    def _send(self, request: AWSPreparedRequest, count: int) -> PutResult:
        # Whoever listens to botocore may answer in its place, as stubs in tests do.
        _, answer = self._client.meta.events.emit_until_response(_BEFORE_SEND, request=request)
        if answer is None:
            answer = self._http.send(request)
        if answer.status_code == 200:
            return read_reply(answer.content, count)
        reply = {"headers": answer.headers, "status_code": answer.status_code, "body": answer.content, "context": {}}
        model = self._client.meta.service_model
        parsed = create_parser(model.resolved_protocol).parse(
            reply, model.operation_model("PutRecordBatch").output_shape
        )
        return _client_failure(parsed)

    def _learn(self, request: AWSPreparedRequest, **_: object) -> None:
        if self._template is None and self._may_learn:
            self._template = RequestTemplate.learn(request, self._credentials.get_frozen_credentials())
            self._may_learn = self._template is not None

    def _replace_body(self, params: dict[str, Any], **_: object) -> None:
        params["body"] = self._call.body

    def _read_reply(self, response_dict: dict[str, Any], **_: object) -> None:
        if response_dict["status_code"] == 200:
            self._call.result = read_reply(response_dict["body"], self._call.count)
            response_dict["body"] = b"{}"


def _hint(error: Exception) -> str:
    if isinstance(error, PartialCredentialsError):
        return "; set the other half too, or neither"
    if isinstance(error, InvalidRegionError):
        return " Give a Region such as eu-west-1"
    if "Invalid endpoint" in str(error):
        return "; give a URL such as http://127.0.0.1:4566"
    return ""


def _client_failure(reply: Mapping[str, Any]) -> CallFailure:
    details = reply.get("Error", {})
    code, message = str(details.get("Code", "Unknown")), str(details.get("Message", ""))
    status = int(reply.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code in _THROTTLES or status == 429:
        return CallFailure(code, message)
    # documented: API_PutRecordBatch.html, "timeouts" and internal errors may have stored the records
    if code in _RETRIED_CODES or status >= 500:
        return CallFailure(code, message or f"HTTP {status}", outcome_unknown=True)
    return CallFailure(code, message, is_final=True)


def _transport_failure(error: BotoCoreError) -> CallFailure:
    name = type(error).__name__
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return CallFailure("NoCredentials", str(error), is_final=True)
    if isinstance(error, SSLError):
        return CallFailure(name, str(error), is_final="CERTIFICATE_VERIFY_FAILED" in str(error))
    if isinstance(
        error, EndpointConnectionError | ConnectTimeoutError | ProxyConnectionError | CredentialRetrievalError
    ):
        return CallFailure(name, str(error))  # nothing was sent
    if isinstance(error, HTTPClientError):  # read timeouts, connections closed or cut: the request may have arrived
        return CallFailure(name, str(error), outcome_unknown=True)
    return CallFailure(name, str(error), is_final=True)
