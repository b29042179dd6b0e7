"""Columns of real Glue tables, as moto serves them."""

from typing import Any

import boto3
import pytest

from firehose_spec.glue_types import Column, parse
from local_firehose.schema_catalog import SchemaCatalog, SchemaError
from local_firehose.stream_config import SchemaReference

ACCOUNT, REGION = "123456789012", "us-east-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/firehose"


@pytest.fixture
def glue(moto_endpoint: str) -> Any:
    client = boto3.client(
        "glue", endpoint_url=moto_endpoint, region_name=REGION, aws_access_key_id="a", aws_secret_access_key="b"
    )
    yield client
    client.close()


def descriptor(**columns: str) -> dict[str, Any]:
    return {"Columns": [{"Name": name, "Type": kind} for name, kind in columns.items()]}


def test_latest_follows_an_update_and_a_number_does_not(glue: Any, request: pytest.FixtureRequest) -> None:
    database = f"db_{abs(hash(request.node.nodeid)) % 10**9}"
    glue.create_database(DatabaseInput={"Name": database})
    glue.create_table(DatabaseName=database, TableInput={"Name": "t", "StorageDescriptor": descriptor(a="string")})
    first = glue.get_table_versions(DatabaseName=database, TableName="t")["TableVersions"][0]["VersionId"]
    catalog = SchemaCatalog(lambda region: glue, now_ms=lambda: 0, refresh_seconds=0)
    latest = SchemaReference(ROLE, ACCOUNT, database, "t", REGION, "LATEST")
    fixed = SchemaReference(ROLE, ACCOUNT, database, "t", REGION, first)
    before = (Column("a", parse("string")),)
    assert catalog.columns(latest) == catalog.columns(fixed) == before

    changed = descriptor(a="string", b="array<struct<c:int>>")
    glue.update_table(DatabaseName=database, TableInput={"Name": "t", "StorageDescriptor": changed})
    assert catalog.columns(latest) == (*before, Column("b", parse("array<struct<c:int>>")))
    assert catalog.columns(fixed) == before

    glue.delete_table(DatabaseName=database, Name="t")
    with pytest.raises(SchemaError, match="could not be found") as caught:
        catalog.columns(latest)
    assert not caught.value.is_transient


def test_a_glue_that_is_away_is_worth_another_try() -> None:
    client = boto3.client(
        "glue",
        endpoint_url="http://127.0.0.1:9",
        region_name=REGION,
        aws_access_key_id="a",
        aws_secret_access_key="b",
        config=boto3.session.Config(retries={"total_max_attempts": 1}),
    )
    catalog = SchemaCatalog(lambda region: client, now_ms=lambda: 0)
    with pytest.raises(SchemaError, match=r"127\.0\.0\.1:9") as caught:
        catalog.columns(SchemaReference(ROLE, ACCOUNT, "db", "t", REGION, "LATEST"))
    assert caught.value.is_transient
    client.close()
