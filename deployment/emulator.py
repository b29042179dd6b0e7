"""Find the LocalStack (or another AWS-compatible cloud) that TARGET=localstack means, and ask it what it is.

Talks to: HTTP, DNS. Where it is comes from localstack-client's rules: AWS_ENDPOINT_URL, else LOCALSTACK_HOST, else port 4566 here.
"""

import ipaddress
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from botocore.exceptions import ConnectionError, HTTPClientError  # noqa: A004 - botocore's own, no OSError
from localstack_client import config as localstack_client

from deployment import loopback
from deployment.errors import TargetUnreachableError
from deployment.inquiry import answers_glue

HOW_TO_START = (
    "  docker run --rm -d -p 127.0.0.1:4566:4566 localstack/localstack:4.13\n"
    "  .venv/bin/python -m deployment.localstack_server start     (its own environment by pip, no Docker)"
)
PAGE_SECONDS = 20  # a LocalStack that starts a service meanwhile is slow
_IN_TROUBLE = frozenset({500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Emulator:
    """A cloud that answers. `session` changes with every start, where it tells; `has_glue` is whether it has a Glue of its own."""

    endpoint: str
    title: str
    session: str | None
    account_id: str
    has_glue: bool


def configured_endpoint(recorded: str | None = None) -> str:
    """Return where the emulator is said to be, its host name as an address: only then do both SDKs address buckets by path.

    Where nothing is said, `recorded` counts: the one that was deployed to.

    Raises:
        TargetUnreachableError: a name that does not resolve.
    """
    if recorded is not None and not any(os.environ.get(name) for name in ("AWS_ENDPOINT_URL", "LOCALSTACK_HOST")):
        return recorded
    return resolved(str(localstack_client.get_service_endpoint("s3")))


def resolved(url: str) -> str:
    """Return `url` with an IP address in place of a host name; an IPv4 one where there is a choice."""
    parts = urlsplit(url)
    host = parts.hostname or "localhost"
    try:
        address = str(ipaddress.ip_address(host))
    except ValueError:
        try:
            found = socket.getaddrinfo(host, parts.port, type=socket.SOCK_STREAM)
        except OSError as exc:
            raise TargetUnreachableError(
                f"The emulator's address is {url}, and {host!r} does not resolve ({exc}). Set LOCALSTACK_HOST to host:port."
            ) from exc
        address = str(min(found, key=lambda one: one[0] != socket.AF_INET)[4][0])
    place = f"[{address}]" if ":" in address else address
    return urlunsplit((parts.scheme, f"{place}:{parts.port}" if parts.port else place, "", "", ""))


def ask(endpoint: str, ours: Mapping[str, str], client: Callable[[str, str], Any]) -> Emulator:
    """Return what answers at `endpoint`.

    Args:
        endpoint: as `configured_endpoint` gives it.
        ours: endpoints of servers that this project runs, by the target they belong to; none of them is an emulator of someone else's.
        client: makes a boto3 client of a service at an endpoint.

    Raises:
        TargetUnreachableError: nothing, or a server of ours, or something that is no AWS, or a cloud that can't answer now.
    """
    own = next((target for target, url in ours.items() if url == endpoint), None)
    if own is not None:
        raise TargetUnreachableError(
            f"{endpoint} is a server of TARGET={own}, not a LocalStack. Unset AWS_ENDPOINT_URL (or open a new shell) and start one:\n{HOW_TO_START}"
        )
    health = _page(f"{endpoint}/_localstack/health")
    try:
        account_id = str(client("sts", endpoint).get_caller_identity()["Account"])
    except (HTTPClientError, ConnectionError) as exc:
        raise TargetUnreachableError(
            f"STS does not answer at {endpoint} ({exc}). Nothing was changed; run the command again once it does."
        ) from exc
    except Exception as exc:  # whatever an unknown server makes of it
        raise TargetUnreachableError(
            f"What answers at {endpoint} is no AWS-compatible cloud (STS: {exc}). Start one:\n{HOW_TO_START}"
        ) from exc
    if health.status == 200 and isinstance(health.body, dict) and isinstance(health.body.get("services"), dict):
        services, session = health.body["services"], _session(endpoint)
        kind = "LocalStack" if session else "a cloud that answers as LocalStack does,"  # others copy its health page
        title = f"{kind} {health.body.get('version', '?')} ({health.body.get('edition', '?')} edition, {len(services)} services)"
        glue = "glue" in services and services["glue"] != "disabled"
        return Emulator(endpoint, title, session, account_id, has_glue=glue and answers_glue(client("glue", endpoint)))
    return Emulator(
        endpoint, "an AWS-compatible cloud", None, account_id, has_glue=answers_glue(client("glue", endpoint))
    )


def _session(endpoint: str) -> str | None:
    """Return LocalStack's session; None where nothing of the kind is served (it did answer: silence is no sign of another cloud)."""
    body = _page(f"{endpoint}/_localstack/info").body
    return str(body["session_id"]) if isinstance(body, dict) and body.get("session_id") else None


def _page(url: str) -> loopback.Answer:
    """Return the page, whatever an emulator that does not have it makes of it, but no failure of the server."""
    try:
        answer = loopback.get(url, timeout_seconds=PAGE_SECONDS)
    except loopback.NoAnswerError as exc:
        raise TargetUnreachableError(
            f"No LocalStack answers at {'/'.join(url.split('/')[:3])} ({exc}). Start one in either way:\n{HOW_TO_START}"
        ) from exc
    if answer.status in _IN_TROUBLE:
        raise TargetUnreachableError(
            f"{url} answered {answer.status}: what runs there is in trouble. Nothing was changed; run the command again once it answers."
        )
    return answer
