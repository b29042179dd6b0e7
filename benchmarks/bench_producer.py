"""Sending: one producer process against a plain boto3 `put_record_batch` loop, the same 500-record batches, the same endpoint.

Talks to: `benchmarks.counting_front` on loopback, and itself as child processes, so that each side has a process of its own and starts
when its batches are made. `producer` compares the senders over ready batches; `producer_store_inventory` compares the whole command
``python -m producers store-inventory`` (events generated, digested, booked and sent, manifest written) with the same loop over ready
batches, both from making the client on.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median

import boto3

from benchmarks.benchmark import Benchmark, Goal, Measurement, Setting, in_turn
from benchmarks.children import ROOT, child
from benchmarks.counting_front import received
from benchmarks.failures import ServerError, WrongResultError
from firehose_spec.digest import digest
from firehose_spec.quotas import MAX_BATCH_RECORDS
from producers.__main__ import main as command_line
from producers.outbox import GivenUp
from producers.put_client import PutClient
from producers.sender import Sender
from producers.store_inventory import StoreInventory, StorePlan

GOAL = Goal("producer", "one producer process", 3.0, "at least", "records/s", "a plain boto3 loop")
WHOLE_GOAL = Goal(
    "producer_store_inventory",
    "store-inventory, events made as it sends",
    3.0,
    "at least",
    "records/s",
    "a plain boto3 loop over ready batches",
)
_RECORDS = 200_000
_Times = tuple[float, float]  # seconds by the clock, seconds of CPU
_STREAM, _REGION, _RUN_ID, _SEED = "benchmark", "us-east-1", "benchmark", 7
_START = datetime(2026, 11, 22, tzinfo=UTC)


def measure(setting: Setting) -> dict[str, Measurement]:
    """Measure the sender and the boto3 loop."""
    return {GOAL.id: _measured(setting, "sender", "boto3")}


def measure_whole(setting: Setting) -> dict[str, Measurement]:
    """Measure the command and the boto3 loop with its client."""
    return {WHOLE_GOAL.id: _measured(setting, "command", "boto3-with-client")}


def _measured(setting: Setting, ours: str, theirs: str) -> Measurement:
    count = setting.records or _RECORDS
    expected = count, digest(record for block in StoreInventory(_plan(count)) for record in block.records)
    peaks: list[float] = []
    cpu_ms: dict[str, list[float]] = {ours: [], theirs: []}
    with child("benchmarks.counting_front") as port:

        def rate_of(side: str) -> Callable[[], float]:
            def rate() -> float:
                told = _run_child(side, count, port, setting.folder)
                if received(port) != expected:
                    raise WrongResultError(f"{side}: the endpoint did not get the {count} records that were to be sent")
                if side == ours:
                    peaks.append(told["peak_mib"])
                cpu_ms[side].append(told["cpu_seconds"] / count * MAX_BATCH_RECORDS * 1000)
                return count / told["seconds"]

            return rate

        measured = in_turn(rate_of(ours), rate_of(theirs), rounds=setting.rounds)
    details = {
        "records": count,
        # How much of a core each side needs, whatever else the machine does meanwhile.
        "cpu_ms_per_batch": {side: round(median(values), 2) for side, values in cpu_ms.items()},
    }
    return Measurement(measured.ours, measured.theirs, max(peaks), details)


def _run_child(side: str, count: int, port: int, folder: Path) -> dict[str, float]:
    keys = {"AWS_ACCESS_KEY_ID": "benchmark", "AWS_SECRET_ACCESS_KEY": "benchmark"}
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.bench_producer", side, str(count), str(port), str(folder)],
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
    return StorePlan(run_id=_RUN_ID, seed=_SEED, start=_START, events=count)


def _batches(count: int) -> list[list[bytes]]:
    records = [record for block in StoreInventory(_plan(count)) for record in block.records]
    return [records[start : start + MAX_BATCH_RECORDS] for start in range(0, count, MAX_BATCH_RECORDS)]


def _now() -> _Times:
    return time.perf_counter(), time.process_time()


def _since(started: _Times) -> _Times:
    return time.perf_counter() - started[0], time.process_time() - started[1]


def _send_with_sender(count: int, port: int, _: Path) -> _Times:
    batches = _batches(count)
    client = PutClient(_STREAM, region=_REGION, endpoint_url=f"http://127.0.0.1:{port}")

    def refuse(entries: list[GivenUp]) -> None:
        raise WrongResultError(f"{len(entries)} records were given up: {entries[0].message}")

    sender = Sender(_STREAM, client.put, on_given_up=refuse)
    started = _now()
    for batch in batches:
        sender.put_many(batch)
    sender.close()
    return _since(started)


def _send_with_command(count: int, port: int, folder: Path) -> _Times:
    manifest = folder / "manifest.json"
    where = ["--stream", _STREAM, "--region", _REGION, "--endpoint", f"http://127.0.0.1:{port}"]
    what = ["--records", str(count), "--seed", str(_SEED), "--start", _START.isoformat(), "--run-id", _RUN_ID]
    started = _now()
    exit_code = command_line(["store-inventory", *where, *what, "--manifest", str(manifest), "--quiet"])
    times = _since(started)
    document = json.loads(manifest.read_text("utf-8"))
    if exit_code or document["accepted"] != count:
        raise WrongResultError(f"store-inventory ended with {exit_code} and {document['accepted']} records accepted")
    return times


def _send_with_boto3(count: int, port: int, _: Path, *, with_client: bool = False) -> _Times:
    batches = _batches(count)
    before = _now()
    client = boto3.client("firehose", region_name=_REGION, endpoint_url=f"http://127.0.0.1:{port}")
    started = _now()
    for batch in batches:
        answer = client.put_record_batch(DeliveryStreamName=_STREAM, Records=[{"Data": record} for record in batch])
        if answer["FailedPutCount"]:
            raise WrongResultError(f"{answer['FailedPutCount']} records failed")
    return _since(before if with_client else started)


_SIDES: Mapping[str, Callable[[int, int, Path], _Times]] = {
    "sender": _send_with_sender,
    "command": _send_with_command,
    "boto3": _send_with_boto3,
    "boto3-with-client": partial(_send_with_boto3, with_client=True),
}
BENCHMARKS = (
    Benchmark(GOAL.id, (GOAL,), measure),
    Benchmark(WHOLE_GOAL.id, (WHOLE_GOAL,), measure_whole),
)


def _main() -> None:
    side, count, port, folder = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
    seconds, cpu_seconds = _SIDES[side](count, port, folder)
    import resource  # noqa: PLC0415 -- not on Windows, and only here

    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    print(json.dumps({"seconds": seconds, "cpu_seconds": cpu_seconds, "peak_mib": peak_mib}))


if __name__ == "__main__":
    _main()
