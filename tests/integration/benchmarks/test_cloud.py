"""The stand-in answers the real clients of local_firehose, and the sender sees refusals."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import obstore
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from obstore.store import S3Store

from benchmarks.children import child
from benchmarks.counting_front import received
from benchmarks.failures import ServerError
from benchmarks.local_server import StandIn, stand_in
from benchmarks.put_requests import ACCOUNT_ID, put_record_batch_request, put_record_request
from benchmarks.sender import round_trips, send_all


@pytest.fixture(scope="module")
def cloud() -> Iterator[StandIn]:
    with stand_in() as running:
        yield running


def client(cloud: StandIn, service: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=cloud.endpoint,
        region_name="us-east-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",
        config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
    )


def store(cloud: StandIn) -> S3Store:
    return S3Store(
        "bucket",
        endpoint=cloud.endpoint,
        region="us-east-1",
        access_key_id="x",
        secret_access_key="x",
        client_options={"allow_http": True},
    )


def test_objects_put_by_either_client_are_saved_under_quoted_names(cloud: StandIn, tmp_path: Path) -> None:
    obstore.put(store(cloud), "a=1/b c", b"one" * 100_000, use_multipart=False)
    s3 = client(cloud, "s3")
    s3.put_object(Bucket="bucket", Key="d//e", Body=b"two")
    assert s3.get_object(Bucket="bucket", Key="d//e")["Body"].read() == b"two"
    assert cloud.save(tmp_path / "saved") == 2
    found = {path.name: path.read_bytes() for path in (tmp_path / "saved").iterdir()}
    assert found == {"bucket%2Fa%3D1%2Fb%20c": b"one" * 100_000, "bucket%2Fd%2F%2Fe": b"two"}
    cloud.clear()
    assert cloud.save(tmp_path / "cleared") == 0


def test_a_folder_store_keeps_objects_in_files(tmp_path: Path) -> None:
    folder = tmp_path / "objects"
    with stand_in(folder) as cloud:
        obstore.put(store(cloud), "a/b", b"one", use_multipart=False)
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"bucket%2Fa%2Fb": b"one"}
        cloud.clear()
        assert list(folder.iterdir()) == []


def test_glue_knows_the_tables_it_was_given(cloud: StandIn) -> None:
    cloud.tables({"events": [("id", "string")]})
    glue = client(cloud, "glue")
    table = glue.get_table(DatabaseName="d", Name="events")["Table"]
    assert table["StorageDescriptor"]["Columns"] == [{"Name": "id", "Type": "string"}]
    with pytest.raises(ClientError, match="EntityNotFoundException"):
        glue.get_table(DatabaseName="d", Name="other")


def test_sts_says_whose_account_it_is(cloud: StandIn) -> None:
    assert client(cloud, "sts").get_caller_identity()["Account"] == ACCOUNT_ID


def test_a_service_that_is_not_there_says_so(cloud: StandIn) -> None:
    with pytest.raises(ClientError, match="NotImplemented"):
        client(cloud, "iam").get_role(RoleName="x")


def test_an_answer_that_takes_no_record_is_an_error_to_the_sender(cloud: StandIn) -> None:
    with pytest.raises(ServerError, match="a 200 that takes every record was wanted"):
        send_all(cloud.port, [put_record_request("stream", b"x")], connections=1)


def test_round_trips_are_timed_for_each_request_of_each_client() -> None:
    request = put_record_batch_request("stream", [b"x"])
    with child("benchmarks.counting_front") as port:
        seconds = round_trips(port, [[request] * 3, [request], []])
        assert received(port)[0] == 4
    assert len(seconds) == 4
    assert all(0 < took < 10 for took in seconds)


def test_a_refusal_ends_the_round_trips(cloud: StandIn) -> None:
    with pytest.raises(ServerError, match="a 200 that takes every record was wanted"):
        round_trips(cloud.port, [[put_record_request("stream", b"x")]])
