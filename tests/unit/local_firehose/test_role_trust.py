import json
from urllib.parse import quote

import pytest

from local_firehose.role_trust import trusts_firehose

ACCOUNT = "123456789012"
STREAM_ARN = f"arn:aws:firehose:eu-west-1:{ACCOUNT}:deliverystream/s"
TRUSTING = {"Effect": "Allow", "Principal": {"Service": "firehose.amazonaws.com"}, "Action": "sts:AssumeRole"}


def trusts(statement: object) -> bool:
    document = statement if isinstance(statement, str) else {"Version": "2012-10-17", "Statement": statement}
    return trusts_firehose({"AssumeRolePolicyDocument": document}, account_id=ACCOUNT, stream_arn=STREAM_ARN)


def when(operator: str, key: str, value: object) -> list[dict]:
    return [{**TRUSTING, "Condition": {operator: {key: value}}}]


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param([TRUSTING], id="as-documented"),
        pytest.param(TRUSTING, id="one-statement-without-a-list"),
        pytest.param([{**TRUSTING, "Principal": {"Service": ["x", "firehose.amazonaws.com"]}}], id="among-others"),
        pytest.param([{**TRUSTING, "Action": ["sts:TagSession", "sts:*"]}], id="by-wildcard"),
        pytest.param([{**TRUSTING, "Action": "STS:assumeROLE"}], id="action-in-any-case"),
        pytest.param([{**TRUSTING, "Principal": "*"}], id="everybody"),
        pytest.param([{"Effect": "Allow"}, TRUSTING], id="beside-another-statement"),
        pytest.param(quote(json.dumps({"Statement": [TRUSTING]})), id="url-encoded-text"),
        pytest.param(when("StringEquals", "sts:ExternalId", ACCOUNT), id="external-id"),
        pytest.param(when("StringEquals", "STS:externalid", ["1", ACCOUNT]), id="external-id-among-others"),
        pytest.param(when("StringEqualsIgnoreCase", "aws:SourceAccount", ACCOUNT), id="source-account"),
        pytest.param(when("ArnLike", "aws:SourceArn", f"arn:aws:firehose:*:{ACCOUNT}:*"), id="source-arn"),
        pytest.param(when("ArnLikeIfExists", "aws:SourceArn", STREAM_ARN[:-1] + "?"), id="one-character-wildcard"),
        pytest.param(when("StringEquals", "aws:PrincipalOrgID", "o-1"), id="unknown-key-is-taken-to-hold"),
        pytest.param(when("DateLessThan", "aws:SourceArn", "x"), id="unknown-operator-is-taken-to-hold"),
    ],
)
def test_trusted(statement: object) -> None:
    assert trusts(statement)


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param([], id="nobody"),
        pytest.param([{**TRUSTING, "Principal": {"Service": "lambda.amazonaws.com"}}], id="another-service"),
        pytest.param([{**TRUSTING, "Principal": {"AWS": "arn:aws:iam::1:root"}}], id="an-account"),
        pytest.param([{**TRUSTING, "Effect": "Deny"}], id="denied"),
        pytest.param([TRUSTING, {**TRUSTING, "Effect": "Deny"}], id="allowed-and-denied"),
        pytest.param([{**TRUSTING, "Action": "iam:PassRole"}], id="other-action"),
        pytest.param("not json", id="unreadable"),
        pytest.param("[]", id="not-a-policy"),
        pytest.param(when("StringEquals", "sts:ExternalId", "999999999999"), id="external-id-of-another-account"),
        pytest.param(when("StringLike", "aws:SourceAccount", "9*"), id="source-account-that-is-not-ours"),
        pytest.param(
            when("ArnLike", "aws:SourceArn", "arn:aws:firehose:*:*:deliverystream/other"), id="another-stream"
        ),
        pytest.param(
            when("ArnEquals", "aws:SourceArn", STREAM_ARN.replace("/s", "/[s]")), id="brackets-are-no-wildcard"
        ),
    ],
)
def test_not_trusted(statement: object) -> None:
    assert not trusts(statement)


def test_denial_for_another_stream_does_not_count() -> None:
    other = {**when("ArnEquals", "aws:SourceArn", "arn:aws:firehose:eu-west-1:1:deliverystream/x")[0], "Effect": "Deny"}
    assert trusts([TRUSTING, other])


def test_role_without_a_policy_trusts_nobody() -> None:
    assert not trusts_firehose({}, account_id=ACCOUNT, stream_arn=STREAM_ARN)
