"""What local_firehose can be asked beside Firehose's own API: its state, and to deliver now.

Talks to: loopback. Source: docs/architecture.md, "local_firehose over HTTP".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deployment import loopback
from deployment.errors import FlushError, TargetUnreachableError

FLUSH_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Flushed:
    """What a flush delivered."""

    objects: int
    records: int


def flush(endpoint: str, *, timeout_seconds: float = FLUSH_SECONDS) -> Flushed:
    """Return when everything that was buffered is in S3.

    Raises:
        FlushError: something could not be delivered in time; it names the streams.
        TargetUnreachableError: local_firehose does not answer.
    """
    url = f"{endpoint}/_local_firehose/flush"
    try:
        answer = loopback.post(url, {"timeout_seconds": timeout_seconds}, timeout_seconds=timeout_seconds + 30)
    except loopback.NoAnswerError as exc:
        raise TargetUnreachableError(f"local_firehose does not answer ({exc}). Run `make status`.") from exc
    if not isinstance(answer.body, dict) or answer.status not in {200, 504}:
        raise FlushError(f"local_firehose answered {answer.status} to a flush: {answer.body!r}.")
    failed = answer.body.get("failed", [])
    if failed:
        told = "\n".join(
            f"  {one['stream']} in {one['region']}: {one['records']} records: {one['error']}" for one in failed
        )
        raise FlushError(
            f"Not everything could be delivered within {timeout_seconds:g} s; it stays in the journal:\n{told}"
        )
    if answer.status != 200:
        raise FlushError(f"Not everything could be delivered within {timeout_seconds:g} s; it stays in the journal.")
    return Flushed(answer.body["objects"], answer.body["records"])


def status(endpoint: str) -> Mapping[str, Any]:
    """Return firehose_spec/schemas/status.json.

    Raises:
        TargetUnreachableError: local_firehose does not answer.
    """
    url = f"{endpoint}/_local_firehose/status"
    try:
        answer = loopback.get(url)
    except loopback.NoAnswerError as exc:
        raise TargetUnreachableError(f"local_firehose does not answer ({exc}).") from exc
    if answer.status != 200 or not isinstance(answer.body, dict):
        raise TargetUnreachableError(f"{url} answered {answer.status}: {answer.body!r}.")
    return answer.body
