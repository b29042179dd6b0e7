"""Log lines through a raw stream, from HTTP put to objects; against taking the same lines over HTTP into the same journal and no more.

Talks to: local_firehose and `benchmarks.bare_front` on loopback. What the journal takes without any HTTP before it is measured beside.
"""

import asyncio
import hashlib
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.bare_front import release
from benchmarks.bench_end_to_end import deliver, memory_folder
from benchmarks.benchmark import Benchmark, Goal, Measurement, Setting, in_turn
from benchmarks.children import child
from benchmarks.events import log_lines
from benchmarks.failures import WrongResultError
from benchmarks.local_server import STREAM, StandIn, local_firehose, stand_in
from benchmarks.put_requests import batches, put_record_batch_request
from benchmarks.sender import CONNECTIONS, send_all
from benchmarks.streams import raw_destination
from local_firehose.journal import Journal

GOAL = Goal(
    "raw_stream", "raw log lines, put to object", 0.6, "at least", "records/s", "journalling alone (HTTP to journal)"
)
_RECORDS = 400_000


def measure(setting: Setting) -> dict[str, Measurement]:
    """Measure both sides; the delivered bytes are held to the lines sent, as a multiset."""
    count = setting.records or _RECORDS
    lines = list(log_lines(count))
    requests = [put_record_batch_request(STREAM, batch) for batch in batches(lines)]
    expected = _digest(lines)
    with (
        memory_folder(setting.folder) as memory,
        stand_in() as cloud,
        local_firehose(cloud, setting.folder / "state") as server,
        child("benchmarks.bare_front", str(setting.folder / "bare")) as bare_port,
    ):
        server.create(raw_destination())

        def ours() -> float:
            seconds = deliver(server, requests)
            _verify(cloud, memory / "delivered", count, expected)
            return count / seconds

        def theirs() -> float:
            seconds = send_all(bare_port, requests)
            release(bare_port)
            return count / seconds

        ours()
        theirs()
        measured = in_turn(ours, theirs, rounds=setting.rounds)
        memory_mib = server.peak_memory_mib()
    details = {"records": count, "journal_without_http": round(_journal_alone(lines, setting.folder / "alone"))}
    return {GOAL.id: Measurement(measured.ours, measured.theirs, memory_mib, details)}


def _digest(lines: list[bytes]) -> bytes:
    total = hashlib.sha256()
    for line in sorted(lines):
        total.update(line)
    return total.digest()


def _verify(cloud: StandIn, folder: Path, count: int, expected: bytes) -> None:
    try:
        cloud.save(folder)
        lines = [line for path in folder.iterdir() for line in path.read_bytes().splitlines(keepends=True)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        cloud.clear()
    if len(lines) != count or _digest(lines) != expected:
        raise WrongResultError(
            f"{count} lines were sent; the bucket holds {len(lines)} lines that are not all the same"
        )


def _journal_alone(lines: list[bytes], folder: Path) -> float:
    """Return the records/s of appending batches, as many at once as the sender has connections."""
    groups = list(batches(lines))

    async def append_all(journal: Journal) -> None:
        left = iter(groups)

        async def work() -> None:
            for group in left:
                await journal.append(group, arrived_ms=time.time_ns() // 1_000_000)

        await asyncio.gather(*(work() for _ in range(CONNECTIONS)))

    async def run() -> float:
        with ThreadPoolExecutor(1) as executor:
            journal = Journal(folder, executor=executor)
            rates = []
            for _ in range(3):
                started = time.perf_counter()
                await append_all(journal)
                rates.append(len(lines) / (time.perf_counter() - started))
                journal.release(journal.next_sequence)
            await journal.close()
            return sorted(rates)[1]

    return asyncio.run(run())


BENCHMARKS = (Benchmark(GOAL.id, (GOAL,), measure),)
