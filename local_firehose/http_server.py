"""The HTTP edge: Firehose's JSON 1.1 on ``POST /``, the admin path below ``/_local_firehose/``.

Talks to: the network, through an ASGI server; control plane, put path and admin do the work. Whatever happens, the caller gets an answer in
AWS's form. Source: https://docs.aws.amazon.com/firehose/latest/APIReference/CommonErrors.html
"""

import json
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from uuid import uuid4

from local_firehose.admin import PATH as ADMIN_PATH
from local_firehose.admin import Admin
from local_firehose.caller import Caller
from local_firehose.caller_identity import CallerIdentity
from local_firehose.control_plane import ControlPlane
from local_firehose.engine_port import PutPath
from local_firehose.errors import (
    BackingServiceError,
    InternalFailureError,
    SerializationError,
    UnknownOperationError,
    WireError,
)

_log = logging.getLogger(__name__)

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Put = Callable[[bytes, Caller], Awaitable[bytes]]

_TARGET_PREFIX = "Firehose_20150804."
_JSON = b"application/json"
_AWS_JSON = b"application/x-amz-json-1.1"
MAX_BODY_BYTES = 32 * 1024 * 1024  # decided: docs/fidelity/control-plane.md#body; far above the largest legal batch


class HttpServer:
    """An ASGI application; `instance` tells one start of the server from another."""

    def __init__(
        self, *, identity: CallerIdentity, control_plane: ControlPlane, put_path: PutPath, admin: Admin
    ) -> None:
        self._identity, self._control_plane, self._admin = identity, control_plane, admin
        self._puts: dict[str, Put] = {"PutRecord": put_path.put_record, "PutRecordBatch": put_path.put_record_batch}

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        body = await _body(receive)
        path: str = scope["path"]
        if path.startswith(ADMIN_PATH):
            answer = await self._answer_admin(scope["method"], path.removeprefix(ADMIN_PATH), body)
            await _send(send, answer[0], answer[1], _JSON, {})
            return
        request_id = str(uuid4())
        status, answer_body = await self._answer(scope, body)
        await _send(send, status, answer_body, _AWS_JSON, {b"x-amzn-requestid": request_id.encode()})

    async def _answer_admin(self, method: str, name: str, body: bytes | None) -> tuple[int, bytes]:
        if body is None:
            return 413, _encoded({"error": f"the body is larger than {MAX_BODY_BYTES} bytes"})
        try:
            answer = await self._admin.answer(method, name, body)
        except Exception as error:
            _log.exception("admin request failed request=%s %s", method, name)
            return 500, _encoded({"error": f"{type(error).__name__}: {error}"})
        return answer.status, _encoded(answer.body)

    async def _answer(self, scope: MutableMapping[str, Any], body: bytes | None) -> tuple[int, bytes]:
        try:
            return 200, await self._carry_out(scope, body)
        except WireError as error:
            refusal = error
        except BackingServiceError as error:
            # 400, so that SDKs tell their user at once instead of trying again
            refusal = WireError(str(error), error_type="BackingServiceUnavailableException", status=400)
        except Exception as error:
            _log.exception("request failed target=%s", _headers(scope).get(b"x-amz-target"))
            refusal = InternalFailureError(f"local_firehose failed: {type(error).__name__}: {error}")
        document = {"__type": refusal.type, "message": refusal.message}
        if refusal.code is not None:
            document["code"] = refusal.code
        return refusal.status, _encoded(document)

    async def _carry_out(self, scope: MutableMapping[str, Any], body: bytes | None) -> bytes:
        headers = _headers(scope)
        operation = _operation(scope["method"], headers.get(b"x-amz-target", b"").decode("latin-1"))
        if body is None:
            raise WireError(
                f"Request size exceeds {MAX_BODY_BYTES} bytes", error_type="RequestEntityTooLargeException", status=413
            )
        caller = await self._identity.of(
            headers.get(b"authorization", b"").decode("latin-1"),
            headers[b"x-amz-security-token"].decode("latin-1") if b"x-amz-security-token" in headers else None,
        )
        put = self._puts.get(operation)
        if put is not None:
            return await put(body, caller)
        return _encoded(await self._control_plane.handle(operation, _parsed(body), caller))


def _operation(method: str, target: str) -> str:
    if method != "POST" or not target.startswith(_TARGET_PREFIX):
        raise UnknownOperationError(
            f"{method} with X-Amz-Target {target or 'absent'} is no call of Firehose; it takes POST with "
            f"{_TARGET_PREFIX}<Operation>"
        )
    return target.removeprefix(_TARGET_PREFIX)


def _headers(scope: MutableMapping[str, Any]) -> dict[bytes, bytes]:
    return dict(scope["headers"])


async def _body(receive: Receive) -> bytes | None:
    """The whole body; None when it is too large, read to its end all the same so that the answer arrives."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b""
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size <= MAX_BODY_BYTES:
            chunks.append(chunk)
        else:
            chunks.clear()
        if not message.get("more_body", False):
            break
    if size > MAX_BODY_BYTES:
        return None
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _parsed(body: bytes) -> object:
    try:
        document: object = json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
        if b"\\ud" in body or b"\\uD" in body:
            json.dumps(document, ensure_ascii=False).encode("utf-8")  # half a surrogate pair is no text
    except (ValueError, RecursionError) as error:
        # decided: docs/fidelity/control-plane.md#serialization
        raise SerializationError(f"The request body is not JSON: {error}") from error
    return document


def _refuse_constant(text: str) -> float:
    raise ValueError(f"{text} is no JSON number")


def _encoded(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


async def _send(send: Send, status: int, body: bytes, content_type: bytes, headers: dict[bytes, bytes]) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"content-type", content_type),
                (b"content-length", str(len(body)).encode()),
                *headers.items(),
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})
