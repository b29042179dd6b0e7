"""What the delivery roles may do, as IAM decides it: the roles that the stacks' own code puts into a cloud, asked for every action of the
services near them, and moto with enforcement on as a second judge of the S3 part. moto knows neither conditions nor the resources of Glue
and Logs, so those are decided by the rules of IAM below, which take nothing that they don't know for granted.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import copy
import functools
import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import botocore.loaders
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from deployment.environment import local_environment
from deployment.folders import TargetFolders
from deployment.local_clients import local_client
from deployment.provider_setup import set_up_provider
from deployment.servers import moto_server, start_server, stop_server

pytestmark = pytest.mark.slow

TERRAFORM = Path(__file__).resolve().parents[3] / "terraform"
ACCOUNT, SINGAPORE, OHIO = "123456789012", "ap-southeast-1", "us-east-2"
KEY = f"arn:aws:kms:{OHIO}:{ACCOUNT}:key/1234abcd"

# The stacks as they are, and a role for a bucket with a key of its own, which no stack has.
ROOT = f"""
provider "aws" {{
  region = "{OHIO}"
}}
module "store" {{
  source = "./stacks/store-inventory"
}}
module "logs" {{
  source = "./stacks/apache-logs"
}}
module "keyed" {{
  source      = "./modules/delivery_role"
  name        = "Keyed"
  bucket      = "keyed"
  kms_key_arn = "{KEY}"
  log_group   = "/aws/kinesisfirehose/Keyed"
  region      = "{OHIO}"
  stream_name = "Keyed"
}}
"""


@dataclass(frozen=True)
class Role:
    """A delivery role, and what it is for."""

    name: str
    bucket: str
    stream: str
    region: str
    table: str | None = None
    key: str | None = None

    def needs(self) -> set[tuple[str, str]]:
        """What Firehose's documentation lists, on the role's own resources and no others."""
        bucket, logs = f"arn:aws:s3:::{self.bucket}", log_group(self.region, self.stream)
        needed = {(f"s3:{name}", bucket) for name in ("GetBucketLocation", "ListBucket", "ListBucketMultipartUploads")}
        needed |= {(f"s3:{name}", f"{bucket}/a/key") for name in ("AbortMultipartUpload", "GetObject", "PutObject")}
        needed |= {("logs:PutLogEvents", f"{logs}:log-stream:DestinationDelivery")}
        if self.table:
            catalog = f"arn:aws:glue:{self.region}:{ACCOUNT}"
            read = (f"{catalog}:catalog", f"{catalog}:database/conversion_db", f"{catalog}:table/{self.table}")
            names = ("GetTable", "GetTableVersion", "GetTableVersions")
            needed |= {(f"glue:{name}", resource) for name in names for resource in read}
        if self.key:
            needed |= {(f"kms:{name}", self.key) for name in ("Decrypt", "GenerateDataKey")}
        return needed

    def context(self) -> dict[str, str]:
        """What a request of S3 to KMS for the role's own bucket carries."""
        return {
            "kms:ViaService": f"s3.{self.region}.amazonaws.com",
            "kms:EncryptionContext:aws:s3:arn": f"arn:aws:s3:::{self.bucket}/a/key",
        }


def log_group(region: str, stream: str) -> str:
    return f"arn:aws:logs:{region}:{ACCOUNT}:log-group:/aws/kinesisfirehose/{stream}"


STORE = Role(
    "FirehoseWorkshop",
    f"store-inventory-{ACCOUNT}-{SINGAPORE}",
    "SI-Firehose",
    SINGAPORE,
    table="conversion_db/conversion_table",
)
LOGS = Role("FirehoseApacheLogs", f"apache-logs-{ACCOUNT}-{OHIO}", "ApacheLogs", OHIO)
KEYED = Role("Keyed", "keyed", "Keyed", OHIO, key=KEY)
ROLES = pytest.mark.parametrize("role", [STORE, LOGS, KEYED], ids=["store-inventory", "apache-logs", "keyed"])


