"""A small flush: 5,000 records over 480 partitions from put to objects; against writing those 480 Parquet files with pyarrow alone.

Talks to: local_firehose on loopback. pyarrow gets the rows parsed, grouped and typed beforehand and writes into memory where it can.
"""

import shutil
import time
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json
import pyarrow.parquet as pq

from benchmarks.bench_end_to_end import deliver, memory_folder, verify_objects, write_events
from benchmarks.benchmark import Benchmark, Goal, Measurement, Setting, in_turn
from benchmarks.duckdb_side import content_of_source
from benchmarks.events import FLAT_COLUMNS, EventPlan
from benchmarks.local_server import local_firehose, stand_in
from benchmarks.streams import StoreStream

GOAL = Goal("small_flush", "5,000 records into 480 objects", 1.5, "at most", "s", "pyarrow writing those files")
_RECORDS = 5_000
_TYPES = {
    "string": pa.string(),
    "int": pa.int32(),
    "double": pa.float64(),
    "timestamp": pa.int64(),
}


def measure(setting: Setting) -> dict[str, Measurement]:
    """Measure both sides on the same records."""
    stream = StoreStream(EventPlan())
    count = setting.records or _RECORDS
    with memory_folder(setting.folder) as memory:
        source = memory / "events.ndjson"
        requests = write_events(stream, count, source)
        expected = content_of_source(stream.plan, source)
        tables = partition_tables(source)
        with stand_in() as cloud, local_firehose(cloud, setting.folder / "state") as server:
            cloud.tables({stream.table: stream.plan.columns})
            server.create(stream.destination())

            def ours() -> float:
                seconds = deliver(server, requests)
                verify_objects(cloud, stream, expected, memory / "delivered")
                return seconds

            theirs = partial(write_files, tables, memory / "written")
            ours()
            theirs()
            measured = in_turn(ours, theirs, rounds=setting.rounds)
            details = {"records": count, "files": len(tables)}
            return {GOAL.id: Measurement(measured.ours, measured.theirs, server.peak_memory_mib(), details)}


def partition_tables(source: Path) -> list[pa.Table]:
    """Return the events as one typed table a store and hour."""
    schema = pa.schema([(name, _TYPES[kind]) for name, kind in FLAT_COLUMNS])
    table = pa.json.read_json(source, parse_options=pa.json.ParseOptions(explicit_schema=schema))
    hours = pc.divide(table["event_timestamp"], 3600)
    labels = pc.binary_join_element_wise(table["store_id"], pc.cast(hours, pa.string()), "/")
    at = table.schema.get_field_index("event_timestamp")
    table = table.set_column(at, "event_timestamp", pc.cast(table["event_timestamp"], pa.timestamp("s")))
    return [table.filter(pc.equal(labels, label)).combine_chunks() for label in pc.unique(labels).to_pylist()]


def write_files(tables: list[pa.Table], folder: Path) -> float:
    """Write each table as a file of its own; return the seconds."""
    folder.mkdir()
    try:
        started = time.perf_counter()
        for number, table in enumerate(tables):
            pq.write_table(
                table, folder / f"{number}.parquet", compression="snappy", use_deprecated_int96_timestamps=True
            )
        return time.perf_counter() - started
    finally:
        shutil.rmtree(folder)


BENCHMARKS = (Benchmark(GOAL.id, (GOAL,), measure),)
