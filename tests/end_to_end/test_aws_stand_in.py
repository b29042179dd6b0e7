"""TARGET=aws from bootstrap to destroy, in the order of this file, with nothing changed but where AWS's names lead to (aws_stand_in.py):
real guards, real Terraform with its state in S3, TLS, buckets by host name, and IAM enforced where moto can judge.
"""

import importlib.util
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import pytest
from botocore.config import Config

from deployment import loopback
from deployment.environment import local_environment
from deployment.servers import free_port, local_firehose, start_server, stop_server

pytestmark = pytest.mark.slow

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[1]
ACCOUNT, OTHER = "123456789012", "210987654321"
RECORDS, BAD = 2000, 6
STATE_BUCKET = f"firehose-as-code-state-{ACCOUNT}-eu-west-1"
TAKEN, FREE = f"apache-logs-{ACCOUNT}-us-east-2", "apache-logs-of-our-own"
LOGS = "PIPELINE=apache-logs"
EVERYTHING_BUT_BUCKETS = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "s3:CreateBucket", "Resource": "*"},
    ],
}


class Account:
    """The account as its owner sees it, past the proxy."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.keys = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}

    def client(self, service: str, region: str = "us-east-1", **keys: str) -> Any:
        keys = keys or {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.endpoint,
            config=Config(s3={"addressing_style": "path"}),
            **keys,
        )

    def enforce(self, after: str) -> None:
        """Judge every request by IAM after so many; ``inf`` for none of them."""
        url = f"{self.endpoint}/moto-api/reset-auth"
        request = urllib.request.Request(url, data=after.encode(), headers={"Content-Type": "text/plain"})
        with urllib.request.urlopen(request) as answer:
            assert answer.status == 200

    def buckets(self) -> list[str]:
        return sorted(bucket["Name"] for bucket in self.client("s3").list_buckets()["Buckets"])


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    folder, port = tmp_path_factory.mktemp("moto"), free_port(None)
    with (folder / "log").open("wb") as log:
        moto = subprocess.Popen(
            [sys.executable, HERE / "moto_behind_tls.py", "-p", str(port)],
            env=local_environment(os.environ, {}), stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
    account, deadline = Account(f"http://127.0.0.1:{port}"), time.monotonic() + 60
    try:
        while True:
            try:
                loopback.get(f"{account.endpoint}/moto-api/")
                break
            except loopback.NoAnswerError:
                assert moto.poll() is None, (folder / "log").read_text("utf-8")
                assert time.monotonic() < deadline
                time.sleep(0.05)
        yield account
    finally:
        moto.terminate()
        moto.wait()


def stand_in() -> ModuleType:
    spec = importlib.util.spec_from_file_location("aws_stand_in", HERE / "aws_stand_in.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def cloud(account: Account, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The proxy, and a Firehose behind it whose minute takes three seconds."""
    folder = tmp_path_factory.mktemp("stand-in")
    firehose = start_server(
        local_firehose(folder / "firehose"), python=sys.executable, folder=PROJECT, log=folder / "log", preferred_port=None,
        environment=local_environment(os.environ, {"default": account.endpoint}), now=lambda: datetime.now(UTC),
    )  # fmt: skip
    loopback.post(f"{firehose.endpoint}/_local_firehose/clock", {"speed": 20})
    proxy = stand_in().AwsStandIn(
        folder, {"default": int(account.endpoint.rpartition(":")[2]), "firehose": firehose.port}
    )
    yield proxy
    proxy.close()
    stop_server(firehose)


@pytest.fixture(scope="module")
def user(
    account: Account, cloud: Any, tmp_path_factory: pytest.TempPathFactory, new_checkout: Callable[..., Any]
) -> Any:
    """Somebody with keys for the account, who has said beforehand which one it may be."""
    checkout = new_checkout(tmp_path_factory.mktemp("checkout"), "aws")
    kept = {
        name: checkout.environment[name]
        for name in ("PATH", "HOME", "TF_CLI_CONFIG_FILE")
        if name in checkout.environment
    }
    checkout.environment = {
        **kept,
        **account.keys,
        **cloud.settings,
        "AWS_REGION": "eu-west-1",
        "ALLOWED_ACCOUNT": ACCOUNT,
    }
    return checkout


def test_another_account_than_the_allowed_one_is_refused_after_one_question_to_sts(user: Any, cloud: Any) -> None:
    user.environment["ALLOWED_ACCOUNT"] = OTHER
    try:
        done = user.make("deploy", "CONFIRM=yes")
    finally:
        user.environment["ALLOWED_ACCOUNT"] = ACCOUNT
    assert done.code == 2
    assert done.said.splitlines()[1] == (
        f"deploy: The credentials belong to account {ACCOUNT} (arn:aws:sts::{ACCOUNT}:user/moto); ALLOWED_ACCOUNT is {OTHER}. "
        "Use the profile of that account."
    )
    assert cloud.reached == {"sts.eu-west-1.amazonaws.com"}


def test_bootstrap_makes_the_state_bucket_in_the_region_of_the_settings(
    user: Any, account: Account, succeeded: Callable[[Any], Any]
) -> None:
    for _ in range(2):
        assert f"state will be kept in s3://{STATE_BUCKET}" in succeeded(user.make("bootstrap")).said
    assert account.buckets() == [STATE_BUCKET]
    assert account.client("s3").get_bucket_location(Bucket=STATE_BUCKET)["LocationConstraint"] == "eu-west-1"


def test_without_a_yes_the_plan_is_shown_and_nothing_is_made(user: Any, account: Account) -> None:
    done = user.make("deploy", LOGS)
    assert done.code == 2
    assert "# module.bucket.aws_s3_bucket.this will be created" in done.said
    assert f"Account {ACCOUNT}, us-east-2. Cost: about 0.10 USD a month" in done.said
    assert (
        "deploy: TARGET is aws and there is no terminal to answer in; nothing was changed. CONFIRM=yes answers"
        in done.said
    )
    assert account.buckets() == [STATE_BUCKET]


