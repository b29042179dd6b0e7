"""boto3 clients of the backing services, from AWS's environment variables.

Talks to: nothing by itself. ``AWS_ENDPOINT_URL_FIREHOSE`` plays no part: that is ourselves.
"""

import threading
from collections.abc import Callable
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

_CONFIG = Config(
    connect_timeout=3,
    read_timeout=15,
    retries={"mode": "standard", "max_attempts": 2},
    max_pool_connections=8,
    s3={"addressing_style": "path"},
)
_LOCAL = threading.Lock()


def client_factory() -> Callable[[str, str], Any]:
    """Return a function from service name and Region to a client; each is made once."""

    @cache
    def make(service: str, region: str) -> Any:
        with _LOCAL:  # boto3's default session is not safe to share while it makes clients
            return boto3.session.Session().client(service, region_name=region, config=_CONFIG)

    return make


def has_credentials() -> bool:
    """Say whether AWS's normal chain finds credentials."""
    with _LOCAL:
        return boto3.session.Session().get_credentials() is not None


def sts_client(access_key: str, session_token: str | None, region: str) -> Any:
    """Return an STS client that signs as `access_key`.

    The secret is our own environment's: emulators look at the key's id only, and AWS would refuse any key but ours.
    """
    with _LOCAL:
        session = boto3.session.Session()
        own = session.get_credentials()
        own_secret = own.secret_key if own else "not-checked-by-local-services"
        token = session_token or (own.token if own and own.access_key == access_key else None)
        return session.client(
            "sts",
            region_name=region,
            aws_access_key_id=access_key,
            aws_secret_access_key=own_secret,
            aws_session_token=token,
            config=_CONFIG,
        )