# The rules of IAM


def matches(pattern: str, value: str) -> bool:
    """`*` stands for any characters and `?` for one; nothing else is special."""
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), value, re.DOTALL) is not None


def arn_matches(pattern: str, value: str) -> bool:
    """ArnLike: each of the six parts is matched alone."""
    ours, given = pattern.split(":", 5), value.split(":", 5)
    return len(ours) == len(given) and all(map(matches, ours, given))


OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": str.__eq__,
    "StringLike": matches,
    "ArnLike": arn_matches,
}


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def holds(condition: Mapping[str, Mapping[str, Any]], context: Mapping[str, str]) -> bool:
    """Every key of every operator must hold; a key that the request does not carry does not hold."""
    return all(
        key in context and any(OPERATORS[operator](pattern, context[key]) for pattern in listed(patterns))
        for operator, keys in condition.items()
        for key, patterns in keys.items()
    )


def speaks_of(
    statement: Mapping[str, Any], action: str, resource: str | None, principal: tuple[str, str] | None
) -> bool:
    unknown = statement.keys() - {"Sid", "Effect", "Action", "Resource", "Principal", "Condition"}
    assert not unknown, f"not decided here: {unknown}"
    if not any(matches(pattern.lower(), action.lower()) for pattern in listed(statement["Action"])):
        return False
    if resource is not None and not any(matches(pattern, resource) for pattern in listed(statement["Resource"])):
        return False
    if principal is None:
        return True
    who = statement["Principal"]
    return who == "*" or any(name in ("*", principal[1]) for name in listed(who.get(principal[0], [])))


def allows(
    document: Mapping[str, Any],
    action: str,
    resource: str | None = None,
    context: Mapping[str, str] | None = None,
    principal: tuple[str, str] | None = None,
) -> bool:
    """Nothing is allowed but what a statement allows, and nothing that another denies."""
    effects = {
        statement["Effect"]
        for statement in listed(document["Statement"])
        if speaks_of(statement, action, resource, principal) and holds(statement.get("Condition", {}), context or {})
    }
    return effects == {"Allow"}


# What is asked


@functools.cache
def every_action() -> frozenset[str]:
    """Each operation of the services that a delivery role could reach for, and IAM's own names of S3's."""
    loader = botocore.loaders.Loader()
    services = ("s3", "glue", "logs", "kms", "iam", "sts", "firehose", "kinesis", "lambda", "cloudwatch")
    known = {
        f"{service}:{operation}"
        for service in services
        for operation in loader.load_service_model(service, "service-2")["operations"]
    }
    objects = (
        "AbortMultipartUpload",
        "GetObject",
        "GetObjectVersion",
        "DeleteObjectVersion",
        "ListMultipartUploadParts",
        "PutObject",
    )
    buckets = (
        "GetBucketLocation",
        "ListAllMyBuckets",
        "ListBucket",
        "ListBucketMultipartUploads",
        "ListBucketVersions",
    )
    return frozenset(
        known | {f"s3:{name}" for name in (*objects, *buckets)} | {"iam:PassRole", "lambda:InvokeFunction"}
    )


def every_resource() -> set[str]:
    """What the roles are for, and for each the nearest thing that is not theirs: another name, Region, account; a name that goes on."""
    resources = {
        "*", KEY, f"{KEY}5", f"arn:aws:iam::{ACCOUNT}:role/admin", f"arn:aws:kms:{OHIO}:{ACCOUNT}:alias/aws/s3",
        "arn:aws:s3:::another", "arn:aws:s3:::another/a/key",
    }  # fmt: skip
    for role in (STORE, LOGS, KEYED):
        bucket = f"arn:aws:s3:::{role.bucket}"
        resources |= {bucket, f"{bucket}/a/key", f"{bucket}-2", f"{bucket}-2/a/key"}
        resources |= {f"arn:aws:firehose:{role.region}:{ACCOUNT}:deliverystream/{role.stream}"}
        resources |= {f"arn:aws:iam::{ACCOUNT}:role/{role.name}"}
        for region in (role.region, "eu-west-1"):
            group = log_group(region, role.stream)
            resources |= {group, f"{group}:log-stream:DestinationDelivery", f"{group}-2:log-stream:DestinationDelivery"}
    for region, account in ((SINGAPORE, ACCOUNT), ("eu-west-1", ACCOUNT), (SINGAPORE, "999999999999")):
        glue = f"arn:aws:glue:{region}:{account}"
        resources |= {f"{glue}:catalog", f"{glue}:database/conversion_db", f"{glue}:database/conversion_db_2"}
        resources |= {
            f"{glue}:table/{name}"
            for name in (
                "conversion_db/conversion_table",
                "conversion_db/conversion_table_2",
                "conversion_db/store_events",
                "another/conversion_table",
            )
        }
    return resources


