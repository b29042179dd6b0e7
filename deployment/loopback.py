"""Small HTTP requests to servers on this machine: no proxy, no retries, an answer or a reason.

Talks to: HTTP.
"""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, and the JSON body (None when it is none)."""

    status: int
    body: Any


class NoAnswerError(Exception):
    """Nothing answers at the address."""


def get(url: str, *, timeout_seconds: float = 5) -> Answer:
    """Return the answer to a GET, whatever its status.

    Raises:
        NoAnswerError: nothing listens, or not in time.
    """
    return _send(url, None, timeout_seconds)


def post(url: str, body: Mapping[str, object], *, timeout_seconds: float = 5) -> Answer:
    """Return the answer to a POST of JSON, whatever its status.

    Raises:
        NoAnswerError: nothing listens, or not in time.
    """
    return _send(url, json.dumps(body).encode(), timeout_seconds)


def _send(url: str, data: bytes | None, timeout_seconds: float) -> Answer:
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"} if data else {})  # noqa: S310
    try:
        with _OPENER.open(request, timeout=timeout_seconds) as response:
            return Answer(response.status, _json(response.read()))
    except urllib.error.HTTPError as refusal:
        with refusal:
            return Answer(refusal.code, _json(refusal.read()))
    except (OSError, ValueError) as exc:
        raise NoAnswerError(f"{url}: {getattr(exc, 'reason', exc)}") from exc


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
