"""Time per record and memory as one stream grows to ten million records over 500 partitions, with no delivery in between.

Talks to: local_firehose on loopback, a fresh one. From the first byte sent to the last object in S3; each round runs all sizes, the largest
last. Memory is the sum of all processes' largest resident sizes.
"""

import shutil
import time
from pathlib import Path
from statistics import median

from benchmarks.bench_end_to_end import memory_folder
from benchmarks.benchmark import Benchmark, Goal, Measurement, Setting
from benchmarks.duckdb_side import Content, content_of_objects, content_of_source
from benchmarks.events import EventPlan, store_events
from benchmarks.failures import WrongResultError
from benchmarks.local_server import STREAM, LocalFirehose, StandIn, local_firehose, stand_in
from benchmarks.put_requests import BATCH_RECORDS, batches, put_record_batch_request
from benchmarks.sender import send_all
from benchmarks.streams import StoreStream

GROWTH = Goal("growth", "time per record at 10⁷ records", 1.2, "at most", "us/record", "the least at 10⁴, 10⁵ and 10⁶")
MEMORY = Goal("memory_mib", "memory at 10⁷ records", 1.0, "at most", "MiB", "1 GiB")
_LIMIT_MIB = 1024.0
_LARGEST = 10_000_000
_DISTINCT = 500_000  # requests are sent over and over beyond that


def measure(setting: Setting) -> dict[str, Measurement]:
    """Measure sizes from a thousandth of the largest on; each is verified by rows, partitions and digest."""
    stream = StoreStream(EventPlan(stores=25, hours=20))
    largest = setting.records or _LARGEST
    sizes = [largest // 1000, largest // 100, largest // 10]
    with memory_folder(setting.folder) as memory:
        events = list(batches(store_events(stream.plan, min(_DISTINCT, largest))))
        requests = [put_record_batch_request(STREAM, batch) for batch in events]
        contents: dict[int, Content] = {}
        for size in (*sizes, largest):
            count = min(max(size // BATCH_RECORDS, 1), len(events))
            source = memory / "events.ndjson"
            source.write_bytes(b"\n".join(record for batch in events[:count] for record in batch))
            contents[count] = content_of_source(stream.plan, source)
        with stand_in() as cloud, local_firehose(cloud, setting.folder / "state") as server:
            cloud.tables({stream.table: stream.plan.columns})
            server.create(stream.destination())
            run = _Run(server, cloud, stream, requests, contents, memory / "delivered")
            run.microseconds(sizes[1])
            found: dict[int, list[float]] = {size: [] for size in (*sizes, largest)}
            for _ in range(setting.rounds):
                for size, values in found.items():
                    values.append(run.microseconds(size))
            memory_mib = server.peak_memory_mib()
    at_largest = found.pop(largest)
    least = [min(values) for values in zip(*found.values(), strict=True)]
    details = {"records": largest, "us_per_record": {size: round(median(values), 3) for size, values in found.items()}}
    return {
        GROWTH.id: Measurement(tuple(at_largest), tuple(least), memory_mib, details),
        MEMORY.id: Measurement((memory_mib,), (_LIMIT_MIB,), memory_mib, {"records": largest}),
    }


class _Run:
    def __init__(
        self,
        server: LocalFirehose,
        cloud: StandIn,
        stream: StoreStream,
        requests: list[bytes],
        contents: dict[int, Content],
        folder: Path,
    ) -> None:
        self._server, self._cloud, self._stream = server, cloud, stream
        self._requests, self._contents, self._folder = requests, contents, folder

    def microseconds(self, size: int) -> float:
        """Deliver about `size` records (whole batches) and return the time per record."""
        needed = max(size // BATCH_RECORDS, 1)
        count = min(needed, len(self._requests))
        repeat = needed // count
        started = time.perf_counter()
        send_all(self._server.port, self._requests[:count], repeat=repeat)
        self._server.flush()
        seconds = time.perf_counter() - started
        rows = repeat * self._contents[count].rows
        self._verify(rows, repeat * self._contents[count].digest)
        return seconds / rows * 1e6

    def _verify(self, rows: int, digest: int) -> None:
        try:
            self._cloud.save(self._folder)
            found = content_of_objects(self._stream.plan, self._folder)
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._cloud.clear()
        if (found.rows, found.digest) != (rows, digest):
            raise WrongResultError(f"the bucket holds {found}; {rows} rows with digest {digest} were sent")


BENCHMARKS = (Benchmark("growth", (GROWTH, MEMORY), measure),)
