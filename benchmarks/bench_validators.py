"""Verifying delivered Parquet objects: all row checks against a bare scan of the same columns, footer checks against bare footer reads.

Talks to: a moto server on loopback. Both sides read the same objects from the same endpoint. The reference is what pyarrow does by itself:
a dataset over its own S3 file system, and `read_metadata` on it. As a harder one, objects fetched whole by our own client and decoded by
pyarrow are measured beside (`through_our_client` in the details). What is verified is intact, and the verdict is held to that.
"""

import io
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from uuid import UUID

import boto3
import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from pyarrow import fs

from benchmarks.benchmark import Benchmark, Goal, Measurement, Setting, in_turn
from benchmarks.failures import ServerError, WrongResultError
from benchmarks.put_requests import ACCOUNT_ID
from firehose_spec import digest
from firehose_spec.glue_types import Column, parse
from validators.bucket import S3Bucket
from validators.evidence import Evidence, Scope
from validators.findings import Findings
from validators.inventory import take_inventory
from validators.manifests import Manifest, SentDigest
from validators.parquet_pass import ParquetPass
from validators.stack_outputs import ConversionDeclaration, Declaration, Partitioning, TableName
from validators.stream_description import Table

ROWS = Goal("verify_rows", "row checks over delivered objects", 0.7, "at least", "rows/s", "a bare pyarrow scan")
FOOTERS = Goal(
    "verify_footers", "footer checks over delivered objects", 0.8, "at least", "files/s", "bare footer reads"
)
_RECORDS, _ROWS_AN_OBJECT, _THREADS = 300_000, 2_000, 8
_REGION, _BUCKET, _STREAM, _RUN = "eu-west-1", "verify-benchmark", "benchmark", "run-1"
_COLUMNS = (
    *(
        Column(name, parse("string"))
        for name in ("event_id", "store_id", "event_type", "item_id", "item_name", "category")
    ),
    *(Column(name, parse("int")) for name in ("quantity_change", "stock_level", "reorder_point")),
    Column("unit_price", parse("double")),
    Column("currency", parse("string")),
    Column("event_timestamp", parse("timestamp")),
)
_KEYS = {"store_id": ".store_id", **{n: f'.event_timestamp|strftime("%{n[0] if n == "month" or n == "day" else n[0].upper()}")' for n in ("year", "month", "day", "hour")}}  # fmt: skip
_ARRIVED = datetime(2026, 11, 22, 8, tzinfo=UTC)


