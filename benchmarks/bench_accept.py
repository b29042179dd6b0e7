"""Accepting alone: PutRecordBatch until it is durable, with delivery halted; against a bare msgspec front over the same journal code.

Talks to: local_firehose and `benchmarks.bare_front` on loopback. Delivery is halted by SIGSTOP while our side is measured, because the
reference has none, and goes on afterwards so that what was accepted can be counted.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.bare_front import release
from benchmarks.benchmark import Benchmark, Goal, Measurement, Setting, in_turn
from benchmarks.children import child, command_of, descendants
from benchmarks.events import EventPlan, store_events
from benchmarks.failures import ServerError, WrongResultError
from benchmarks.local_server import STREAM, LocalFirehose, local_firehose, stand_in
from benchmarks.put_requests import batches, put_record_batch_request
from benchmarks.sender import send_all
from benchmarks.streams import raw_destination

GOAL = Goal("accept", "accepting alone", 0.8, "at least", "records/s", "a bare msgspec front, same journal")
_RECORDS = 250_000  # within one journal segment, so that both sides overwrite a recycled one


def measure(setting: Setting) -> dict[str, Measurement]:
    """Measure both fronts with the same requests."""
    count = setting.records or _RECORDS
    requests = [put_record_batch_request(STREAM, batch) for batch in batches(store_events(EventPlan(), count))]
    with (
        stand_in() as cloud,
        local_firehose(cloud, setting.folder / "state") as server,
        child("benchmarks.bare_front", str(setting.folder / "bare")) as bare_port,
    ):
        server.create(raw_destination())

        def ours() -> float:
            before = server.status()["accepted_records"]
            with delivery_halted(server):
                seconds = send_all(server.port, requests)
            server.flush()
            cloud.clear()
            taken = server.status()["accepted_records"] - before
            if taken != count:
                raise WrongResultError(f"{count} records were sent and {taken} count as accepted")
            return count / seconds

        def theirs() -> float:
            seconds = send_all(bare_port, requests)
            release(bare_port)
            return count / seconds

        ours()
        theirs()
        measured = in_turn(ours, theirs, rounds=setting.rounds)
        return {GOAL.id: Measurement(measured.ours, measured.theirs, server.peak_memory_mib(), {"records": count})}


@contextmanager
def delivery_halted(server: LocalFirehose) -> Iterator[None]:
    """Stop the delivery process for the length of a with block.

    Raises:
        ServerError: there is none.
    """
    found = [pid for pid in descendants(server.process.pid) if "delivery_process" in command_of(pid)]
    if not found:
        raise ServerError(f"no delivery process runs below {server.process.pid}; see {server.log}")
    for pid in found:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in found:
            os.kill(pid, signal.SIGCONT)


BENCHMARKS = (Benchmark(GOAL.id, (GOAL,), measure),)
