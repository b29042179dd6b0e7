"""A bucket, two Glue tables and two streams on a moto server; the objects are those of the unit tests' deliveries."""

import contextlib
import importlib.util
import io
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import uuid4

import boto3
import pytest

from validators.__main__ import main

DELIVERIES = Path(__file__).resolve().parents[2] / "unit" / "validators" / "conftest.py"


@pytest.fixture(scope="session")
def deliveries() -> ModuleType:
    spec = importlib.util.spec_from_file_location("validators_deliveries", DELIVERIES)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def moto_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("moto") / "moto.log"
    with log.open("wb") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], stdout=out, stderr=out
        )
    endpoint = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(f"{endpoint}/moto-api/data.json", timeout=5):
                break
        except (urllib.error.URLError, OSError):
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < deadline, "moto did not start"
            time.sleep(0.1)
    yield endpoint
    server.terminate()
    server.wait(timeout=20)


@dataclass(frozen=True)
class Cloud:
    """One delivery in a bucket of its own, with the files that name it."""

    bucket: str
    outputs: Path
    manifest: Path
    endpoint: str

    def client(self, name: str, region: str = "ap-southeast-1") -> Any:
        return boto3.client(name, region_name=region, endpoint_url=self.endpoint)

    def run(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run a command in this process: the same answer as a child's, a second sooner."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main([str(argument) for argument in arguments])
        return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())

    def run_as_child(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "validators", *map(str, arguments)]
        environment = {**os.environ, "PYTHONWARNINGS": "error"}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture
def cloud(
    moto_endpoint: str, tmp_path: Path, deliveries: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Cloud]:
    settings = {
        "AWS_ENDPOINT_URL": moto_endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
    }
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    name = f"si-{uuid4().hex[:10]}"
    stream, database = f"SI-{name}", f"db_{name[3:]}"
    made = Cloud(name, tmp_path / "outputs.json", tmp_path / "manifest.json", moto_endpoint)
    _make(made, deliveries, stream=stream, database=database)
    return made


def _make(made: Cloud, deliveries: ModuleType, *, stream: str, database: str) -> None:
    evidence = deliveries.store_evidence()
    s3, glue, firehose = made.client("s3"), made.client("glue"), made.client("firehose")
    s3.create_bucket(Bucket=made.bucket, CreateBucketConfiguration={"LocationConstraint": "ap-southeast-1"})
    for key, stored in evidence.bucket.objects.items():
        body = stored.data.replace(b'"conversion_db"', f'"{database}"'.encode())
        headers = {"ContentEncoding": stored.content_encoding} if stored.content_encoding else {}
        s3.put_object(
            Bucket=made.bucket,
            Key=key.replace("SI-Firehose-", f"{stream}-"),
            Body=body,
            ContentType=stored.content_type,
            **headers,
        )
    glue.create_database(DatabaseInput={"Name": database})
    for name, projected in (("conversion_table", False), ("store_events", True)):
        value = deliveries.table_value(projected=projected)
        value["Parameters"] = {key: text.replace("si-bucket", made.bucket) for key, text in value["Parameters"].items()}
        glue.create_table(DatabaseName=database, TableInput={"Name": name, **value})
    destination = dict(deliveries.description_value()["Destinations"][0]["ExtendedS3DestinationDescription"])
    destination["BucketARN"] = f"arn:aws:s3:::{made.bucket}"
    schema = destination["DataFormatConversionConfiguration"]["SchemaConfiguration"]
    schema |= {"DatabaseName": database, "RoleARN": deliveries.ROLE}
    firehose.create_delivery_stream(
        DeliveryStreamName=stream, DeliveryStreamType="DirectPut", ExtendedS3DestinationConfiguration=destination
    )
    outputs = deliveries.outputs_value() | {"bucket": made.bucket, "stream_name": stream}
    outputs["conversion"] = {**outputs["conversion"], "database": database}
    outputs["query_table"] = {"database": database, "table": "store_events"}
    made.outputs.write_text(json.dumps(outputs))
    made.manifest.write_text(json.dumps({**deliveries.store_manifest(), "stream": stream}))
