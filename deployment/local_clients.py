"""boto3 clients for a cloud on this machine, whatever the user's own AWS settings are.

Talks to: nothing by itself.
"""

import os
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

from deployment.environment import LOCAL_REGION

# Profile and files are taken from nowhere: a profile that is missing, or has a role, must not matter here.
_NO_SETTINGS = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
    "ca_bundle": (None, None, None, None),
}


def local_client(service: str, endpoint: str, *, patience_seconds: float = 30) -> Any:
    """Return a client of `service` at `endpoint` with made-up keys; it asks twice at most and addresses buckets by path."""
    session = boto3.Session(
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106
        region_name=LOCAL_REGION,
        botocore_session=botocore.session.Session(session_vars=_NO_SETTINGS),
    )
    config = Config(
        connect_timeout=5,
        read_timeout=patience_seconds,
        retries={"total_max_attempts": 2},
        s3={"addressing_style": "path"},
        proxies={},
    )
    return session.client(service, endpoint_url=endpoint, config=config)
