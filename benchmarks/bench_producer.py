"""Sending: one producer process against a plain boto3 `put_record_batch` loop, the same 500-record batches, the same endpoint.

Talks to: `benchmarks.counting_front` on loopback, and itself as child processes, so that each side has a process of its own and starts
when its batches are made. The details give the rate of the whole `store-inventory` source too: events generated, digested and booked
while they are sent.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from statistics import median

import boto3

from benchmarks.benchmark import Benchmark, Goal, Measurement, Setting, in_turn
from benchmarks.children import ROOT, child
from benchmarks.counting_front import received
from benchmarks.failures import ServerError, WrongResultError
from firehose_spec.digest import digest
from firehose_spec.quotas import MAX_BATCH_RECORDS
from producers.outbox import GivenUp
from producers.put_client import PutClient
from producers.sender import Sender
from producers.store_inventory import StoreInventory, StorePlan
from producers.store_source import StoreSource

GOAL = Goal("producer", "one producer process", 3.0, "at least", "records/s", "a plain boto3 loop")
_RECORDS = 50_000
_Times = tuple[float, float]  # seconds by the clock, seconds of CPU
_STREAM, _REGION = "benchmark", "us-east-1"


def measure(setting: Setting) -> dict[str, Measurement]:
    """Measure both sides, and the source with its generator for the details."""
    count = setting.records or _RECORDS
    expected = count, digest(record for block in StoreInventory(_plan(count)) for record in block.records)
    with child("benchmarks.counting_front") as port:

        def rate_of(side: str) -> Callable[[], float]:
            def rate() -> float:
                told = _run_child(side, count, port)
                if received(port) != expected:
                    raise WrongResultError(f"{side}: the endpoint did not get the {count} records that were to be sent")
                peaks.append(told["peak_mib"])
                cpu_ms[side].append(told["cpu_seconds"] / count * MAX_BATCH_RECORDS * 1000)
                return count / told["seconds"]

            return rate

        peaks: list[float] = []
        cpu_ms: dict[str, list[float]] = {side: [] for side in _SIDES}
        measured = in_turn(rate_of("sender"), rate_of("boto3"), rounds=setting.rounds)
        whole = [rate_of("source")() for _ in range(min(3, setting.rounds))]
    details = {
        "records": count,
        "with_generator_records_per_second": round(median(whole)),
        # How much of a core each side needs, whatever else the machine does meanwhile.
        "cpu_ms_per_batch": {side: round(median(values), 2) for side, values in cpu_ms.items()},
    }
    return {GOAL.id: Measurement(measured.ours, measured.theirs, max(peaks), details)}


def _run_child(side: str, count: int, port: int) -> dict[str, float]:
    keys = {"AWS_ACCESS_KEY_ID": "benchmark", "AWS_SECRET_ACCESS_KEY": "benchmark"}
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.bench_producer", side, str(count), str(port)],
        capture_output=True,
        check=False,
        cwd=ROOT,
        env={**clean, **keys},
        text=True,
    )
    if done.returncode:
        raise ServerError(f"the {side} side ended with {done.returncode}: {done.stderr.strip().splitlines()[-1:]}")
    return {name: float(value) for name, value in json.loads(done.stdout).items()}


def _plan(count: int) -> StorePlan:
    return StorePlan(run_id="benchmark", seed=7, start=datetime(2026, 11, 22, tzinfo=UTC), events=count)


def _batches(count: int) -> list[list[bytes]]:
    records = [record for block in StoreInventory(_plan(count)) for record in block.records]
    return [records[start : start + MAX_BATCH_RECORDS] for start in range(0, count, MAX_BATCH_RECORDS)]


def _now() -> _Times:
    return time.perf_counter(), time.process_time()


def _since(started: _Times) -> _Times:
    return time.perf_counter() - started[0], time.process_time() - started[1]


def _sender(port: int) -> Sender:
    client = PutClient(_STREAM, region=_REGION, endpoint_url=f"http://127.0.0.1:{port}")

    def refuse(entries: list[GivenUp]) -> None:
        raise WrongResultError(f"{len(entries)} records were given up: {entries[0].message}")

    return Sender(_STREAM, client.put, on_given_up=refuse)


def _send_with_sender(count: int, port: int) -> _Times:
    batches, sender = _batches(count), _sender(port)
    started = _now()
    for batch in batches:
        sender.put_many(batch)
    sender.close()
    return _since(started)


def _send_source(count: int, port: int) -> _Times:
    source, sender = StoreSource(_plan(count)), _sender(port)
    started = _now()
    for chunk in source.chunks():
        sender.put_many(chunk.records)
        source.handed_over(chunk)
    sender.close()
    source.facts()
    return _since(started)


def _send_with_boto3(count: int, port: int) -> _Times:
    batches = _batches(count)
    client = boto3.client("firehose", region_name=_REGION, endpoint_url=f"http://127.0.0.1:{port}")
    started = _now()
    for batch in batches:
        answer = client.put_record_batch(DeliveryStreamName=_STREAM, Records=[{"Data": record} for record in batch])
        if answer["FailedPutCount"]:
            raise WrongResultError(f"{answer['FailedPutCount']} records failed")
    return _since(started)


_SIDES: Mapping[str, Callable[[int, int], _Times]] = {
    "sender": _send_with_sender,
    "source": _send_source,
    "boto3": _send_with_boto3,
}
BENCHMARKS = (Benchmark(GOAL.id, (GOAL,), measure),)


def _main() -> None:
    side, count, port = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    seconds, cpu_seconds = _SIDES[side](count, port)
    import resource  # noqa: PLC0415 -- not on Windows, and only here

    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    print(json.dumps({"seconds": seconds, "cpu_seconds": cpu_seconds, "peak_mib": peak_mib}))


if __name__ == "__main__":
    _main()
