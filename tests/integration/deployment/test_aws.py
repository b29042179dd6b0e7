"""TARGET=aws as far as it can be run without an account: its guards, its questions, its state bucket."""

import hashlib
import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from deployment.aws import Aws
from deployment.aws_guard import new_session
from deployment.console import Console
from deployment.errors import NotDeployedError, RefusedError
from deployment.folders import TargetFolders
from deployment.stacks import STACKS
from deployment.state_backend import bootstrap, read_backend
from deployment.target_record import TargetRecord, read_record, write_record

BOTH = tuple(STACKS.values())


@pytest.fixture
def told() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def aws(tmp_path: Path, told: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Aws]:
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)

    def make(answer: str | None = None, **environ: str) -> Aws:
        ask = None if answer is None else lambda _: answer
        console = Console(told, monotonic=lambda: 0.0)
        return Aws(
            TargetFolders(tmp_path, "aws"), environ, console, lambda: boto3.Session(region_name="eu-west-1"), ask
        )

    return make


@mock_aws
def test_account_and_caller_are_told_first_and_kept(aws: Callable[..., Aws], told: io.StringIO) -> None:
    target = aws()
    record = target.start()
    assert record == TargetRecord("aws", "123456789012")
    assert read_record(target.folders.record, "aws") == record
    assert "account 123456789012 as arn:aws:sts::123456789012:user/moto" in told.getvalue()
    assert "make bootstrap TARGET=aws" in told.getvalue()


@mock_aws
def test_another_account_than_the_allowed_one_is_refused(aws: Callable[..., Aws]) -> None:
    with pytest.raises(RefusedError, match=r"; ALLOWED_ACCOUNT is 1\. Use the profile of that account\.$"):
        aws(ALLOWED_ACCOUNT="1").start()


@mock_aws
def test_a_folder_that_is_about_another_account_is_left_alone(aws: Callable[..., Aws]) -> None:
    target = aws()
    write_record(target.folders.record, TargetRecord("aws", "999999999999"))
    with pytest.raises(RefusedError, match=r"is about account 999999999999, the credentials belong to 123456789012"):
        target.start()


@mock_aws
def test_an_endpoint_of_someone_else_is_refused_before_anything_is_asked(
    aws: Callable[..., Aws], told: io.StringIO
) -> None:
    with pytest.raises(RefusedError, match="AWS_ENDPOINT_URL_S3=http://x would send requests elsewhere"):
        aws(AWS_ENDPOINT_URL_S3="http://x").start()
    assert told.getvalue() == ""


SSO = "sso_account_id = 1\nsso_role_name = r\nregion = us-east-1\nsso_start_url = https://x.example/start\nsso_region = us-east-1\n"
ROLE = "role_arn = arn:aws:iam::123456789012:role/r\nregion = us-east-1\n"
LOGIN = r"Run `aws sso login --profile work`\.$"


@pytest.mark.parametrize(
    ("environ", "config", "message"),
    [
        pytest.param({"AWS_PROFILE": "gone"}, "", r"^The config profile \(gone\) could not be found\.", id="no-profile"),
        pytest.param({"AWS_PROFILE": ""}, "", r"^No AWS credentials: Unable to locate credentials\.", id="none"),
        pytest.param({"AWS_ACCESS_KEY_ID": "x"}, "", r"^No AWS credentials: .*missing: AWS_SECRET_ACCESS_KEY", id="half"),
        pytest.param({}, SSO, rf"^The AWS credentials can't be had any more: .*SSO Token.* {LOGIN}", id="sso-not-logged-in"),
        pytest.param(
            {}, f"sso_session = s\n{SSO}[sso-session s]\nsso_start_url = https://x.example/start\nsso_region = us-east-1\n",
            rf"^The AWS credentials can't be had any more: .*Token has expired and refresh failed.* {LOGIN}", id="sso-expired",
        ),
        pytest.param({}, f"{ROLE}source_profile = nope\n", r'profile work can\'t be used: The source_profile "nope"', id="source-profile"),
        pytest.param({}, "credential_process = false\n", r"^The AWS credentials can't be had any more: .*custom-process", id="process"),
        pytest.param({}, f"{ROLE}web_identity_token_file = /nonexistent\n", r"^The AWS credentials can't be had: .*/nonexistent", id="web-identity"),
        pytest.param({"AWS_REGION": "us_east 1"}, "", r"can't be used: Provided region_name 'us_east 1'", id="region"),
        pytest.param({}, "region = a\n[torn\n", r"^The AWS configuration can't be read: Unable to parse config file", id="torn-file"),
    ],
)  # fmt: skip
def test_settings_that_do_not_work_are_told_in_a_line_and_never_as_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], config: str, message: str
) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    (tmp_path / "config").write_text(f"[profile work]\n{config}", "utf-8")
    cache = tmp_path / f"{hashlib.sha1(b's').hexdigest()}.json"
    monkeypatch.setattr("botocore.tokens.SSOTokenProvider._SSO_TOKEN_CACHE_DIR", str(tmp_path))
    expired = {
        "startUrl": "https://x.example/start",
        "region": "us-east-1",
        "accessToken": "t",
        "expiresAt": "2020-01-01T00:00:00Z",
    }
    cache.write_text(json.dumps(expired), "utf-8")
    settings = {"AWS_PROFILE": "work", "AWS_CONFIG_FILE": str(tmp_path / "config"), "AWS_EC2_METADATA_DISABLED": "true"}
    settings |= {"AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"), "HOME": str(tmp_path), **environ}
    if "AWS_ACCESS_KEY_ID" in environ:
        del settings["AWS_PROFILE"]
    if "AWS_REGION" in environ:
        settings |= {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y"}
        del settings["AWS_PROFILE"]
    settings = {name: value for name, value in settings.items() if value}
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    console = Console(io.StringIO(), monotonic=lambda: 0.0)
    with pytest.raises(RefusedError, match=message):
        Aws(TargetFolders(tmp_path / "work", "aws"), settings, console, lambda: new_session(settings), None).start()
    assert not (tmp_path / "work").exists()


@pytest.mark.parametrize(
    ("environ", "region"),
    [({"AWS_REGION": "eu-west-1"}, "eu-west-1"), ({"AWS_REGION": ""}, "eu-north-1")],
    ids=["as-terraform-reads-it", "as-boto3-reads-it"],
)
def test_both_names_of_the_region_count(monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], region: str) -> None:
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-north-1")
    assert new_session(environ).region_name == region