def permitted(document: Mapping[str, Any], role: Role) -> set[tuple[str, str]]:
    resources = sorted(every_resource())
    statements = listed(document["Statement"])
    named = [
        action for action in sorted(every_action()) if any(speaks_of(each, action, None, None) for each in statements)
    ]
    return {
        (action, resource)
        for action in named
        for resource in resources
        if allows(document, action, resource, role.context())
    }


# The cloud that the roles are put into


@dataclass(frozen=True)
class Cloud:
    """A moto server that holds the roles, and what it says of them."""

    endpoint: str
    documents: dict[Role, dict[str, Any]]
    trusts: dict[Role, dict[str, Any]]

    @classmethod
    def read(cls, endpoint: str) -> "Cloud":
        """Each role has one policy, and no other of either kind."""
        iam = local_client("iam", endpoint)
        cloud = cls(endpoint, {}, {})
        for role in (STORE, LOGS, KEYED):
            (policy,) = iam.list_role_policies(RoleName=role.name)["PolicyNames"]
            assert iam.list_attached_role_policies(RoleName=role.name)["AttachedPolicies"] == []
            cloud.documents[role] = iam.get_role_policy(RoleName=role.name, PolicyName=policy)["PolicyDocument"]
            cloud.trusts[role] = iam.get_role(RoleName=role.name)["Role"]["AssumeRolePolicyDocument"]
        return cloud

    def enforce(self, after: str) -> None:
        """Judge every request by IAM after so many; ``inf`` for none of them."""
        url = f"{self.endpoint}/moto-api/reset-auth"
        request = urllib.request.Request(url, data=after.encode(), headers={"Content-Type": "text/plain"})
        with urllib.request.urlopen(request) as answer:
            assert answer.status == 200


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """The roles by terraform from the stacks' own code; nothing but the roles is applied, which takes one start of the provider."""
    folder = tmp_path_factory.mktemp("iam")
    for path in TERRAFORM.rglob("*.tf"):
        if ".terraform" not in path.parts:
            target = folder / "terraform" / path.relative_to(TERRAFORM)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    (folder / "terraform" / "main.tf").write_text(ROOT, "utf-8")
    process = start_server(
        moto_server(), python=sys.executable, folder=folder, environment=local_environment(os.environ, {}), log=folder / "moto.log",
        preferred_port=None, now=lambda: datetime.now(UTC),
    )  # fmt: skip
    try:
        provider = set_up_provider(TargetFolders(folder / "work", "local"), os.environ, Path.home())
        environment = provider.environment(local_environment(os.environ, {"default": process.endpoint}))
        roles = [f"-target=module.{name}" for name in ("store.module.role", "logs.module.role", "keyed")]
        for arguments in (["init"], ["apply", "-auto-approve", *roles]):
            done = subprocess.run(
                ["terraform", arguments[0], "-input=false", "-no-color", *arguments[1:]],
                cwd=folder / "terraform", env=environment, capture_output=True, text=True, check=False, timeout=200,
            )  # fmt: skip
            assert done.returncode == 0, done.stdout + done.stderr
        yield Cloud.read(process.endpoint)
    finally:
        stop_server(process)


