"""The same records through other emulators of Firehose: moto, LocalStack, MiniStack. Run as ``python -m benchmarks peers``.

Talks to: a package index, for environments of its own in a temporary folder, and servers on loopback. It is a comparison, not a goal, so
it is no part of ``make bench``. Each gets raw log lines by PutRecordBatch, the same requests over as many connections, and counts from the
first byte sent until the bytes are in its S3, or until the answers where it never writes them there within the patience.
"""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from benchmarks.bench_end_to_end import deliver
from benchmarks.children import end
from benchmarks.events import log_lines
from benchmarks.failures import BenchmarkError, ServerError
from benchmarks.local_server import BUCKET, STREAM, local_firehose, stand_in
from benchmarks.put_requests import REGION, batches, put_record_batch_request
from benchmarks.sender import connect, exchange
from benchmarks.streams import raw_destination
from deployment.localstack_server import PINS as LOCALSTACK_PINS

_RECORDS = 20_000
_CONNECTIONS = 4
_INSTALL_SECONDS = 300
_START_SECONDS = 120
_PATIENCE_SECONDS = 60
_INTERVAL_SECONDS = 5  # what the peers are told to buffer for; ours is flushed


@dataclass(frozen=True, slots=True)
class Peer:
    """How to get one and start it; `{port}` stands for the port in the command and the environment."""

    name: str
    requirements: tuple[str, ...]  # none: no version of it is known to work on this Python
    command: tuple[str, ...]
    ready_path: str
    environment: Mapping[str, str] = field(default_factory=dict)
    as_of: str = ""  # the day whose packages it works with; empty: today's


_LOCALSTACK, _LOCALSTACK_DAY = LOCALSTACK_PINS.get(sys.version_info[:2], ("", ""))
PEERS = (
    Peer(
        "moto",
        ("moto[server,firehose,s3]>=5",),
        ("-m", "moto.server", "-H", "127.0.0.1", "-p", "{port}"),
        "/moto-api/data.json",
    ),
    Peer(
        "LocalStack",
        (f"localstack-core[runtime]=={_LOCALSTACK}",) if _LOCALSTACK else (),
        ("-m", "localstack.runtime.main"),
        "/_localstack/health",
        {
            "GATEWAY_LISTEN": "127.0.0.1:{port}",
            "SERVICES": "s3,firehose,sts,iam",
            "EAGER_SERVICE_LOADING": "1",
            "SKIP_SSL_CERT_DOWNLOAD": "1",
            "DISABLE_EVENTS": "1",
        },
        as_of=_LOCALSTACK_DAY,
    ),
    Peer(
        "MiniStack",
        ("ministack",),
        ("-m", "ministack"),
        "/_ministack/health",
        {"GATEWAY_PORT": "{port}", "BIND_HOST": "127.0.0.1"},
    ),
)


def compare_peers(*, records: int | None, say: Callable[[str], None]) -> int:
    """Measure each peer that can be had, and local_firehose; print a line each. Returns 1 when a peer could not be measured."""
    count = records or _RECORDS
    lines = list(log_lines(count))
    requests = [put_record_batch_request(STREAM, batch) for batch in batches(lines)]
    size_bytes = sum(map(len, lines))
    failed = False
    with tempfile.TemporaryDirectory(prefix="bench-peers-") as name:
        folder = Path(name)
        print(f"{count} log lines, raw, until they are in S3:")
        print(f"  {'local_firehose':15s} {_ours(requests, folder, count):10,.0f} records/s", flush=True)
        for peer in PEERS:
            try:
                rate, note = _measure(peer, requests, size_bytes, count, folder, say)
                print(f"  {peer.name:15s} {rate:10,.0f} records/s{note}", flush=True)
            except (BenchmarkError, OSError, subprocess.SubprocessError, BotoCoreError, ClientError) as error:
                failed = True
                print(f"  {peer.name:15s} not measured: {str(error).strip()[-400:]}", flush=True)
    return 1 if failed else 0