def measure(setting: Setting) -> dict[str, Measurement]:
    """Measure both goals over one set of objects."""
    objects = max(1, (setting.records or _RECORDS) // _ROWS_AN_OBJECT)
    with _moto(setting.folder) as session:
        bucket = S3Bucket(_BUCKET, session, _REGION)
        evidence = _deliver(session, bucket, objects)
        files_system = _file_system()
        footers = replace(evidence, scope=Scope(depth="footers"))
        count = objects * _ROWS_AN_OBJECT
        _verify(evidence, count)
        rows = in_turn(
            lambda: count / _timed(lambda: _verify(evidence, count)),
            lambda: count / _timed(lambda: _scan(files_system, count)),
            rounds=setting.rounds,
        )
        harder = [count / _timed(lambda: _scan_through_our_client(bucket, count)) for _ in range(setting.rounds)]
        files = in_turn(
            lambda: objects / _timed(lambda: _verify(footers, None)),
            lambda: objects / _timed(lambda: _read_footers(files_system, count)),
            rounds=setting.rounds,
        )
    details = {"rows": count, "objects": objects, "through_our_client": round(median(rows.ours) / median(harder), 2)}
    return {ROWS.id: replace(rows, details=details), FOOTERS.id: files}


def _timed(run: Callable[[], None]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def _verify(evidence: Evidence, rows: int | None) -> None:
    """List, read and judge as `verify` does; a finding is a failure of the benchmark."""
    findings = Findings()
    inventory = take_inventory(evidence, findings)
    totals = ParquetPass(evidence, findings).run(inventory.data)
    sent = evidence.manifests[0].digest
    if len(findings) or (
        rows is not None and (totals.rows != rows or sent is None or totals.digest_by_run[0] != sent.value)
    ):
        raise WrongResultError(
            f"{rows} intact rows were verified: {totals.rows} rows, {next(iter(findings), 'no finding')}"
        )


def _file_system() -> fs.S3FileSystem:
    endpoint = os.environ["AWS_ENDPOINT_URL_S3"].removeprefix("http://")
    return fs.S3FileSystem(
        access_key="test", secret_key="test", region=_REGION, scheme="http", endpoint_override=endpoint
    )


def _scan(file_system: fs.S3FileSystem, rows: int) -> None:
    """List, fetch and decode every object as pyarrow does it by itself."""
    dataset = ds.dataset(_BUCKET, filesystem=file_system, format="parquet")
    found = sum(batch.num_rows for batch in dataset.to_batches())
    if found != rows:
        raise WrongResultError(f"{rows} rows were scanned; {found} were found")


def _scan_through_our_client(bucket: S3Bucket, rows: int) -> None:
    def one(key: str) -> int:
        source = pa.BufferReader(pa.py_buffer(bucket.read(key).data))
        return int(pq.ParquetFile(source, coerce_int96_timestamp_unit="us").read(use_threads=False).num_rows)

    with ThreadPoolExecutor(_THREADS) as pool:
        found = sum(pool.map(one, [summary.key for summary in bucket.list("")]))
    if found != rows:
        raise WrongResultError(f"{rows} rows were scanned; {found} were found")


def _read_footers(file_system: fs.S3FileSystem, rows: int) -> None:
    """List, fetch and decode every footer as pyarrow does it by itself."""
    keys = [info.path for info in file_system.get_file_info(fs.FileSelector(_BUCKET, recursive=True)) if info.is_file]
    with ThreadPoolExecutor(_THREADS) as pool:
        found = sum(pool.map(lambda key: pq.read_metadata(key, filesystem=file_system).num_rows, keys))
    if found != rows:
        raise WrongResultError(f"the footers of {rows} rows were read; they tell of {found}")


def _deliver(session: boto3.session.Session, bucket: S3Bucket, objects: int) -> Evidence:
    """Put `objects` objects of StoreApp-like rows, each in the folder that its rows name."""
    client = session.client("s3", region_name=_REGION)
    client.create_bucket(Bucket=_BUCKET, CreateBucketConfiguration={"LocationConstraint": _REGION})
    random = np.random.default_rng(7)
    value = 0

    def put(index: int, body: bytes, folder: str) -> None:
        name = f"{_STREAM}-1-{_ARRIVED:%Y-%m-%d-%H-%M-%S}-{UUID(int=index)}.parquet"
        client.put_object(
            Bucket=_BUCKET,
            Key=folder + name,
            Body=body,
            ContentType="application/octet-stream",
            ContentEncoding="hadoop-snappy",
        )

    with ThreadPoolExecutor(_THREADS) as pool:
        for index in range(objects):
            hour = _ARRIVED - timedelta(hours=index // 20 % 24)
            table = _rows(random, index, f"S{index % 20 + 1:03}", hour)
            value += _digest(table)
            sink = io.BytesIO()
            pq.write_table(table, sink, use_deprecated_int96_timestamps=True, store_schema=False)
            pool.submit(put, index, sink.getvalue(), f"store_id=S{index % 20 + 1:03}/{hour:%Y/%m/%d/%H}/")
    return _evidence(bucket, objects * _ROWS_AN_OBJECT, value)


def _rows(random: np.random.Generator, index: int, store: str, hour: datetime) -> pa.Table:
    number, first = _ROWS_AN_OBJECT, index * _ROWS_AN_OBJECT
    items = random.integers(0, 200, number)
    seconds = int(hour.timestamp()) + random.integers(0, 3600, number)
    values = [
        [f"{_RUN}-{first + row}" for row in range(number)],
        [store] * number,
        [("sale", "restock", "return", "adjustment")[row % 4] for row in range(number)],
        [f"I-{item:03}" for item in items],
        [f"Item number {item}" for item in items],
        [f"category {item % 9}" for item in items],
        pa.array(random.integers(-5, 6, number), pa.int32()),
        pa.array(random.integers(0, 500, number), pa.int32()),
        pa.array(items, pa.int32()),
        np.round(random.random(number) * 100, 2),
        ["EUR"] * number,
        pa.array(seconds * 1_000_000, pa.int64()).cast(pa.timestamp("us")),
    ]
    return pa.table(values, names=[column.name for column in _COLUMNS])


def _digest(table: pa.Table) -> int:
    seconds = table.column("event_timestamp").cast(pa.int64()).to_numpy() // 1_000_000
    columns = [*(column.to_pylist() for column in table.columns[:-1]), seconds.tolist()]
    return digest.digest(digest.row_item(row) for row in zip(*columns, strict=True))


def _evidence(bucket: S3Bucket, rows: int, value: int) -> Evidence:
    query = "{" + ",".join(f"{name}:{text}" for name, text in _KEYS.items()) + "}"
    folders = "".join(f"!{{partitionKeyFromQuery:{name}}}/" for name in list(_KEYS)[1:])
    names = tuple(column.name for column in _COLUMNS)
    return Evidence(
        declared=Declaration(
            source="benchmark", pipeline="other", target="local", account_id=ACCOUNT_ID, region=_REGION, stream_name=_STREAM,
            role_arn="", bucket=_BUCKET, prefix=f"store_id=!{{partitionKeyFromQuery:store_id}}/{folders}",
            error_output_prefix="error/", buffer_mib=64, buffer_seconds=60, compression_format="UNCOMPRESSED", log_group=None,
            partitioning=Partitioning(_KEYS, query, 60),
            conversion=ConversionDeclaration("db", "table", _REGION, "OpenXJsonSerDe", "ParquetSerDe", "SNAPPY"),
            query_table=None,
        ),
        stream=None,
        conversion_table=Table(TableName("db", "table"), _COLUMNS, (), {}, ""),
        query_table=None,
        bucket=bucket,
        bucket_answers=True,
        manifests=(
            Manifest(
                path="", run_id=_RUN, pipeline="other", stream=_STREAM, region=_REGION, records=rows, accepted=rows, given_up=0,
                possible_duplicates=0, accepted_bytes=0, accepted_sequences=((0, rows - 1),), first_accepted_at=None,
                last_accepted_at=None, partitions={}, partition_digests={}, expected_quarantine={},
                digest=SentDigest("columns", names, rows, value), sources=(), events_per_record=1, events=rows,
            ),
        ),
        now=_ARRIVED,
    )  # fmt: skip


@contextmanager
def _moto(folder: Path) -> Iterator[boto3.session.Session]:
    """Start a moto server and give a session that speaks to it."""
    import socket  # noqa: PLC0415 -- only to find a free port

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    endpoint = f"http://127.0.0.1:{port}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "moto.log").open("wb") as log:
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
        server = subprocess.Popen(command, stdout=log, stderr=log)
    before = {name: os.environ.get(name) for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3")}
    try:
        _await(server, endpoint)
        os.environ["AWS_ENDPOINT_URL"] = os.environ["AWS_ENDPOINT_URL_S3"] = endpoint
        yield boto3.session.Session("test", "test", region_name=_REGION)
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        server.terminate()
        server.wait(timeout=20)


def _await(server: "subprocess.Popen[bytes]", endpoint: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(f"{endpoint}/moto-api/data.json", timeout=5):
                return
        except (urllib.error.URLError, OSError) as error:
            if server.poll() is not None or time.monotonic() > deadline:
                raise ServerError("moto did not start") from error
            time.sleep(0.1)


BENCHMARKS = (Benchmark("validators", (ROWS, FOOTERS), measure),)
