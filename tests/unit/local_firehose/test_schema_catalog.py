from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from firehose_spec.glue_types import Column, parse
from local_firehose.schema_catalog import SchemaCatalog, SchemaError
from local_firehose.stream_config import SchemaReference

LATEST = SchemaReference("arn:aws:iam::123456789012:role/r", "123456789012", "db", "events", "eu-west-1", "LATEST")
FIXED = SchemaReference("arn:aws:iam::123456789012:role/r", "123456789012", "db", "events", "eu-west-1", "3")


class Glue:
    """A Glue of one table that records what it is asked and answers what it is told to."""

    def __init__(self, *columns: tuple[str, str]) -> None:
        self.columns = columns
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.error: Exception | None = None

    def _table(self) -> dict[str, Any]:
        if self.error:
            raise self.error
        columns = [{"Name": name, "Type": kind} for name, kind in self.columns]
        return {"Name": "events", "StorageDescriptor": {"Columns": columns}, "PartitionKeys": [{"Name": "day"}]}

    def get_table(self, **request: str) -> Mapping[str, Any]:
        self.asked.append(("get_table", request))
        return {"Table": self._table()}

    def get_table_version(self, **request: str) -> Mapping[str, Any]:
        self.asked.append(("get_table_version", request))
        return {"TableVersion": {"Table": self._table()}}


class Time:
    def __init__(self) -> None:
        self.ms = 0

    def __call__(self) -> int:
        return self.ms


def catalog(glue: Glue, time: Time | None = None) -> SchemaCatalog:
    return SchemaCatalog(lambda region: glue, now_ms=time or Time(), refresh_seconds=5)


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "said Glue"}}, "GetTable")


def test_columns_come_in_order_in_lower_case_without_partition_keys() -> None:
    glue = Glue(("Id", "string"), ("tags", "array<struct<K:int>>"))
    assert catalog(glue).columns(LATEST) == (
        Column("id", parse("string")),
        Column("tags", parse("array<struct<k:int>>")),
    )
    assert glue.asked == [("get_table", {"DatabaseName": "db", "CatalogId": "123456789012", "Name": "events"})]


def test_the_client_is_that_of_the_schemas_region() -> None:
    regions = []
    glue = Glue(("id", "string"))

    def client(region: str) -> Glue:
        regions.append(region)
        return glue

    SchemaCatalog(client, now_ms=Time()).columns(LATEST)
    assert regions == ["eu-west-1"]


def test_a_numbered_version_is_asked_for_by_number() -> None:
    glue = Glue(("id", "string"))
    catalog(glue).columns(FIXED)
    request = {"DatabaseName": "db", "CatalogId": "123456789012", "TableName": "events", "VersionId": "3"}
    assert glue.asked == [("get_table_version", request)]


def test_latest_follows_an_update_once_the_time_is_over() -> None:
    glue, time = Glue(("id", "string")), Time()
    schemas = catalog(glue, time)
    before = schemas.columns(LATEST)
    glue.columns = (("id", "string"), ("more", "int"))
    time.ms = 4_999
    assert schemas.columns(LATEST) == before
    time.ms = 5_000
    assert schemas.columns(LATEST) == (Column("id", parse("string")), Column("more", parse("int")))


def test_an_unchanged_table_gives_the_same_object() -> None:
    glue, time = Glue(("id", "string")), Time()
    schemas = catalog(glue, time)
    before = schemas.columns(LATEST)
    time.ms = 10_000
    assert schemas.columns(LATEST) is before
    assert len(glue.asked) == 2


@pytest.mark.parametrize(
    ("error", "code", "is_transient"),
    [
        pytest.param(
            refused("EntityNotFoundException"), "DataFormatConversion.EntityNotFound", False, id="table-missing"
        ),
        pytest.param(refused("AccessDeniedException"), "DataFormatConversion.AccessDenied", True, id="access-denied"),
        pytest.param(refused("ThrottlingException"), "DataFormatConversion.ThrottlingException", True, id="throttled"),
        pytest.param(
            EndpointConnectionError(endpoint_url="http://x"), "DataFormatConversion.GlueUnavailable", True, id="away"
        ),
    ],
)
def test_glues_errors_become_codes_of_the_error_line(error: Exception, code: str, is_transient: bool) -> None:
    glue = Glue()
    glue.error = error
    with pytest.raises(SchemaError, match=code) as caught:
        catalog(glue).columns(LATEST)
    assert (caught.value.code, caught.value.is_transient) == (code, is_transient)


def test_columns_last_read_serve_while_glue_is_away_but_not_when_the_table_is_gone() -> None:
    glue, time = Glue(("id", "string")), Time()
    schemas = catalog(glue, time)
    before = schemas.columns(LATEST)
    time.ms, glue.error = 6_000, refused("ThrottlingException")
    assert schemas.columns(LATEST) is before
    glue.error = refused("EntityNotFoundException")
    with pytest.raises(SchemaError, match="could not be found"):
        schemas.columns(LATEST)
    glue.error = refused("ThrottlingException")
    with pytest.raises(SchemaError, match="ThrottlingException"):
        schemas.columns(LATEST)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        pytest.param((), "has no columns", id="no-columns"),
        pytest.param((("a", "uniontype<int,string>"),), "not a type that Firehose converts", id="uniontype"),
        pytest.param((("a", "set<string>"),), "not a type that Firehose converts", id="set"),
        pytest.param((("a", "int"), ("A", "int")), "two columns of one name", id="same-name-in-other-case"),
        pytest.param((("a", "struct<x:int,X:int>"),), "repeat a name", id="same-member-twice"),
        pytest.param((("a", "array<map<array<int>,int>>"),), "must be a primitive", id="map-key-not-primitive"),
        pytest.param((("a", "char(256)"),), "1 to 255", id="char-too-long"),
        pytest.param((("a", "struct<v:varchar(65536)>"),), "1 to 65535", id="varchar-too-long"),
        pytest.param((("a", ""),), "Column a", id="no-type"),
        pytest.param(
            (("a", "STRING"),), "Column a: Error: type expected at the position 0 of 'STRING'", id="upper-case"
        ),
        pytest.param((("a", "array< int>"),), "Column a: Error: type expected at the position 6", id="blank"),
    ],
)
def test_a_schema_that_cannot_be_converted_is_named(columns: tuple[tuple[str, str], ...], message: str) -> None:
    with pytest.raises(SchemaError, match=message) as caught:
        catalog(Glue(*columns)).columns(LATEST)
    assert (caught.value.code, caught.value.is_transient) == ("DataFormatConversion.InvalidSchema", False)
