"""Find out whether this is AWS, whose credentials are used, and whether it may be touched.

Talks to: AWS's configuration files, STS. Every way in which a request meant for AWS could go elsewhere, or one meant for elsewhere could reach
the wrong account, ends here with one line.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's own, no OSError
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOTokenLoadError,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)

from deployment.errors import RefusedError, TargetUnreachableError

_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"})


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: what STS answers."""

    account_id: str
    arn: str


def refuse_other_endpoints(environ: Mapping[str, str], profiles: Mapping[str, Any]) -> None:
    """Let pass only what reaches AWS itself.

    Args:
        environ: the user's environment.
        profiles: botocore's `full_config`: profiles and services sections of ``~/.aws/config``.

    Raises:
        RefusedError: an endpoint is set somewhere; it names where.
    """
    found = sorted(name for name, value in environ.items() if name.startswith("AWS_ENDPOINT_URL") and value)
    if found:
        raise RefusedError(
            f"TARGET is aws, and {', '.join(f'{name}={environ[name]}' for name in found)} would send requests elsewhere. "
            f"Run `unset {' '.join(found)}` (or open a new shell) and try again."
        )
    name = environ.get("AWS_PROFILE") or environ.get("AWS_DEFAULT_PROFILE") or "default"
    profile = profiles.get("profiles", {}).get(name, {})
    section = profiles.get("services", {}).get(profile.get("services", ""), {})
    places = [f"profile {name}"] if "endpoint_url" in profile else []
    places += [
        f"services {profile['services']} ({service})"
        for service, settings in section.items()
        if isinstance(settings, dict) and "endpoint_url" in settings
    ]
    if places:
        raise RefusedError(
            f"TARGET is aws, and endpoint_url in {' and '.join(places)} of the AWS configuration would send requests elsewhere. "
            "Use another profile (AWS_PROFILE) or take the line out."
        )


def identify(session: Any) -> Caller:
    """Return who the credentials of `session` belong to.

    Raises:
        RefusedError: no credentials, or expired ones, or settings that make no sense; it says how to get new ones.
        TargetUnreachableError: STS does not answer.
    """
    profile = session.profile_name
    login = "aws sso login" + (f" --profile {profile}" if profile != "default" else "")
    region = session.region_name or "us-east-1"
    try:
        client = session.client(
            "sts",
            region_name=region,
            config=Config(connect_timeout=10, read_timeout=20, retries={"total_max_attempts": 2}),
        )
        answer = client.get_caller_identity()
    except (NoCredentialsError, PartialCredentialsError) as exc:
        raise RefusedError(f"No AWS credentials: {exc}. Set AWS_PROFILE, run `{login}` or `aws configure`.") from exc
    except (SSOTokenLoadError, UnauthorizedSSOTokenError, TokenRetrievalError, CredentialRetrievalError) as exc:
        raise RefusedError(f"The AWS credentials can't be had any more: {exc}. Run `{login}`.") from exc
    except ClientError as exc:
        code = exc.response["Error"]["Code"]
        if code in _EXPIRED:
            raise RefusedError(f"The AWS credentials have expired ({code}). Run `{login}`.") from exc
        raise RefusedError(
            f"AWS does not take the credentials of profile {profile} ({code}: {exc.response['Error']['Message']})."
        ) from exc
    except OSError as exc:  # a web identity's token file
        raise RefusedError(f"The AWS credentials can't be had: {exc}.") from exc
    except (HTTPClientError, ConnectionError) as exc:
        raise TargetUnreachableError(
            f"STS in {region} does not answer: {str(exc).rstrip('.')}. Is {region} a Region, and can this machine reach it?"
        ) from exc
    except BotoCoreError as exc:
        raise RefusedError(
            f"The AWS configuration of profile {profile} can't be used: {str(exc).rstrip('.')}."
        ) from exc
    return Caller(str(answer["Account"]), str(answer["Arn"]))


def check_account(caller: Caller, allowed: str | None) -> None:
    """Hold `caller` against ALLOWED_ACCOUNT, where that is set.

    Raises:
        RefusedError: another account.
    """
    if allowed and caller.account_id != allowed:
        raise RefusedError(
            f"The credentials belong to account {caller.account_id} ({caller.arn}); ALLOWED_ACCOUNT is {allowed}. Use the profile of that account."
        )


def new_session(environ: Mapping[str, str]) -> Any:
    """Return a boto3 session by AWS's normal chain; AWS_REGION counts too, as it does for Terraform (boto3 itself reads the other name only).

    Raises:
        RefusedError: AWS_PROFILE names a profile that is not there, or the configuration can't be read.
    """
    try:
        return boto3.Session(
            profile_name=environ.get("AWS_PROFILE") or None, region_name=environ.get("AWS_REGION") or None
        )
    except ProfileNotFound as exc:
        raise RefusedError(f"{exc}. AWS_PROFILE names it; `aws configure list-profiles` shows what there is.") from exc
    except BotoCoreError as exc:
        raise RefusedError(f"The AWS configuration can't be read: {str(exc).rstrip('.')}.") from exc
