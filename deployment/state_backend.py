"""The bucket for Terraform's state on AWS: made once, named in ``backend.hcl``.

Talks to: S3, disk. The lock is a file beside the state (use_lockfile), so no table is needed.
Source: https://developer.hashicorp.com/terraform/language/backend/s3
"""

import json
import re
from typing import Any

from botocore.exceptions import ClientError

from deployment.atomic_file import write_atomically
from deployment.errors import RefusedError
from deployment.folders import TargetFolders

_FILE = "backend.hcl"


def read_backend(folders: TargetFolders) -> dict[str, str] | None:
    """Return the settings in ``backend.hcl``, or None when there is none."""
    try:
        text = (folders.base / _FILE).read_text("utf-8")
    except FileNotFoundError:
        return None
    return {name: value.strip('"') for name, value in re.findall(r'^\s*(\w+)\s*=\s*("[^"]*"|\w+)', text, re.MULTILINE)}


def bootstrap(folders: TargetFolders, s3: Any, *, account_id: str, region: str) -> str:
    """Make the state bucket unless it is there, write ``backend.hcl`` and return the bucket's name. Run again it changes nothing.

    Raises:
        RefusedError: the name belongs to another account, or may not be used.
    """
    bucket = f"firehose-as-code-state-{account_id}-{region}"
    where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    try:
        s3.create_bucket(Bucket=bucket, **where)
    except ClientError as exc:
        if exc.response["Error"]["Code"] != "BucketAlreadyOwnedByYou":
            raise RefusedError(
                f"s3://{bucket} can't be made: {exc.response['Error']['Code']}: {exc.response['Error']['Message']}."
            ) from exc
    blocked = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=blocked)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_encryption(
        Bucket=bucket,
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
        },
    )
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(_tls_only(bucket)))
    write_atomically(
        folders.base / _FILE,
        f'bucket       = "{bucket}"\nregion       = "{region}"\nuse_lockfile = true\nencrypt      = true\n',
    )
    return bucket


def _tls_only(bucket: str) -> dict[str, Any]:
    arn = f"arn:aws:s3:::{bucket}"
    statement = {
        "Sid": "DenyInsecureTransport", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }  # fmt: skip
    return {"Version": "2012-10-17", "Statement": [statement]}
