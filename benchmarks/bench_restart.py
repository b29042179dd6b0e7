"""How soon a server is ready again after kill -9 with a GiB of undelivered journal.

Talks to: local_firehose on loopback; it is killed without warning, as often as there are rounds, and each time a put must be taken and no
accepted record be missing.
"""

import os
import signal
import time

from benchmarks.bench_accept import delivery_halted
from benchmarks.benchmark import Benchmark, Goal, Measurement, Setting
from benchmarks.children import descendants
from benchmarks.events import EventPlan, store_events
from benchmarks.failures import WrongResultError
from benchmarks.local_server import STREAM, LocalFirehose, local_firehose, stand_in
from benchmarks.put_requests import BATCH_RECORDS, batches, put_record_batch_request, put_record_request
from benchmarks.sender import send_all
from benchmarks.streams import StoreStream

GOAL = Goal("restart_s", "ready with 1 GiB of journal", 1.0, "at most", "s", "5 s")
_LIMIT_SECONDS = 5.0
_JOURNAL_BYTES = 1 << 30
_DISTINCT = 100_000


def measure(setting: Setting) -> dict[str, Measurement]:
    """Fill a journal, kill, start, and count."""
    stream = StoreStream(EventPlan())
    events = list(store_events(stream.plan, _DISTINCT))
    record_bytes = sum(map(len, events)) / len(events)
    count = setting.records or int(_JOURNAL_BYTES / record_bytes)
    requests = [put_record_batch_request(STREAM, batch) for batch in batches(events)]
    requests = requests[: max(count // BATCH_RECORDS, 1)]
    repeat = max(count // (len(requests) * BATCH_RECORDS), 1)
    accepted = repeat * len(requests) * BATCH_RECORDS
    one = put_record_request(STREAM, events[0])
    state = setting.folder / "state"
    seconds = []
    with stand_in() as cloud:
        cloud.tables({stream.table: stream.plan.columns})
        with local_firehose(cloud, state) as server:
            server.create(stream.destination())
            with delivery_halted(server):
                send_all(server.port, requests, repeat=repeat)
                _kill(server)
        for _ in range(setting.rounds):
            started = time.perf_counter()
            with local_firehose(cloud, state) as server:
                seconds.append(time.perf_counter() - started)
                send_all(server.port, [one], connections=1)
                accepted += 1
                found = server.status()["accepted_records"]
                memory_mib = server.peak_memory_mib()
                _kill(server)
            if found != accepted:
                raise WrongResultError(f"{accepted} records were accepted and {found} are there after the restart")
    details = {"journal_mib": round(accepted * record_bytes / (1 << 20))}
    return {GOAL.id: Measurement(tuple(seconds), (_LIMIT_SECONDS,), memory_mib, details)}


def _kill(server: LocalFirehose) -> None:
    for pid in descendants(server.process.pid):
        os.kill(pid, signal.SIGKILL)
    server.process.wait()


BENCHMARKS = (Benchmark(GOAL.id, (GOAL,), measure),)