def _ours(requests: list[bytes], folder: Path, count: int) -> float:
    with stand_in() as cloud, local_firehose(cloud, folder / "ours") as server:
        server.create(raw_destination())
        deliver(server, requests[:2])
        return count / deliver(server, requests)


def _measure(
    peer: Peer, requests: list[bytes], size_bytes: int, count: int, folder: Path, say: Callable[[str], None]
) -> tuple[float, str]:
    say(f"making an environment for {peer.name} …")
    python = _environment(peer, folder)
    with _running(peer, python, folder) as port:
        s3, firehose = _client("s3", port), _client("firehose", port)
        s3.create_bucket(Bucket=BUCKET)
        hints = {"SizeInMBs": 64, "IntervalInSeconds": _INTERVAL_SECONDS}
        firehose.create_delivery_stream(
            DeliveryStreamName=STREAM,
            DeliveryStreamType="DirectPut",
            ExtendedS3DestinationConfiguration={**raw_destination(), "Prefix": "logs/", "BufferingHints": hints},
        )
        started = time.perf_counter()
        accepted = _send(port, requests)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while _stored_bytes(s3) < size_bytes:
            if time.monotonic() > deadline:
                return count / accepted, f"  (accepted; after {_PATIENCE_SECONDS} s not all is in S3)"
            time.sleep(0.25)
        waited = max(
            time.perf_counter() - started - _INTERVAL_SECONDS, accepted
        )  # its buffer interval is no fault of it
        return count / waited, ""


def _send(port: int, requests: Sequence[bytes]) -> float:
    """Send every request on a connection of its own, as moto keeps none alive; return the seconds that it took."""

    def send(request: bytes) -> None:
        with connect(port) as connection:
            exchange(connection, request, bytearray(256 * 1024))

    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        started = time.perf_counter()
        list(pool.map(send, requests))
        return time.perf_counter() - started


def _environment(peer: Peer, folder: Path) -> Path:
    """Make a virtual environment with the peer in it; return its Python."""
    if not peer.requirements:
        raise ServerError(f"no version of it is known to work on Python {'.'.join(map(str, sys.version_info[:2]))}")
    place = folder / peer.name
    venv.create(place, with_pip=True)
    python = str(place / "bin" / "python")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    steps = [[*pip, *peer.requirements]]
    if peer.as_of:
        dated = ["uv", "pip", "install", "--quiet", "--python", python, "--exclude-newer", peer.as_of]
        steps = [[*pip, "uv"], [python, "-m", *dated, *peer.requirements]]
    for step in steps:
        done = subprocess.run(step, capture_output=True, text=True, check=False, timeout=_INSTALL_SECONDS)
        if done.returncode != 0:
            raise ServerError(f"`{' '.join(step)}` ended with {done.returncode}: {done.stderr.strip()[-300:]}")
    return Path(python)


@contextlib.contextmanager
def _running(peer: Peer, python: Path, folder: Path) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    log = folder / f"{peer.name}.log"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= {name: value.format(port=port) for name, value in peer.environment.items()}
    environment |= {"AWS_DEFAULT_REGION": REGION, "HOME": str(folder), "TMPDIR": str(folder)}
    with log.open("wb") as file:
        process = subprocess.Popen(
            [python, *(part.format(port=port) for part in peer.command)],
            stdout=file,
            stderr=file,
            cwd=folder,
            env=environment,
        )
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not _answers(f"http://127.0.0.1:{port}{peer.ready_path}"):
            if process.poll() is not None or time.monotonic() > deadline:
                raise ServerError(f"it did not start: {log.read_text('utf-8', 'replace').strip()[-300:]}")
            time.sleep(0.2)
        yield port
    finally:
        process.terminate()
        end(process)


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def _client(service: str, port: int) -> Any:
    return boto3.client(
        service,
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(s3={"addressing_style": "path"}, read_timeout=120),
    )


def _stored_bytes(s3: Any) -> int:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    return sum(found["Size"] for page in pages for found in page.get("Contents", []))


if __name__ == "__main__":
    sys.exit(compare_peers(records=None, say=print))
