"""local_firehose and its stand-in cloud, started for the length of a benchmark and spoken to over HTTP like any client would.

Talks to: ``python -m local_firehose serve`` and ``python -m benchmarks.cloud`` on loopback.
"""

import contextlib
import http.client
import json
import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from benchmarks.children import ROOT, child, descendants, end, peak_memory_mib
from benchmarks.failures import ServerError, WrongResultError
from benchmarks.put_requests import ACCOUNT_ID, REGION

STREAM = "benchmark"
BUCKET = "benchmark-bucket"
DATABASE = "benchmark"
ROLE = f"arn:aws:iam::{ACCOUNT_ID}:role/benchmark"
_LISTENS = re.compile(r"http://127\.0\.0\.1:(\d+)")
_SERVE = ("--host", "127.0.0.1", "--port", "0", "--log-level", "warning")
_START_SECONDS = 60
_FLUSH_SECONDS = 300


@dataclass(frozen=True, slots=True)
class StandIn:
    """The cloud behind: where objects arrive."""

    port: int

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def tables(self, tables: Mapping[str, Sequence[tuple[str, str]]]) -> None:
        """Make Glue tables: name to (column, type) pairs."""
        _call(self.port, "POST", "/_stand_in/tables", tables)

    def save(self, folder: Path) -> int:
        """Write every object to `folder` under quoted names; return how many there are."""
        folder.mkdir(parents=True, exist_ok=True)
        return int(_call(self.port, "POST", "/_stand_in/save", {"folder": str(folder)})["objects"])

    def clear(self) -> None:
        """Forget every object."""
        _call(self.port, "POST", "/_stand_in/clear", {})


@contextlib.contextmanager
def stand_in(objects_folder: Path | None = None) -> Iterator[StandIn]:
    """Run the stand-in; objects stay in its memory, or go to files in `objects_folder`."""
    if objects_folder is not None:
        objects_folder.mkdir(parents=True, exist_ok=True)
    with child("benchmarks.cloud", *(("--folder", str(objects_folder)) if objects_folder else ())) as port:
        yield StandIn(port)


@dataclass(frozen=True, slots=True)
class LocalFirehose:
    """A running server; `log` is where it writes."""

    port: int
    process: "subprocess.Popen[bytes]"
    log: Path

    def create(self, destination: Mapping[str, Any], *, stream: str = STREAM) -> None:
        """Create a Direct PUT stream and wait until it takes records."""
        client = self.client()
        client.create_delivery_stream(
            DeliveryStreamName=stream, DeliveryStreamType="DirectPut", ExtendedS3DestinationConfiguration=destination
        )
        deadline = time.monotonic() + _START_SECONDS
        while self._status_of(client, stream) != "ACTIVE":
            if time.monotonic() > deadline:
                raise ServerError(f"stream {stream} is not ACTIVE after {_START_SECONDS} s; see {self.log}")
            time.sleep(0.02)

    def client(self) -> Any:
        """Return a boto3 client of this server."""
        return boto3.client(
            "firehose",
            endpoint_url=f"http://127.0.0.1:{self.port}",
            region_name=REGION,
            aws_access_key_id="benchmark",
            aws_secret_access_key="benchmark",
            config=Config(retries={"total_max_attempts": 1}, read_timeout=60),
        )

    @staticmethod
    def _status_of(client: Any, stream: str) -> str:
        found = client.describe_delivery_stream(DeliveryStreamName=stream)
        return str(found["DeliveryStreamDescription"]["DeliveryStreamStatus"])

    def flush(self, *, stream: str = STREAM) -> None:
        """Return when all that was taken so far is in S3.

        Raises:
            WrongResultError: something could not be delivered.
        """
        wanted = {"streams": [stream], "timeout_seconds": _FLUSH_SECONDS}
        answer = _call(self.port, "POST", "/_local_firehose/flush", wanted)
        if answer["failed"]:
            raise WrongResultError(f"flush left records behind: {answer['failed']}; see {self.log}")

    def status(self, *, stream: str = STREAM) -> dict[str, Any]:
        """Return the stream's entry of the status."""
        streams = _call(self.port, "GET", "/_local_firehose/status")["streams"]
        return next(entry for entry in streams if entry["name"] == stream)

    def peak_memory_mib(self) -> float:
        """Return the sum of the largest resident sizes of all its processes."""
        return peak_memory_mib(descendants(self.process.pid))


@contextlib.contextmanager
def local_firehose(cloud: StandIn, state: Path) -> Iterator[LocalFirehose]:
    """Run a server over the state folder `state`, ready for calls; it ends with the with block.

    Raises:
        ServerError: it did not start in a minute.
    """
    state.mkdir(parents=True, exist_ok=True)
    log = state.with_name(f"{state.name}.log")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | {
        "AWS_ENDPOINT_URL": cloud.endpoint,
        "AWS_ACCESS_KEY_ID": "benchmark",
        "AWS_SECRET_ACCESS_KEY": "benchmark",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    with log.open("ab") as log_file:
        process = subprocess.Popen(
            [sys.executable, "-m", "local_firehose", "serve", *_SERVE, "--state-dir", str(state)],
            stdout=subprocess.PIPE,
            stderr=log_file,
            cwd=ROOT,
            env=environment,
        )
    try:
        port = _listening_port(process, log)
        _await_health(port, log)
        yield LocalFirehose(port, process, log)
    finally:
        process.terminate()
        end(process)


def _listening_port(process: "subprocess.Popen[bytes]", log: Path) -> int:
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], _START_SECONDS)
    line = process.stdout.readline().decode("utf-8", "replace") if ready else ""
    match = _LISTENS.search(line)
    if match is None:
        tail = log.read_text("utf-8", "replace")[-600:]
        raise ServerError(f"local_firehose said {line!r} and not where it listens; its log ends: {tail}")
    return int(match[1])


def _await_health(port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            if _call(port, "GET", "/_local_firehose/health")["status"] == "ready":
                return
        except (OSError, ServerError):
            pass
        if time.monotonic() > deadline:
            raise ServerError(f"local_firehose is not ready after {_START_SECONDS} s; see {log}")
        time.sleep(0.005)


def _call(port: int, method: str, path: str, document: object = None) -> dict[str, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_FLUSH_SECONDS + 10)
    try:
        body = None if document is None else json.dumps(document)
        connection.request(method, path, body=body, headers={"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
    finally:
        connection.close()
    if answer.status not in {200, 504}:
        raise ServerError(f"{method} {path} on port {port} answered {answer.status}: {text[:500]!r}")
    found: dict[str, Any] = json.loads(text)
    return found
