"""Put to object through both processes, and what a crash at any moment leaves."""

import asyncio
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest

import local_firehose.engine
from local_firehose.clock import Clock
from local_firehose.engine import DeliveryEngine
from local_firehose.engine_port import DeliveryCounters, FlushResult, StreamView
from local_firehose.errors import StartError

ROOT = Path(__file__).resolve().parents[3]
QUERY = '{store: .store_id, hour: .ts|strftime("%H")}'
PREFIX = "data/store=!{partitionKeyFromQuery:store}/!{partitionKeyFromQuery:hour}/"
COLUMNS = {"event_id": "string", "store_id": "string", "quantity": "int", "ts": "timestamp"}
BatchBody = Callable[[str, Sequence[bytes]], bytes]


def event(number: int, *, stores: int = 5) -> bytes:
    members = {"event_id": f"e-{number}", "store_id": f"S{number % stores}", "quantity": number, "ts": 1715900000}
    return json.dumps({**members, "ts": 1715900000 + 3600 * (number % 3)}).encode()


def with_engine(state: Path, views: Sequence[StreamView], use: Callable[[DeliveryEngine], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        engine = DeliveryEngine(state, clock=Clock())
        await engine.start(views)
        try:
            return await use(engine)
        finally:
            await engine.stop()

    return asyncio.run(run())


def event_ids(objects: dict[str, bytes]) -> Counter[str]:
    found: Counter[str] = Counter()
    for body in objects.values():
        found.update(pq.read_table(io.BytesIO(body), columns=["event_id"]).column(0).to_pylist())
    return found


def test_records_become_one_parquet_object_a_partition_and_bad_ones_an_error_object(
    tmp_path: Path, cloud: Any, batch_body: BatchBody
) -> None:
    view = cloud.view(query=QUERY, prefix=PREFIX, error_output_prefix="error", conversion=cloud.table(COLUMNS))
    records = [event(number) for number in range(300)]
    records[7] = b"not json"
    records[8] = b'{"event_id": "e-8", "store_id": "S3", "ts": 1715907200, "quantity": "many"}'

    async def use(engine: DeliveryEngine) -> tuple[dict[str, Any], FlushResult, Any]:
        answer = await engine.data_plane.put_record_batch(batch_body("stream", records), cloud.caller)
        result = await engine.flush(None, timeout_seconds=60)
        return json.loads(answer), result, (await engine.counters())[0]

    answer, result, counters = with_engine(tmp_path, [view], use)
    assert answer["FailedPutCount"] == 0
    assert len({entry["RecordId"] for entry in answer["RequestResponses"]}) == 300
    assert result == FlushResult(objects=17, records=300)
    assert (counters.accepted_records, counters.delivered_records, counters.quarantined_records) == (300, 298, 2)
    assert (counters.buffered_records, counters.active_partitions, counters.delivered_objects) == (0, 0, 15)
    data = cloud.objects("data/")
    assert event_ids(data) == Counter(f"e-{number}" for number in range(300) if number not in {7, 8})
    for key, body in data.items():
        _, store, hour, _ = key.split("/")
        rows = pq.read_table(io.BytesIO(body)).to_pylist()
        assert {(row["store_id"], f"{row['ts']:%H}") for row in rows} == {(store.removeprefix("store="), hour)}
    errors = cloud.objects("error")
    assert sorted(key.split("/")[0] for key in errors) == [
        "errorformat-conversion-failed",
        "errormetadata-extraction-failed",
    ]
    assert [len(body.splitlines()) for body in errors.values()] == [1, 1]


def test_a_raw_stream_is_its_records_back_to_back(tmp_path: Path, cloud: Any, batch_body: BatchBody) -> None:
    puts = [[b"line %d-%d\n" % (put, number) for number in range(50)] for put in range(4)]

    async def use(engine: DeliveryEngine) -> FlushResult:
        for records in puts:
            await engine.data_plane.put_record_batch(batch_body("stream", records), cloud.caller)
        return await engine.flush(None, timeout_seconds=60)

    assert with_engine(tmp_path, [cloud.view()], use) == FlushResult(objects=1, records=200)
    assert list(cloud.objects().values()) == [b"".join(record for put in puts for record in put)]


def test_a_buffer_is_delivered_by_age_when_the_clock_moves(tmp_path: Path, cloud: Any, batch_body: BatchBody) -> None:
    async def use(engine: DeliveryEngine) -> float:
        clock = Clock()
        await engine.data_plane.put_record_batch(batch_body("stream", [b"x"]), cloud.caller)
        clock.advance(61)
        await engine.set_clock(clock.setting)
        return await until(lambda: bool(cloud.objects()))

    assert with_engine(tmp_path, [cloud.view(interval_seconds=60)], use) < 30


async def until(holds: Callable[[], bool], *, timeout_seconds: float = 30) -> float:
    started = time.monotonic()
    while not holds():
        assert time.monotonic() - started < timeout_seconds
        await asyncio.sleep(0.02)
    return time.monotonic() - started


def test_killing_the_delivery_process_during_a_flush_loses_and_duplicates_nothing(
    tmp_path: Path, cloud: Any, batch_body: BatchBody
) -> None:
    view = cloud.view(query=QUERY, prefix=PREFIX, error_output_prefix="error", conversion=cloud.table(COLUMNS))

    async def use(engine: DeliveryEngine) -> None:
        for start in range(0, 4000, 500):
            records = [event(number, stores=120) for number in range(start, start + 500)]
            await engine.data_plane.put_record_batch(batch_body("stream", records), cloud.caller)
        flush = asyncio.create_task(engine.flush(None, timeout_seconds=90))
        await until(lambda: len(listed(cloud)) > 3)
        first = engine.delivery_process_id
        assert first is not None
        os.kill(first, signal.SIGKILL)
        result = await flush
        assert result.failed == ()
        assert engine.delivery_process_id != first

    with_engine(tmp_path, [view], use)
    assert event_ids(cloud.objects("data/")) == Counter(f"e-{number}" for number in range(4000))
    assert len(listed(cloud)) == 120


def listed(cloud: Any) -> list[str]:
    return [entry["Key"] for entry in cloud.client("s3").list_objects_v2(Bucket=cloud.bucket).get("Contents", [])]


FRONT = """
import asyncio, sys
from pathlib import Path
import msgspec
from local_firehose.caller import Caller
import local_firehose.engine
from local_firehose.clock import Clock
from local_firehose.engine import DeliveryEngine
from local_firehose.engine_port import StreamView

async def main(state, view, bodies):
    engine = DeliveryEngine(Path(state), clock=Clock())
    await engine.start([view])
    caller = Caller(view.config.stream.account_id, view.config.stream.region, "arn:aws:iam::123456789012:user/tester")
    print("delivery", engine.delivery_process_id, flush=True)
    for number, body in enumerate(bodies):
        await engine.data_plane.put_record_batch(body, caller)
        print("accepted", number, flush=True)
    if "flush" in sys.argv:
        print("flushing", flush=True)
        await engine.flush(None, timeout_seconds=60)
    await asyncio.sleep(600)

view = msgspec.json.decode(Path(sys.argv[2]).read_bytes(), type=StreamView)
bodies = Path(sys.argv[3]).read_bytes().splitlines()
asyncio.run(main(sys.argv[1], view, bodies))
"""


@pytest.mark.parametrize(
    ("moment", "mode"),
    [
        pytest.param("accepted 3", "wait", id="while-putting"),
        pytest.param("accepted 7", "wait", id="before-delivery"),
        pytest.param("flushing", "flush", id="during-delivery"),
    ],
)
def test_killing_both_processes_loses_nothing_acknowledged_and_duplicates_nothing(
    tmp_path: Path, cloud: Any, batch_body: BatchBody, moment: str, mode: str
) -> None:
    view = cloud.view(query=QUERY, prefix=PREFIX, error_output_prefix="error", conversion=cloud.table(COLUMNS))
    batches = [[event(number, stores=120) for number in range(start, start + 500)] for start in range(0, 4000, 500)]
    (tmp_path / "view.json").write_bytes(msgspec.json.encode(view))
    (tmp_path / "bodies").write_bytes(b"\n".join(batch_body("stream", batch) for batch in batches))
    front = subprocess.Popen(
        [
            sys.executable,
            "-c",
            FRONT,
            str(tmp_path / "state"),
            str(tmp_path / "view.json"),
            str(tmp_path / "bodies"),
            mode,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert front.stdout is not None
    accepted, delivery = -1, 0
    for line in front.stdout:
        word, *rest = line.split()
        if word == "accepted":
            accepted = int(rest[0])
        elif word == "delivery":
            delivery = int(rest[0])
        if line.strip() == moment:
            break
    if mode == "flush":
        deadline = time.monotonic() + 60
        while len(listed(cloud)) < 4:
            assert time.monotonic() < deadline
    front.kill()
    front.stdout.close()
    front.wait()
    deadline = time.monotonic() + 20
    while Path(f"/proc/{delivery}").exists() and time.monotonic() < deadline:
        time.sleep(0.02)

    async def use(engine: DeliveryEngine) -> FlushResult:
        return await engine.flush(None, timeout_seconds=90)

    assert with_engine(tmp_path / "state", [view], use).failed == ()
    found = event_ids(cloud.objects("data/"))
    assert {event_id: count for event_id, count in found.items() if count > 1} == {}
    assert set(found) >= {f"e-{number}" for number in range((accepted + 1) * 500)}


def test_a_removed_stream_leaves_nothing_and_a_new_one_of_its_name_starts_empty(
    tmp_path: Path, cloud: Any, batch_body: BatchBody
) -> None:
    view = cloud.view()

    async def use(engine: DeliveryEngine) -> FlushResult:
        await engine.data_plane.put_record_batch(batch_body("stream", [b"old"]), cloud.caller)
        await engine.remove(view.stream)
        assert list((tmp_path / "journal").iterdir()) == []
        again = StreamView(view.config, "ACTIVE", is_encrypted=False, incarnation="second")
        await engine.configure(again)
        await engine.data_plane.put_record_batch(batch_body("stream", [b"new"]), cloud.caller)
        return await engine.flush([view.stream], timeout_seconds=60)

    assert with_engine(tmp_path, [view], use) == FlushResult(objects=1, records=1)
    assert list(cloud.objects().values()) == [b"new"]


def test_a_flush_that_cannot_deliver_names_stream_records_and_error_and_keeps_the_data(
    tmp_path: Path, cloud: Any, batch_body: BatchBody
) -> None:
    view = cloud.view(bucket="no-such-bucket-anywhere")

    async def use(engine: DeliveryEngine) -> FlushResult:
        await engine.data_plane.put_record_batch(batch_body("stream", [b"kept"]), cloud.caller)
        result = await engine.flush(None, timeout_seconds=2)
        assert (await engine.counters())[0].buffered_records == 1
        cloud.client("s3").create_bucket(Bucket="no-such-bucket-anywhere")
        assert (await engine.flush(None, timeout_seconds=30)).failed == ()
        return result

    result = with_engine(tmp_path, [view], use)
    assert [(failure.stream.name, failure.records) for failure in result.failed] == [("stream", 1)]
    assert result.failed[0].error == "S3.NoSuchBucket: The specified bucket does not exist"
    body = cloud.client("s3").list_objects_v2(Bucket="no-such-bucket-anywhere")["Contents"]
    assert len(body) == 1


def test_a_stream_whose_ledger_is_damaged_is_named_and_holds_up_no_other(
    tmp_path: Path, cloud: Any, batch_body: BatchBody
) -> None:
    hurt, well = cloud.view(name="hurt"), cloud.view(name="well")

    async def put(engine: DeliveryEngine) -> None:
        for view in (hurt, well):
            await engine.data_plane.put_record_batch(batch_body(view.stream.name, [b"kept "]), cloud.caller)

    async def use(engine: DeliveryEngine) -> tuple[FlushResult, DeliveryCounters]:
        await put(engine)
        result = await engine.flush(None, timeout_seconds=3)
        return result, next(each for each in await engine.counters() if each.stream == hurt.stream)

    with_engine(tmp_path, [hurt, well], put)
    (ledger,) = (tmp_path / "journal").glob("*hurt*/ledger.sqlite")
    saved = ledger.read_bytes()
    ledger.write_bytes(b"no database " * 1000)
    result, counters = with_engine(tmp_path, [hurt, well], use)
    (failure,) = result.failed
    assert (result.objects, result.records, failure.stream, failure.records) == (1, 2, hurt.stream, 2)
    assert failure.error == (
        f"Journal.Unusable: {ledger.parent} cannot be used (file is not a database); put it back as it was, or delete the stream"
    )
    assert (counters.accepted_records, counters.buffered_records) == (2, 2)
    ledger.write_bytes(saved)
    assert with_engine(tmp_path, [hurt, well], use)[0].failed == ()
    assert sorted(cloud.objects().values()) == [b"kept ", b"kept kept ", b"kept kept kept "]


def test_a_delivery_process_that_is_gone_for_good_leaves_no_question_unanswered(
    tmp_path: Path, cloud: Any, batch_body: BatchBody, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_firehose.engine, "_SPARE_ANSWER_SECONDS", 0.2)
    view = cloud.view()

    async def use(engine: DeliveryEngine) -> tuple[FlushResult, DeliveryCounters]:
        monkeypatch.setattr(sys, "executable", "/bin/false")
        assert engine.delivery_process_id is not None
        os.kill(engine.delivery_process_id, signal.SIGKILL)
        await engine.data_plane.put_record_batch(batch_body("stream", [b"kept"]), cloud.caller)
        result, (counters,) = await engine.flush(None, timeout_seconds=0.1), await engine.counters()
        await engine.remove(view.stream)
        assert list((tmp_path / "journal").iterdir()) == []
        return result, counters

    result, counters = with_engine(tmp_path, [view], use)
    said = "the delivery process does not answer; the log of local_firehose says why"
    assert [failure.error for failure in result.failed] == [said]
    assert (counters.accepted_records, counters.buffered_records) == (1, 1)
    assert counters.last_error is not None
    assert counters.last_error.message == said


def test_a_delivery_process_that_cannot_start_is_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")

    async def run() -> None:
        engine = DeliveryEngine(tmp_path, clock=Clock())
        try:
            await engine.start([])
        finally:
            await engine.stop()

    with pytest.raises(StartError, match="the delivery process ended with exit code 1 before it was ready"):
        asyncio.run(run())


def test_a_fault_script_reaches_both_processes_and_ends_when_it_is_taken_back(
    tmp_path: Path, cloud: Any, batch_body: BatchBody
) -> None:
    script = {"puts": [{"fail_entries": [1]}], "s3": [{"code": "S3.AccessDenied"}]}

    async def use(engine: DeliveryEngine) -> tuple[dict[str, Any], FlushResult, FlushResult]:
        assert await engine.set_faults(script) == script == await engine.faults()
        answer = await engine.data_plane.put_record_batch(batch_body("stream", [b"a", b"b", b"c"]), cloud.caller)
        failed = await engine.flush(None, timeout_seconds=1)
        assert await engine.set_faults(None) == {}
        return json.loads(answer), failed, await engine.flush(None, timeout_seconds=30)

    answer, failed, delivered = with_engine(tmp_path, [cloud.view()], use)
    assert answer["FailedPutCount"] == 1
    assert [failure.error for failure in failed.failed] == ["S3.AccessDenied: injected by the fault script"]
    assert delivered == FlushResult(objects=1, records=2)
    assert list(cloud.objects().values()) == [b"ac"]