# What holds


@ROLES
def test_the_role_may_do_what_firehose_needs_and_nothing_else(cloud: Cloud, role: Role) -> None:
    assert permitted(cloud.documents[role], role) == role.needs()


@pytest.mark.parametrize(
    "context",
    [
        pytest.param({}, id="straight-to-kms"),
        pytest.param({**KEYED.context(), "kms:ViaService": f"dynamodb.{OHIO}.amazonaws.com"}, id="by-another-service"),
        pytest.param({**KEYED.context(), "kms:ViaService": f"s3.{SINGAPORE}.amazonaws.com"}, id="from-another-region"),
        pytest.param({**KEYED.context(), "kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::another/a"}, id="for-another-bucket"),
    ],
)  # fmt: skip
def test_the_key_is_for_objects_of_the_bucket_only(cloud: Cloud, context: dict[str, str]) -> None:
    document = cloud.documents[KEYED]
    assert allows(document, "kms:Decrypt", KEY, KEYED.context())
    assert not allows(document, "kms:Decrypt", KEY, context)
    assert not allows(document, "kms:GenerateDataKey", KEY, context)


FIREHOSE = ("Service", "firehose.amazonaws.com")


@ROLES
def test_firehose_takes_the_role_for_its_own_stream(cloud: Cloud, role: Role) -> None:
    stream = f"arn:aws:firehose:{role.region}:{ACCOUNT}:deliverystream/{role.stream}"
    context = {"aws:SourceAccount": ACCOUNT, "aws:SourceArn": stream}
    assert allows(cloud.trusts[role], "sts:AssumeRole", None, context, FIREHOSE)


@ROLES
@pytest.mark.parametrize(
    ("principal", "action", "changed"),
    [
        pytest.param(("Service", "lambda.amazonaws.com"), "sts:AssumeRole", {}, id="another-service"),
        pytest.param(("AWS", f"arn:aws:iam::{ACCOUNT}:root"), "sts:AssumeRole", {}, id="the-account-itself"),
        pytest.param(("AWS", "firehose.amazonaws.com"), "sts:AssumeRole", {}, id="an-account-of-that-name"),
        pytest.param(FIREHOSE, "sts:AssumeRoleWithWebIdentity", {}, id="another-way"),
        pytest.param(FIREHOSE, "sts:TagSession", {}, id="tags-for-the-session"),
        pytest.param(FIREHOSE, "sts:AssumeRole", {"aws:SourceAccount": "999999999999"}, id="another-account"),
        pytest.param(FIREHOSE, "sts:AssumeRole", {"aws:SourceAccount": None}, id="no-account"),
        pytest.param(FIREHOSE, "sts:AssumeRole", {"aws:SourceArn": None}, id="no-stream"),
        pytest.param(FIREHOSE, "sts:AssumeRole", {"aws:SourceArn": "{stream}-2"}, id="another-stream"),
        pytest.param(FIREHOSE, "sts:AssumeRole", {"aws:SourceArn": "arn:aws:firehose:eu-west-1:{account}:deliverystream/{name}"}, id="another-region"),
    ],
)  # fmt: skip
def test_nobody_else_takes_it(
    cloud: Cloud, role: Role, principal: tuple[str, str], action: str, changed: dict[str, str | None]
) -> None:
    stream = f"arn:aws:firehose:{role.region}:{ACCOUNT}:deliverystream/{role.stream}"
    context = {"aws:SourceAccount": ACCOUNT, "aws:SourceArn": stream}
    for key, value in changed.items():
        del context[key]
        if value is not None:
            context[key] = value.format(stream=stream, account=ACCOUNT, name=role.stream)
    assert not allows(cloud.trusts[role], action, None, context, principal)


def widened(document: Mapping[str, Any], sid: str, element: str, value: Any) -> dict[str, Any]:
    wider = copy.deepcopy(dict(document))
    (statement,) = [statement for statement in wider["Statement"] if statement["Sid"] == sid]
    statement[element] = value
    return wider


