"""A local cloud for the delivery engine: one moto server for all tests, buckets and tables of each test's own."""

import base64
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest

from local_firehose.caller import Caller
from local_firehose.engine_port import StreamView
from local_firehose.stream_config import (
    BufferingHints,
    Conversion,
    DeliveryConfig,
    Processor,
    S3Destination,
    SchemaReference,
    StreamId,
)

ACCOUNT = "123456789012"
REGION = "us-east-1"


@pytest.fixture(scope="session")
def moto_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = (tmp_path_factory.mktemp("moto") / "moto.log").open("wb")
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=log,
        stderr=log,
        env={**os.environ, "PYTHONWARNINGS": "default"},
    )
    endpoint = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(f"{endpoint}/moto-api/data.json", timeout=5):
                break
        except OSError:
            assert server.poll() is None, Path(log.name).read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
    yield endpoint
    server.terminate()
    server.wait()
    log.close()


@dataclass
class Cloud:
    """Buckets, tables and streams of one test."""

    endpoint: str
    bucket: str
    caller: Caller = field(default_factory=lambda: Caller(ACCOUNT, REGION, f"arn:aws:iam::{ACCOUNT}:user/tester"))
    clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        if service not in self.clients:
            self.clients[service] = boto3.session.Session().client(service, region_name=REGION)
        return self.clients[service]

    def objects(self, prefix: str = "") -> dict[str, bytes]:
        """Every object of the bucket, key to body as stored."""
        pages = self.client("s3").get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        return {key: self.client("s3").get_object(Bucket=self.bucket, Key=key)["Body"].read() for key in keys}

    def table(self, columns: Mapping[str, str]) -> Conversion:
        """Make a Glue table of these columns; return the conversion to it."""
        glue, name = self.client("glue"), f"t{uuid4().hex[:8]}"
        glue.create_database(DatabaseInput={"Name": name})
        listed = [{"Name": column, "Type": kind} for column, kind in columns.items()]
        glue.create_table(DatabaseName=name, TableInput={"Name": "t", "StorageDescriptor": {"Columns": listed}})
        schema = SchemaReference(f"arn:aws:iam::{ACCOUNT}:role/r", ACCOUNT, name, "t", REGION, "LATEST")
        return Conversion(schema, "OpenXJsonSerDe", {}, "ParquetSerDe", {})

    def view(
        self,
        *,
        name: str = "stream",
        query: str | None = None,
        interval_seconds: int = 60,
        size_mib: int = 64,
        **changes: Any,
    ) -> StreamView:
        """A stream into the bucket; keyword arguments change S3Destination or DeliveryConfig members."""
        s3 = S3Destination(
            bucket=self.bucket,
            role_arn=f"arn:aws:iam::{ACCOUNT}:role/r",
            prefix="",
            error_output_prefix="",
            buffering=BufferingHints(size_mib, interval_seconds),
            compression_format="UNCOMPRESSED",
            file_extension="",
            custom_time_zone="UTC",
            kms_key_arn=None,
            log_group=None,
            log_stream=None,
        )
        names = set(S3Destination.__dataclass_fields__)
        s3 = replace(s3, **{key: value for key, value in changes.items() if key in names})
        processors: tuple[Processor, ...] = ()
        if query is not None:
            processors = (
                Processor("MetadataExtraction", {"MetadataExtractionQuery": query, "JsonParsingEngine": "JQ-1.6"}),
            )
        config = DeliveryConfig(
            stream=StreamId(ACCOUNT, REGION, name),
            version=1,
            source="DirectPut",
            s3=s3,
            processors=processors,
            partitioning_retry_seconds=60 if query is not None else None,
            conversion=None,
            backup=None,
        )
        config = replace(config, **{key: value for key, value in changes.items() if key not in names})
        return StreamView(config, "ACTIVE", is_encrypted=False, incarnation="first")


@pytest.fixture
def cloud(moto_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    made = Cloud(moto_endpoint, f"bucket-{uuid4().hex[:12]}")
    made.client("s3").create_bucket(Bucket=made.bucket)
    return made


@pytest.fixture
def batch_body() -> Callable[[str, Sequence[bytes]], bytes]:
    """Build the body of a PutRecordBatch."""

    def build(name: str, records: Sequence[bytes]) -> bytes:
        entries = [{"Data": base64.b64encode(record).decode()} for record in records]
        return json.dumps({"DeliveryStreamName": name, "Records": entries}).encode()

    return build
