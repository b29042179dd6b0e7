"""How long one durable PutRecord takes: alone against a bare fdatasync, and among 64 clients its 99th percentile against its median.

Talks to: local_firehose on loopback, and a file beside its journal.
"""

import os
import socket
import time
from pathlib import Path
from statistics import median, quantiles

from benchmarks.benchmark import Benchmark, Goal, Measurement, Setting
from benchmarks.events import EventPlan, store_events
from benchmarks.local_server import STREAM, local_firehose, stand_in
from benchmarks.put_requests import put_record_request
from benchmarks.sender import connect, exchange, round_trips
from benchmarks.streams import raw_destination
from local_firehose.journal_segment import sync_data

P50 = Goal("put_record_p50", "one client", 1.0, "at most", "ms", "1.5 × one fdatasync + 1 ms")
P99 = Goal("put_record_p99", "64 clients, p99 through p50", 10.0, "at most", "ms", "the p50 of the same run")
_PUTS = 400
_CLIENTS = 64
_PUTS_A_CLIENT = 40
_BLOCK_BYTES = 256


def measure(setting: Setting) -> dict[str, Measurement]:
    """Measure both in turn."""
    puts = setting.records or _PUTS
    requests = [put_record_request(STREAM, event) for event in store_events(EventPlan(), puts)]
    alone: list[float] = []
    bounds: list[float] = []
    p50s: list[float] = []
    p99s: list[float] = []
    syncs: list[float] = []
    with stand_in() as cloud, local_firehose(cloud, setting.folder / "state") as server:
        server.create(raw_destination())
        _one_client(server.port, requests)
        for _ in range(setting.rounds):
            alone.append(median(_one_client(server.port, requests)))
            syncs.append(median(_syncs(setting.folder / "synced", puts)))
            bounds.append(1.5 * syncs[-1] + 1.0)
            together = _many_clients(server.port, requests)
            p50s.append(median(together))
            p99s.append(quantiles(together, n=100)[98])
            server.flush()
            cloud.clear()
        memory_mib = server.peak_memory_mib()
    return {
        P50.id: Measurement(tuple(alone), tuple(bounds), memory_mib, {"fdatasync_ms": round(median(syncs), 3)}),
        P99.id: Measurement(tuple(p99s), tuple(p50s), memory_mib, {"clients": _CLIENTS}),
    }


def _one_client(port: int, requests: list[bytes]) -> list[float]:
    """Return the milliseconds of each put."""
    buffer = bytearray(16 * 1024)
    with connect(port) as connection:
        return [_timed(connection, request, buffer) for request in requests]


def _many_clients(port: int, requests: list[bytes]) -> list[float]:
    """Return the milliseconds of all puts of clients that each wait for their answer before the next."""
    lists = [[requests[(number + at) % len(requests)] for at in range(_PUTS_A_CLIENT)] for number in range(_CLIENTS)]
    return [seconds * 1000 for seconds in round_trips(port, lists)]


def _timed(connection: socket.socket, request: bytes, buffer: bytearray) -> float:
    started = time.perf_counter()
    exchange(connection, request, buffer)
    return (time.perf_counter() - started) * 1000


def _syncs(path: Path, times: int) -> list[float]:
    """Return the milliseconds of writing a small block into an allocated file and making it durable."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.pwrite(descriptor, bytes(_BLOCK_BYTES * times), 0)
        os.fsync(descriptor)
        found = []
        for at in range(times):
            started = time.perf_counter()
            os.pwrite(descriptor, bytes([at % 251 + 1]) * _BLOCK_BYTES, at * _BLOCK_BYTES)
            sync_data(descriptor)
            found.append((time.perf_counter() - started) * 1000)
        return found
    finally:
        os.close(descriptor)


BENCHMARKS = (Benchmark("put_record", (P50, P99), measure),)