def test_a_missing_permission_is_named(user: Any, account: Account) -> None:
    iam = account.client("iam")
    iam.create_user(UserName="half")
    iam.put_user_policy(UserName="half", PolicyName="p", PolicyDocument=json.dumps(EVERYTHING_BUT_BUCKETS))
    key = iam.create_access_key(UserName="half")["AccessKey"]
    user.environment |= {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    account.enforce("0")
    try:
        done = user.make("deploy", LOGS, "CONFIRM=yes")
    finally:
        account.enforce("inf")
        user.environment |= account.keys
    assert done.code == 2
    assert f"as arn:aws:iam::{ACCOUNT}:user/half" in done.said
    assert "\nThe credentials may not CreateBucket (S3): ask for that permission.\n" in done.said, done.said
    assert account.buckets() == [STATE_BUCKET]


def test_a_bucket_name_that_another_account_has_is_told_with_what_to_set(user: Any, account: Account) -> None:
    role = account.client("sts").assume_role(RoleArn=f"arn:aws:iam::{OTHER}:role/theirs", RoleSessionName="them")[
        "Credentials"
    ]
    theirs = account.client(
        "s3", "us-east-2", aws_access_key_id=role["AccessKeyId"], aws_secret_access_key=role["SecretAccessKey"],
        aws_session_token=role["SessionToken"],
    )  # fmt: skip
    theirs.create_bucket(Bucket=TAKEN, CreateBucketConfiguration={"LocationConstraint": "us-east-2"})
    done = user.make("deploy", LOGS, "CONFIRM=yes")
    assert done.code == 2
    assert (
        "\nThe bucket name is taken by another account: set `bucket` in terraform/stacks/<pipeline>/<target>.tfvars.\n"
        in done.said
    ), done.said
    (user.folder / "terraform/stacks/apache-logs/aws.tfvars").write_text(f'bucket = "{FREE}"\n', "utf-8")


def test_deploy_carries_on_after_what_failed_and_keeps_its_state_in_s3(
    user: Any, account: Account, succeeded: Callable[[Any], Any]
) -> None:
    done = succeeded(user.make("deploy", "CONFIRM=yes"))
    assert f"Account {ACCOUNT}, ap-southeast-1, us-east-2. Cost: about 0.30 USD a month" in done.said
    assert f"delivers to s3://{FREE}" in done.said
    assert account.buckets() == sorted([FREE, STATE_BUCKET, f"store-inventory-{ACCOUNT}-ap-southeast-1"])
    states = [entry["Key"] for entry in account.client("s3").list_objects_v2(Bucket=STATE_BUCKET)["Contents"]]
    assert states == ["apache-logs/terraform.tfstate", "store-inventory/terraform.tfstate"]  # and no lock is left
    assert list(user.work.rglob("terraform.tfstate")) == list(
        user.work.glob("terraform/stacks/*/.terraform/terraform.tfstate")
    )
    assert list(user.work.rglob("*.tfplan")) == []
    assert succeeded(user.make("plan")).output == "Nothing to do: what is deployed is what the code says.\n"


def test_what_is_sent_is_waited_for_and_proven(user: Any, succeeded: Callable[[Any], Any]) -> None:
    succeeded(user.make("produce", f"RECORDS={RECORDS}"))
    assert succeeded(user.make("verify")).counts() == {
        "store-inventory": (RECORDS, RECORDS, RECORDS - BAD, BAD, 0, 0),
        "apache-logs": (RECORDS, RECORDS, RECORDS, 0, 0, 0),
    }


def test_flush_and_env_are_not_for_aws(user: Any) -> None:
    for verb, words in (("flush", "AWS can't be told to deliver"), ("env", "your shell's own AWS settings are used")):
        done = user.make(verb)
        assert done.code == 2
        assert words in done.said


def test_an_endpoint_in_the_environment_is_refused_before_anything_is_asked(user: Any, cloud: Any) -> None:
    cloud.reached.clear()
    user.environment["AWS_ENDPOINT_URL_S3"] = "http://127.0.0.1:9"
    try:
        done = user.make("destroy", "CONFIRM=yes")
    finally:
        del user.environment["AWS_ENDPOINT_URL_S3"]
    assert done.code == 2
    assert "AWS_ENDPOINT_URL_S3=http://127.0.0.1:9 would send requests elsewhere" in done.said
    assert cloud.reached == set()


def test_destroy_empties_its_own_buckets_and_leaves_the_state_bucket(
    user: Any, account: Account, cloud: Any, succeeded: Callable[[Any], Any]
) -> None:
    done = user.make("destroy")
    assert done.code == 2
    assert "no terminal to answer in; nothing was changed" in done.said
    assert FREE in account.buckets()
    succeeded(user.make("destroy", "CONFIRM=yes"))
    assert account.buckets() == [STATE_BUCKET]
    assert [role["RoleName"] for role in account.client("iam").list_roles()["Roles"]] == []
    for region in ("ap-southeast-1", "us-east-2"):
        assert account.client("logs", region).describe_log_groups()["logGroups"] == []
        assert account.client("glue", region).get_databases()["DatabaseList"] == []
        assert account.client("cloudwatch", region).describe_alarms()["MetricAlarms"] == []
    succeeded(user.make("destroy", "CONFIRM=yes"))
    assert cloud.refused == set()
    assert {"firehose.us-east-2.amazonaws.com", f"{STATE_BUCKET}.s3.eu-west-1.amazonaws.com"} <= cloud.reached
