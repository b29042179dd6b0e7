"""Who is behind a request: Region from the SigV4 scope, account and principal from STS at the endpoint.

Talks to: STS GetCallerIdentity, once for each access key. Signatures are not checked: a local Firehose guards nothing.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-authentication-methods.html
"""

import asyncio
import re
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local_firehose.caller import Caller
from local_firehose.errors import MissingAuthenticationError, WireError

_SCOPE = re.compile(r"Credential=([^/,\s]+)/\d{8}/([a-z0-9-]+)/firehose/aws4_request")
_REGION = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")  # a label of a host name, as SDKs demand it
_MAX_KNOWN = 10_000

StsFactory = Callable[[str, str | None, str], Any]  # access key, session token or None, Region to an STS client


class CallerIdentity:
    """Callers by the Authorization header; what STS said is kept for each access key."""

    def __init__(self, sts: StsFactory) -> None:
        self._sts = sts
        self._callers: dict[tuple[str, str], Caller] = {}

    async def of(self, authorization: str, session_token: str | None) -> Caller:
        """Return who sent a request.

        Raises:
            WireError: not signed for firehose, or STS does not know or does not answer.
        """
        match = _SCOPE.search(authorization)
        if match is None:
            raise MissingAuthenticationError(
                "Request is missing Authentication Token: sign it with Signature Version 4 for the service firehose"
            )
        access_key, region = match.groups()
        if not _REGION.fullmatch(region):
            # decided: docs/fidelity/control-plane.md#identity, the type is that of AWS's other JSON services
            raise WireError(
                f"Credential should be scoped to a valid region, not '{region[:80]}'.",
                error_type="InvalidSignatureException",
                status=400,
            )
        known = self._callers.get((access_key, region))
        if known is not None:
            return known
        account_id, principal_arn = await asyncio.to_thread(self._identity, access_key, session_token, region)
        if len(self._callers) >= _MAX_KNOWN:
            self._callers.clear()
        caller = self._callers[access_key, region] = Caller(account_id, region, principal_arn)
        return caller

    def _identity(self, access_key: str, session_token: str | None, region: str) -> tuple[str, str]:
        client = self._sts(access_key, session_token, region)
        try:
            identity = client.get_caller_identity()
        except (BotoCoreError, ClientError) as error:
            # 400, so that SDKs tell their user at once instead of trying again
            raise WireError(
                f"local_firehose cannot tell the account of access key {access_key}: STS at {client.meta.endpoint_url} "
                f"failed ({error}); start the services behind AWS_ENDPOINT_URL, or point AWS_ENDPOINT_URL_STS at one",
                error_type="UnrecognizedClientException",
                status=400,
            ) from error
        finally:
            client.close()
        return identity["Account"], identity["Arn"]