@pytest.mark.parametrize(
    ("sid", "element", "value"),
    [
        pytest.param("Objects", "Action", ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject*"], id="a-star-in-an-action"),
        pytest.param("Objects", "Action", ["s3:AbortMultipartUpload", "s3:GetObject"], id="too-few-actions"),
        pytest.param("Objects", "Resource", f"arn:aws:s3:::{STORE.bucket}*/*", id="buckets-that-begin-alike"),
        pytest.param("Bucket", "Resource", "*", id="every-bucket"),
        pytest.param("Schema", "Resource", f"arn:aws:glue:{SINGAPORE}:{ACCOUNT}:*", id="every-table"),
        pytest.param("DeliveryErrors", "Resource", f"{log_group('*', STORE.stream)}:log-stream:*", id="every-region"),
        pytest.param("Schema", "Effect", "Deny", id="denied"),
        pytest.param("Bucket", "Condition", {"StringEquals": {"s3:prefix": "a/"}}, id="a-condition-not-met"),
    ],
)  # fmt: skip
def test_a_policy_that_is_wider_or_narrower_is_noticed(cloud: Cloud, sid: str, element: str, value: Any) -> None:
    document = widened(cloud.documents[STORE], sid, element, value)
    assert permitted(document, STORE) != STORE.needs()


@pytest.fixture
def judged(cloud: Cloud) -> Iterator[Callable[[str, str], Any]]:
    """Clients with the role's own keys, while moto judges each request by the role's policy."""
    root = local_client("s3", cloud.endpoint)
    for bucket in (STORE.bucket, f"{STORE.bucket}-2"):
        root.create_bucket(Bucket=bucket)
        root.put_object(Bucket=bucket, Key="a/key", Body=b"here before")
    keys = local_client("sts", cloud.endpoint).assume_role(
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{STORE.name}", RoleSessionName="firehose"
    )["Credentials"]  # fmt: skip
    opened = []

    def client(service: str, region: str = SINGAPORE) -> Any:
        made = boto3.client(
            service, region_name=region, endpoint_url=cloud.endpoint, aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"], aws_session_token=keys["SessionToken"],
            config=Config(s3={"addressing_style": "path"}, proxies={}, retries={"total_max_attempts": 1}),
        )  # fmt: skip
        opened.append(made)
        return made

    cloud.enforce("0")
    yield client
    cloud.enforce("inf")
    for made in opened:
        made.close()


OWN, OTHER = {"Bucket": STORE.bucket}, {"Bucket": f"{STORE.bucket}-2"}
OBJECT = {"Key": "a/key"}


def answer(client: Any, operation: str, arguments: Mapping[str, Any]) -> str:
    try:
        getattr(client, operation)(**arguments)
    except ClientError as exc:
        return str(exc.response["Error"]["Code"])
    return "done"


def test_moto_with_enforcement_on_lets_the_role_deliver_and_do_no_more(judged: Callable[[str], Any]) -> None:
    s3, iam = judged("s3"), judged("iam")
    delivers = [
        ("put_object", {**OBJECT, "Body": b"delivered"}),
        ("get_object", OBJECT),
        ("list_objects_v2", {}),
        ("get_bucket_location", {}),
        ("list_multipart_uploads", {}),
    ]
    assert [answer(s3, name, {**OWN, **arguments}) for name, arguments in delivers] == ["done"] * 5
    assert [answer(s3, name, {**OTHER, **arguments}) for name, arguments in delivers] == ["AccessDenied"] * 5
    refused = [
        ("delete_object", OBJECT),
        ("delete_bucket", {}),
        ("put_bucket_policy", {"Policy": json.dumps({})}),
        ("get_bucket_acl", {}),
    ]
    assert [answer(s3, name, {**OWN, **arguments}) for name, arguments in refused] == ["AccessDenied"] * 4
    assert [answer(iam, name, {}) for name in ("list_roles", "list_users")] == ["AccessDenied"] * 2
