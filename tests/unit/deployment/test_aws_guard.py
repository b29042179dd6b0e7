from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, SSOTokenLoadError

from deployment.aws_guard import Caller, check_account, identify, new_session, refuse_other_endpoints
from deployment.errors import RefusedError, TargetUnreachableError


class Session:
    """A boto3 session whose STS answers, or raises, what it is given."""

    def __init__(self, answer: dict[str, str] | Exception, profile: str = "default") -> None:
        self.profile_name, self.region_name, self._answer = profile, "eu-west-1", answer

    def client(self, service: str, **_: Any) -> Any:
        assert service == "sts"
        return self

    def get_caller_identity(self) -> dict[str, str]:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "GetCallerIdentity")


def test_who_asks_is_what_sts_answers() -> None:
    answer = {"Account": "123456789012", "Arn": "arn:aws:iam::123456789012:user/a"}
    assert identify(Session(answer)) == Caller("123456789012", "arn:aws:iam::123456789012:user/a")


@pytest.mark.parametrize(
    ("problem", "message"),
    [
        pytest.param(NoCredentialsError(), r"^No AWS credentials: .*`aws sso login --profile work`", id="none"),
        pytest.param(
            SSOTokenLoadError(profile_name="work", error_msg="gone"),
            r"can't be had any more: .* Run `aws sso login --profile work`\.",
            id="sso-token-gone",
        ),
        pytest.param(
            refusal("ExpiredToken"),
            r"^The AWS credentials have expired \(ExpiredToken\)\. Run `aws sso login --profile work`\.$",
            id="expired",
        ),
        pytest.param(
            refusal("InvalidClientTokenId"),
            r"^AWS does not take the credentials of profile work \(InvalidClientTokenId: no\)\.$",
            id="invalid",
        ),
    ],
)
def test_credentials_that_do_not_work_are_told_with_the_way_to_new_ones(problem: Exception, message: str) -> None:
    with pytest.raises(RefusedError, match=message):
        identify(Session(problem, profile="work"))


def test_no_answer_is_told_as_such() -> None:
    with pytest.raises(TargetUnreachableError, match=r"^STS in eu-west-1 does not answer: "):
        identify(Session(EndpointConnectionError(endpoint_url="https://sts")))


@pytest.mark.parametrize(
    ("environ", "profiles", "words"),
    [
        pytest.param(
            {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"},
            {},
            r"AWS_ENDPOINT_URL=http://127\.0\.0\.1:1 would send",
            id="variable",
        ),
        pytest.param(
            {"AWS_ENDPOINT_URL_FIREHOSE": "http://x"}, {}, "unset AWS_ENDPOINT_URL_FIREHOSE", id="one-service"
        ),
        pytest.param(
            {},
            {"profiles": {"default": {"endpoint_url": "http://x"}}},
            "endpoint_url in profile default",
            id="default-profile",
        ),
        pytest.param(
            {"AWS_PROFILE": "work"},
            {"profiles": {"work": {"services": "local"}}, "services": {"local": {"s3": {"endpoint_url": "http://x"}}}},
            r"endpoint_url in services local \(s3\)",
            id="services-section",
        ),
    ],
)
def test_any_endpoint_that_is_not_awss_own_is_refused(
    environ: dict[str, str], profiles: dict[str, Any], words: str
) -> None:
    with pytest.raises(RefusedError, match=words):
        refuse_other_endpoints(environ, profiles)


def test_settings_that_say_nothing_of_endpoints_pass() -> None:
    profiles = {"profiles": {"work": {"region": "eu-west-1"}, "local": {"endpoint_url": "http://x"}}}
    refuse_other_endpoints({"AWS_PROFILE": "work", "AWS_ENDPOINT_URL": ""}, profiles)


@pytest.mark.parametrize("allowed", [None, "", "123456789012"])
def test_the_account_that_is_allowed_passes(allowed: str | None) -> None:
    check_account(Caller("123456789012", "arn"), allowed)


def test_another_account_is_refused() -> None:
    with pytest.raises(
        RefusedError,
        match=r"^The credentials belong to account 123456789012 \(arn\); ALLOWED_ACCOUNT is 210987654321\.",
    ):
        check_account(Caller("123456789012", "arn"), "210987654321")


def test_a_profile_that_is_not_there_is_named() -> None:
    with pytest.raises(RefusedError, match=r"config profile \(nowhere-to-be-found\) could not be found"):
        new_session({"AWS_PROFILE": "nowhere-to-be-found"})
