import pytest

from deployment.advice import advice
from deployment.plan import Diagnostic


@pytest.mark.parametrize(
    ("detail", "line"),
    [
        pytest.param(
            "operation error S3: CreateBucket, api error AccessDenied: User: arn:aws:iam::123456789012:user/eve is not authorized to perform: "
            "s3:CreateBucket on resource: arn:aws:s3:::b because no identity-based policy allows it",
            "arn:aws:iam::123456789012:user/eve may not s3:CreateBucket on arn:aws:s3:::b: ask for that permission.",
            id="missing-permission",
        ),
        pytest.param(
            "operation error S3: CreateBucket, https response error StatusCode: 403, RequestID: r, HostID: h, api error AccessDenied: Access Denied",
            "The credentials may not CreateBucket (S3): ask for that permission.",
            id="missing-permission-that-does-not-say-whose",
        ),
        pytest.param(
            "api error BucketAlreadyExists: The requested bucket name is not available.",
            "The bucket name is taken by another account: set `bucket` in terraform/stacks/<pipeline>/<target>.tfvars.",
            id="bucket-name-taken",
        ),
        pytest.param(
            "EntityAlreadyExists: Role with name FirehoseWorkshop already exists.",
            "A role of that name is there already: set `role_name` in terraform/stacks/<pipeline>/<target>.tfvars.",
            id="role-name-taken",
        ),
        pytest.param(
            "ExpiredToken: The security token included in the request is expired",
            "The credentials expired: `aws sso login`, then the same command again.",
            id="credentials-expired",
        ),
        pytest.param(
            "ConditionalCheckFailed",
            None,
            id="unknown-errors-get-no-advice",
        ),
    ],
)
def test_known_errors_are_told_with_what_to_do(detail: str, line: str | None) -> None:
    assert advice([Diagnostic("error", "creating", detail)]) == (() if line is None else (line,))


def test_the_same_advice_is_given_once() -> None:
    taken = Diagnostic("error", "creating", "BucketAlreadyExists")
    assert len(advice([taken, taken])) == 1


def test_the_state_lock_is_read_from_the_summary() -> None:
    assert advice([Diagnostic("error", "Error acquiring the state lock")])[0].startswith(
        "Someone else changes this stack now."
    )
