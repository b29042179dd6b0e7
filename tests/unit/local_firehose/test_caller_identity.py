import asyncio
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from local_firehose.caller import Caller
from local_firehose.caller_identity import CallerIdentity
from local_firehose.errors import MissingAuthenticationError, WireError


class Sts:
    """Answers for every key but those it is told to fail for."""

    def __init__(self) -> None:
        self.asked: list[tuple] = []
        self.error: Exception | None = None
        self.meta = SimpleNamespace(endpoint_url="http://127.0.0.1:1")
        self.closed = 0

    def __call__(self, access_key: str, token: str | None, region: str) -> "Sts":
        self.asked.append((access_key, token, region))
        return self

    def get_caller_identity(self) -> dict:
        if self.error:
            raise self.error
        return {"Account": "123456789012", "Arn": f"arn:aws:iam::123456789012:user/{self.asked[-1][0]}"}

    def close(self) -> None:
        self.closed += 1


def signed(access_key: str = "AKID", region: str = "eu-west-1", service: str = "firehose") -> str:
    scope = f"{access_key}/20240517/{region}/{service}/aws4_request"
    return f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"


def test_region_is_the_scope_s_and_the_account_is_sts_s() -> None:
    identity = CallerIdentity(Sts())
    assert asyncio.run(identity.of(signed(region="ap-southeast-1"), None)) == Caller(
        "123456789012", "ap-southeast-1", "arn:aws:iam::123456789012:user/AKID"
    )


def test_each_key_and_region_is_asked_for_once() -> None:
    sts = Sts()
    identity = CallerIdentity(sts)
    for _ in range(3):
        asyncio.run(identity.of(signed(), "token"))
    asyncio.run(identity.of(signed("OTHER"), None))
    assert sts.asked == [("AKID", "token", "eu-west-1"), ("OTHER", None, "eu-west-1")]
    assert sts.closed == 2


@pytest.mark.parametrize(
    "authorization",
    [
        pytest.param("", id="unsigned"),
        pytest.param("Bearer x", id="another-scheme"),
        pytest.param(signed(service="s3"), id="signed-for-another-service"),
    ],
)
def test_unsigned_request_is_refused(authorization: str) -> None:
    with pytest.raises(MissingAuthenticationError, match=r"^Request is missing Authentication Token: sign it"):
        asyncio.run(CallerIdentity(Sts()).of(authorization, None))


@pytest.mark.parametrize("region", [pytest.param("r" * 64, id="long"), pytest.param("-x", id="dash-first")])
def test_a_region_that_can_be_none_is_refused(region: str) -> None:
    with pytest.raises(WireError, match=r"^Credential should be scoped to a valid region, not '") as refusal:
        asyncio.run(CallerIdentity(Sts()).of(signed(region=region), None))
    assert (refusal.value.type, refusal.value.status) == ("InvalidSignatureException", 400)


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), id="away"),
        pytest.param(ClientError({"Error": {"Code": "InvalidClientTokenId"}}, "GetCallerIdentity"), id="unknown-key"),
    ],
)
def test_sts_that_cannot_tell_is_named_and_asked_again(error: Exception) -> None:
    sts = Sts()
    sts.error = error
    identity = CallerIdentity(sts)
    with pytest.raises(
        WireError, match=r"^local_firehose cannot tell the account of access key AKID: STS at http://127.0.0.1:1 failed"
    ) as refusal:
        asyncio.run(identity.of(signed(), None))
    assert (refusal.value.type, refusal.value.status) == ("UnrecognizedClientException", 400)
    sts.error = None
    assert asyncio.run(identity.of(signed(), None)).account_id == "123456789012"
