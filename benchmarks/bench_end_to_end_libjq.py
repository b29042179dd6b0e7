"""From HTTP put to objects with a jq program that only libjq can evaluate; against libjq alone on the same records.

Talks to: local_firehose on loopback; the reference runs libjq in as many processes as local_firehose does, one text of 500 documents a
call. It reads keys and does nothing else: no journal, no conversion, no objects. In `end_to_end_libjq` a key depends on the event's id,
which occurs once, so that both sides must ask libjq about every record; in `end_to_end_defined` on values that come again.
"""

import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import jq

from benchmarks.bench_end_to_end import deliver, memory_folder, verify_objects, write_events
from benchmarks.benchmark import Benchmark, Goal, Measurement, Setting, in_turn
from benchmarks.children import command_of, descendants
from benchmarks.duckdb_side import content_of_source
from benchmarks.events import EventPlan
from benchmarks.failures import WrongResultError
from benchmarks.local_server import LocalFirehose, local_firehose, stand_in
from benchmarks.put_requests import batches
from benchmarks.streams import DEFINED_FIRST_KEY, FIRST_KEY_FOR_LIBJQ, StoreStream

_THEIRS = "libjq alone, as many processes"
_RECORDS = 200_000
_WARM_UP_REQUESTS = 20
_POOL = 2  # processes that local_firehose starts when there is work for them
_lines: list[bytes] = []


def measure(goal: str, first_key: str, setting: Setting) -> dict[str, Measurement]:
    """Measure both sides on the same records."""
    stream = StoreStream(EventPlan(), first_key=first_key)
    count = setting.records or _RECORDS
    with memory_folder(setting.folder) as memory:
        source = memory / "events.ndjson"
        requests = write_events(stream, count, source)
        expected = content_of_source(stream.plan, source)
        with stand_in() as cloud, local_firehose(cloud, setting.folder / "state") as server:
            cloud.tables({stream.table: stream.plan.columns})
            server.create(stream.destination())
            deliver(server, requests[:_WARM_UP_REQUESTS])
            cloud.clear()
            workers = _jq_processes(server)

            def ours() -> float:
                seconds = deliver(server, requests)
                verify_objects(cloud, stream, expected, memory / "delivered")
                return count / seconds

            with _libjq(stream.query, source, workers) as pool:

                def theirs() -> float:
                    bounds = [count * at // workers for at in range(workers + 1)]
                    started = time.perf_counter()
                    found = sum(pool.map(_evaluate, [stream.query] * workers, bounds[:-1], bounds[1:]))
                    seconds = time.perf_counter() - started
                    if found != count:
                        raise WrongResultError(f"libjq found {found} sets of keys in {count} records")
                    return count / seconds

                measured = in_turn(ours, theirs, rounds=setting.rounds)
            details = {"records": count, "jq_processes": workers}
            return {goal: Measurement(measured.ours, measured.theirs, server.peak_memory_mib(), details)}


def _jq_processes(server: LocalFirehose) -> int:
    found = sum("jq_worker" in command_of(pid) for pid in descendants(server.process.pid))
    if found == 0:
        raise WrongResultError("no jq process runs after a warm-up whose program was to need one")
    return max(found, _POOL)  # one that had nothing to do was not started


@contextmanager
def _libjq(program: str, source: Path, workers: int) -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(workers, get_context("spawn"), _load, (source,)) as pool:
        list(pool.map(_evaluate, [program] * workers * 2, [0] * workers * 2, [1000] * workers * 2))
        yield pool


def _load(source: Path) -> None:
    _lines.extend(source.read_bytes().splitlines())


def _evaluate(program: str, start: int, stop: int) -> int:
    compiled = jq.compile(program)
    run = compiled.input_text if hasattr(compiled, "input_text") else lambda text: compiled.input(text=text)
    return sum(len(run(b"\n".join(batch).decode()).all()) for batch in batches(_lines[start:stop]))


def _benchmark(name: str, title: str, first_key: str) -> Benchmark:
    goal = Goal(name, title, 0.8, "at least", "records/s", _THEIRS)
    return Benchmark(name, (goal,), partial(measure, name, first_key))


BENCHMARKS = (
    _benchmark("end_to_end_libjq", "a program for libjq", FIRST_KEY_FOR_LIBJQ),
    _benchmark("end_to_end_defined", "def and reduce, values that come again", DEFINED_FIRST_KEY),
)