@mock_aws
def test_nothing_deployed_is_told_with_the_next_step(aws: Callable[..., Aws]) -> None:
    with pytest.raises(NotDeployedError, match=r"Run `make deploy TARGET=aws` first\.$"):
        aws().resume()


@pytest.mark.parametrize(
    ("answer", "environ"),
    [("yes", {}), (" yes ", {}), (None, {"CONFIRM": "yes"})],
    ids=["typed", "with-spaces", "beforehand"],
)
def test_a_yes_goes_on_and_has_seen_plan_account_and_cost(
    aws: Callable[..., Aws], told: io.StringIO, answer: str | None, environ: dict[str, str]
) -> None:
    target = aws(answer, **environ)
    write_record(target.folders.record, TargetRecord("aws", "123456789012"))
    target.confirm("Deploy", BOTH, "# aws_s3_bucket.this will be created")
    assert told.getvalue().startswith(
        "# aws_s3_bucket.this will be created\nAccount 123456789012, ap-southeast-1, us-east-2. Cost: about 0.30 USD a month"
    )


def test_the_regions_asked_about_are_those_of_the_plan(aws: Callable[..., Aws], told: io.StringIO) -> None:
    target = aws("yes")
    write_record(target.folders.record, TargetRecord("aws", "123456789012"))
    target.confirm("Destroy", BOTH, '  - region = "eu-west-1" -> null\n  + region              = "us-gov-west-1"')
    assert told.getvalue().endswith("Account 123456789012, eu-west-1, us-gov-west-1.\n")


@pytest.mark.parametrize(
    ("answer", "environ", "message"),
    [
        pytest.param("y", {}, "^Not confirmed; nothing was changed.$", id="anything-else"),
        pytest.param("", {}, "^Not confirmed; nothing was changed.$", id="enter"),
        pytest.param(None, {}, "no terminal to answer in; nothing was changed. CONFIRM=yes", id="nobody-to-ask"),
        pytest.param(None, {"CONFIRM": "1"}, "no terminal to answer in", id="another-value"),
    ],
)
def test_anything_but_yes_changes_nothing(
    aws: Callable[..., Aws], answer: str | None, environ: dict[str, str], message: str
) -> None:
    with pytest.raises(RefusedError, match=message):
        aws(answer, **environ).confirm("Destroy", BOTH, "plan")


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
@mock_aws
def test_the_state_bucket_is_private_versioned_and_encrypted_and_made_once(tmp_path: Path, region: str) -> None:
    folders = TargetFolders(tmp_path, "aws")
    s3: Any = boto3.client("s3", region_name=region)
    for _ in range(2):
        bucket = bootstrap(folders, s3, account_id="123456789012", region=region)
    assert bucket == f"firehose-as-code-state-123456789012-{region}"
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert set(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values()) == {True}
    assert "aws:SecureTransport" in s3.get_bucket_policy(Bucket=bucket)["Policy"]
    rules = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert read_backend(folders) == {"bucket": bucket, "region": region, "use_lockfile": "true", "encrypt": "true"}


@mock_aws
def test_each_stack_has_a_state_of_its_own(aws: Callable[..., Aws]) -> None:
    target = aws()
    assert target.backend(BOTH[0]) is None
    bootstrap(target.folders, boto3.client("s3", region_name="us-east-1"), account_id="1", region="us-east-1")
    assert [(target.backend(stack) or {})["key"] for stack in BOTH] == [
        "store-inventory/terraform.tfstate",
        "apache-logs/terraform.tfstate",
    ]
    assert target.start().backend == read_backend(target.folders)
