"""From HTTP put to objects: journalled, partitioned by jq, converted to Parquet; against DuckDB's bulk COPY of the same records.

Talks to: local_firehose on loopback, and the temporary folder. With a null store objects stay in the stand-in's memory and DuckDB writes
to memory too; with a folder both write files to the same disk.
"""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks.benchmark import Benchmark, Goal, Measurement, Setting, in_turn
from benchmarks.duckdb_side import (
    Content,
    content_of_copy,
    content_of_objects,
    content_of_source,
    copy_partitioned,
    require_same,
)
from benchmarks.events import EventPlan, store_events
from benchmarks.local_server import STREAM, LocalFirehose, StandIn, local_firehose, stand_in
from benchmarks.put_requests import batches, put_record_batch_request
from benchmarks.sender import send_all
from benchmarks.streams import StoreStream

_WARM_UP_RECORDS = 20_000


def measure(stream: StoreStream, goal: str, records: int, to_folder: bool, setting: Setting) -> dict[str, Measurement]:
    """Measure one kind of stream; each round of ours is verified by rows, partitions and digest."""
    count = setting.records or records
    with memory_folder(setting.folder) as memory:
        source = memory / "events.ndjson"
        requests = write_events(stream, count, source)
        expected = content_of_source(stream.plan, source)
        objects = setting.folder / "objects" if to_folder else None
        with stand_in(objects) as cloud, local_firehose(cloud, setting.folder / "state") as server:
            cloud.tables({stream.table: stream.plan.columns})
            server.create(stream.destination())
            deliver(server, requests[: _WARM_UP_RECORDS // 500])
            cloud.clear()

            def ours() -> float:
                seconds = deliver(server, requests)
                verify_objects(cloud, stream, expected, memory / "delivered")
                return count / seconds

            def theirs() -> float:
                target = (setting.folder if to_folder else memory) / "copied"
                try:
                    seconds = copy_partitioned(stream.plan, source, target)
                    require_same(expected, content_of_copy(stream.plan, target), side="DuckDB's copy")
                finally:
                    shutil.rmtree(target, ignore_errors=True)
                return count / seconds

            theirs()
            measured = in_turn(ours, theirs, rounds=setting.rounds)
            details = {"records": count, "partitions": expected.partitions}
            return {goal: Measurement(measured.ours, measured.theirs, server.peak_memory_mib(), details)}


def write_events(stream: StoreStream, count: int, source: Path) -> list[bytes]:
    """Write the events as NDJSON to `source` and return them as requests."""
    requests = []
    with source.open("wb") as file:
        for batch in batches(store_events(stream.plan, count)):
            file.write(b"\n".join(batch) + b"\n")
            requests.append(put_record_batch_request(STREAM, batch))
    return requests


def deliver(server: LocalFirehose, requests: list[bytes]) -> float:
    """Send the requests and flush; return the seconds from the first byte to the last object."""
    started = time.perf_counter()
    send_all(server.port, requests)
    server.flush()
    return time.perf_counter() - started


def verify_objects(cloud: StandIn, stream: StoreStream, expected: Content, folder: Path) -> None:
    """Hold what arrived in S3 to what was sent, and empty the store.

    Raises:
        WrongResultError: they differ.
    """
    try:
        cloud.save(folder)
        require_same(expected, content_of_objects(stream.plan, folder), side="the bucket")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        cloud.clear()


@contextmanager
def memory_folder(fallback: Path) -> Iterator[Path]:
    """A folder in memory where the system has one, else below `fallback`."""
    shared = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=shared if shared.is_dir() else fallback))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


_COPY = "DuckDB COPY … PARTITION_BY, 2 threads"


def _benchmark(
    name: str, title: str, bound: float, stream: StoreStream, *, records: int, to_folder: bool = False
) -> Benchmark:
    goal = Goal(name, title, bound, "at least", "records/s", _COPY)
    return Benchmark(name, (goal,), partial(measure, stream, name, records, to_folder))


_ALL = StoreStream(EventPlan())

BENCHMARKS = (
    _benchmark("end_to_end_480", "480 partitions, null store", 0.5, _ALL, records=1_000_000),
    _benchmark("end_to_end_480_folder", "480 partitions, into a folder", 0.3, _ALL, records=500_000, to_folder=True),
    _benchmark(
        "end_to_end_5", "5 partitions, null store", 0.5, StoreStream(EventPlan(stores=5, hours=1)), records=1_000_000
    ),
    _benchmark("end_to_end_nested", "nested types", 0.3, StoreStream(EventPlan(is_nested=True)), records=300_000),
)
