"""One stream's delivery, in this process: journal and ledger on disk, S3 a dictionary, the clock in hand."""

import asyncio
import base64
import gzip
import io
import itertools
import json
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firehose_spec.glue_types import Column, parse
from local_firehose.clock import Clock
from local_firehose.delivery import StreamDelivery
from local_firehose.delivery_factory import SetupFactory
from local_firehose.delivery_run import RunStore
from local_firehose.delivery_stages import Stages
from local_firehose.delivery_tools import DeliveryTools
from local_firehose.engine_port import DeliveryCounters, StreamView
from local_firehose.errors import BackingServiceError
from local_firehose.journal import Journal
from local_firehose.jq import JqPool
from local_firehose.ledger import Ledger, PlannedObject
from local_firehose.metrics import MetricBook
from local_firehose.object_store import ObjectStoreError, ObjectToPut
from local_firehose.processing import Process, StageResult
from local_firehose.records import Failure, Record
from local_firehose.schema_catalog import SchemaError
from local_firehose.stream_config import (
    BufferingHints,
    Conversion,
    DeliveryConfig,
    Processor,
    S3Destination,
    SchemaReference,
    StreamId,
)
from local_firehose.upload_pool import UploadPool

START_MS = 1_715_915_045_000  # 2024-05-17T03:04:05Z
QUERY = "{k: .k}"
PREFIX = "p/!{partitionKeyFromQuery:k}/"


class Catalog:
    """Stands in for Glue."""

    def __init__(self) -> None:
        self.columns_now: tuple[Column, ...] | SchemaError = (Column("k", parse("string")), Column("n", parse("int")))

    def columns(self, _reference: SchemaReference) -> tuple[Column, ...]:
        if isinstance(self.columns_now, SchemaError):
            raise self.columns_now
        return self.columns_now


class World:
    """One stream with its journal; `objects` is what S3 holds."""

    def __init__(self, folder: Path, jq: JqPool) -> None:
        self.folder = folder
        self.real_ms = START_MS
        self.clock = Clock(real_ms=lambda: self.real_ms)
        self.objects: dict[str, ObjectToPut] = {}
        self.attempts: list[str] = []
        self.fail: Callable[[ObjectToPut], str | None] = lambda _target: None
        self.catalog = Catalog()
        self.reports: list[str] = []
        self.metrics = MetricBook()
        self.process: Process | None = None
        self.max_partitions = 500
        self._jq = jq
        self._executor = ThreadPoolExecutor(1)
        self._uploads = UploadPool(writers=4, encoders=2, budget_bytes=1 << 30)
        self.journal = Journal(folder, executor=self._executor)
        self.delivery: StreamDelivery | None = None
        self.lock = threading.Lock()

    def config(self, **changes: Any) -> DeliveryConfig:
        s3 = S3Destination("b", "r", "", "", BufferingHints(5, 300), "UNCOMPRESSED", "", "UTC", None, None, None)
        names = set(S3Destination.__dataclass_fields__)
        s3 = replace(s3, **{name: value for name, value in changes.items() if name in names})
        made = DeliveryConfig(StreamId("1", "us-east-1", "s"), 1, "DirectPut", s3, (), None, None, None)
        return replace(made, **{name: value for name, value in changes.items() if name not in names})

    def partitioned(self, **changes: Any) -> DeliveryConfig:
        processors = (
            Processor("MetadataExtraction", {"MetadataExtractionQuery": QUERY}),
            *changes.pop("processors", ()),
        )
        defaults = {"prefix": PREFIX, "error_output_prefix": "err/", "partitioning_retry_seconds": 300}
        return self.config(processors=processors, **{**defaults, **changes})

    def converting(self, **changes: Any) -> DeliveryConfig:
        schema = SchemaReference("r", "1", "db", "t", "us-east-1", "LATEST")
        return self.config(conversion=Conversion(schema, "OpenXJsonSerDe", {}, "ParquetSerDe", {}), **changes)

    def start(self, config: DeliveryConfig) -> None:
        stages = Stages(jq=self._jq, lambda_client=lambda _region: None, metrics=self.metrics)
        factory = SetupFactory(
            catalog=self.catalog,  # type: ignore[arg-type]
            extractor_for=stages.extractor_for,
            process_for=lambda _config: self.process,
            random_string=lambda: "random12345",
            new_uuid=uuid4,
            metrics=self.metrics,
        )

        tools = DeliveryTools(
            clock=self.clock,
            runs=RunStore(self.folder, budget_bytes=1 << 30),
            uploads=self._uploads,
            prepare=factory.prepare,
            max_partitions=lambda: self.max_partitions,
            put=self._put,
            report=lambda _view, code, _message: self.reports.append(code),
            metrics=self.metrics,
        )
        self.delivery = StreamDelivery(self.view(config), folder=self.folder, tools=tools)
        self.delivery.committed(self.journal.end)
        self.delivery.start()

    @staticmethod
    def view(config: DeliveryConfig) -> StreamView:
        return StreamView(config, "ACTIVE", is_encrypted=False, incarnation="i")

    def _put(self, target: ObjectToPut) -> None:
        with self.lock:
            self.attempts.append(target.key)
            code = self.fail(target)
            if code is not None:
                raise ObjectStoreError(code, "said the test")
            self.objects[target.key] = target

    def put(self, records: Sequence[bytes]) -> None:
        asyncio.run(self._append(records))
        if self.delivery is not None:
            self.delivery.committed(self.journal.end)

    async def _append(self, records: Sequence[bytes]) -> None:
        await self.journal.append(records, arrived_ms=self.clock.now_ms())

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.running.wake()

    @property
    def running(self) -> StreamDelivery:
        assert self.delivery is not None
        return self.delivery

    def flush(self, *, seconds: float = 30) -> tuple[int, int]:
        done = threading.Event()
        found: list[tuple[int, int]] = []
        self.running.flush(lambda objects, records: (found.append((objects, records)), done.set())[1])
        assert done.wait(seconds)
        return found[0]

    def until(self, holds: Callable[[], bool], *, seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def counters(self) -> DeliveryCounters:
        return self.running.counters()

    def stop(self) -> None:
        if self.delivery is not None:
            self.delivery.stop()
            self.delivery = None

    def crash(self) -> None:
        """End delivery without the care of `stop`: what is not on disk by now is gone."""
        delivery, self.delivery = self.running, None
        with delivery._changed:
            delivery._is_stopping = True
            delivery._signal()
        delivery._thread.join()
        delivery._ledger.close()

    def close(self) -> None:
        self.stop()
        asyncio.run(self.journal.close())
        self._uploads.close()
        self._executor.shutdown()

    def bodies(self, prefix: str = "") -> dict[str, bytes]:
        return {key: target.body for key, target in self.objects.items() if key.startswith(prefix)}


@pytest.fixture(scope="module")
def jq() -> Iterator[JqPool]:
    with JqPool(workers=1) as pool:
        yield pool


@pytest.fixture
def world(tmp_path: Path, jq: JqPool) -> Iterator[World]:
    made = World(tmp_path, jq)
    yield made
    made.close()


def test_size_cuts_objects_as_records_arrive(world: World) -> None:
    world.start(world.config(buffering=BufferingHints(1, 300)))
    record = b"x" * 400_000
    for _ in range(7):
        world.put([record])
    assert world.flush() == (3, 7)
    assert sorted(len(body) for body in world.bodies().values()) == [400_000, 1_200_000, 1_200_000]


def test_age_of_the_oldest_record_cuts_and_names_the_object(world: World) -> None:
    world.start(world.config())
    world.put([b"first"])
    world.advance(200)
    world.put([b"second"])
    world.until(lambda: world.counters().buffered_bytes == 11)
    assert world.objects == {}
    world.advance(101)
    world.until(lambda: bool(world.objects))
    (key,) = world.objects
    assert key.startswith("2024/05/17/03/s-1-2024-05-17-03-04-05-")
    assert world.bodies()[key] == b"firstsecond"


def test_an_update_holds_for_what_is_buffered_and_the_key_carries_the_new_version(world: World) -> None:
    world.start(world.config(prefix="old/"))
    world.put([b"a"])
    world.until(lambda: world.counters().buffered_bytes == 1)
    world.running.configure(world.view(replace(world.config(prefix="new/", compression_format="GZIP"), version=2)))
    world.put([b"b"])
    assert world.flush() == (1, 2)
    (key,) = world.objects
    assert key.startswith("new/2024/05/17/03/s-2-2024-05-17-03-04-05-")
    assert key.endswith(".gz")
    assert (gzip.decompress(world.objects[key].body), world.objects[key].content_encoding) == (b"ab", "gzip")


def test_s3_that_fails_is_tried_again_under_the_same_key_and_the_error_is_shown(world: World) -> None:
    failures = iter(["S3.NoSuchBucket", "InternalError"])
    world.fail = lambda _target: next(failures, None)
    world.start(world.config())
    world.put([b"kept"])
    assert world.flush() == (1, 1)
    assert len(set(world.attempts)) == 1
    assert len(world.attempts) == 3
    error = world.counters().last_error
    assert error is not None
    assert (error.code, error.message) == ("InternalError", "said the test")
    assert world.reports == ["S3.NoSuchBucket", "InternalError"]
    counted = {name: statistics.total for (_, name, _), statistics in world.metrics.drain().items()}
    assert counted["DeliveryToS3.Success"] == 1
    assert counted["DeliveryToS3.Records"] == 1


def _totals(world: World) -> dict[str, float]:
    values, marks = world.metrics.drain_with_marks()
    world.running.published(marks)  # as the publisher does
    return {name: statistics.total for (_, name, _), statistics in values.items()}


@pytest.mark.parametrize("again", ["new-configuration", "crash", "orderly-restart"])
def test_what_is_processed_again_is_counted_once(world: World, again: str) -> None:
    world.fail = lambda _target: "InternalError"
    world.start(world.converting(buffering=BufferingHints(128, 900)))
    world.put([b'{"k":"a","n":1}', b'{"k":"b","n":"bad"}'])
    world.until(lambda: world.counters().buffered_records == 2 and bool(world.counters().buffered_bytes))
    first = {name: value for name, value in _totals(world).items() if "Conversion" in name}
    with closing(sqlite3.connect(world.folder / "ledger.sqlite")) as ledger:
        world.until(lambda: ledger.execute("SELECT sequence FROM measured").fetchone() == (2,))
    if again == "new-configuration":
        world.running.configure(world.view(world.converting(version=2, buffering=BufferingHints(64, 900))))
    elif again == "crash":
        world.crash()
        world.start(world.converting())
    else:
        world.stop()
        world.start(world.converting())
    world.fail = lambda _target: None
    world.put([b'{"k":"c","n":3}'])
    assert world.flush() == (2, 3)
    then = {name: value for name, value in _totals(world).items() if "Conversion" in name}
    assert first == {
        "SucceedConversion.Records": 1,
        "SucceedConversion.Bytes": 15,
        "FailedConversion.Records": 1,
        "FailedConversion.Bytes": 19,
    }
    assert then == {
        "SucceedConversion.Records": 1,
        "SucceedConversion.Bytes": 15,
        "FailedConversion.Records": 0,
        "FailedConversion.Bytes": 0,
    }


def test_what_a_crash_left_unpublished_is_counted_when_it_is_processed_again(world: World) -> None:
    world.start(world.converting(buffering=BufferingHints(128, 900)))
    world.put([b'{"k":"a","n":1}'])
    world.until(lambda: bool(world.counters().buffered_bytes))
    world.crash()
    world.metrics.drain()  # gone with the process
    world.start(world.converting())
    assert world.flush() == (1, 1)
    assert _totals(world)["SucceedConversion.Records"] == 1


def test_partitions_are_measured(world: World) -> None:
    world.max_partitions = 2
    world.start(world.partitioned())
    world.put([b'{"k":"a"}', b'{"k":"b"}', b'{"k":"b"}', b'{"k":"c"}'])
    world.until(lambda: bool(world.counters().buffered_bytes))
    world.advance(10)
    assert world.flush() == (3, 4)
    values = {
        name: (unit, statistics.count, statistics.low, statistics.high)
        for (_, name, unit), statistics in world.metrics.drain().items()
        if name.startswith(("Partition", "ActivePartitions", "PerPartition", "JQ")) or "ObjectCount" in name
    }
    _, batches, fastest, _ = values.pop("JQProcessing.Duration")
    assert (batches, fastest > 0) == (1, True)
    assert values == {
        "PartitionCount": ("Count", 1, 2, 2),
        "PartitionCountExceeded": ("Count", 1, 1, 1),
        "ActivePartitionsLimit": ("Count", 1, 2, 2),
        "DeliveryToS3.ObjectCount": ("Count", 2, 1, 1),
        "PerPartitionThroughput": ("Bytes/Second", 2, 0.9, 1.8),
    }


def test_a_disk_that_is_full_for_a_while_is_told_and_outlived(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    promise, refusals = Ledger.plan, itertools.repeat(sqlite3.OperationalError("database or disk is full"), 2)

    def plan(ledger: Ledger, objects: Sequence[PlannedObject]) -> None:
        for refusal in refusals:
            raise refusal
        promise(ledger, objects)

    monkeypatch.setattr(Ledger, "plan", plan)
    world.start(world.config())
    world.put([b"kept"])
    assert world.flush() == (1, 1)
    error = world.counters().last_error
    assert error is not None
    assert error.message == "the state folder cannot be used: database or disk is full"
    assert list(world.bodies().values()) == [b"kept"]


def test_what_fails_for_24_hours_is_lost_and_makes_room(world: World) -> None:
    world.fail = lambda _target: "InternalError"
    world.start(world.config())
    world.put([b"lost"])
    world.advance(301)
    world.until(lambda: bool(world.attempts))
    world.advance(24 * 3600)
    world.until(lambda: world.counters().buffered_records == 0)
    world.fail = lambda _target: None
    world.put([b"kept"])
    assert world.flush() == (1, 1)
    assert list(world.bodies().values()) == [b"kept"]


def test_the_retry_duration_of_partitioning_ends_nothing_before_24_hours(world: World) -> None:
    # documented: where the destination is S3, Firehose keeps trying until the retention ends
    world.fail = lambda target: "InternalError" if target.key.startswith("p/a/") else None
    world.start(world.partitioned(partitioning_retry_seconds=60))
    world.put([b'{"k":"a"}', b'{"k":"b"}'])
    world.advance(301)
    world.until(lambda: len(world.objects) == 1 and len(world.attempts) >= 2)
    world.advance(7200)
    seen = len(world.attempts)
    world.until(lambda: len(world.attempts) > seen)  # still tried, long after the duration
    assert list(world.bodies("err/")) == []
    world.fail = lambda _target: None
    world.flush()
    assert {key.split("/")[1]: body for key, body in world.bodies().items()} == {"a": b'{"k":"a"}', "b": b'{"k":"b"}'}


def test_error_lines_of_conversion_are_tried_for_ever_and_block_delivery(world: World) -> None:
    world.fail = lambda target: "S3.AccessDenied" if target.key.startswith("err/") else None
    world.start(world.converting(error_output_prefix="err/"))
    world.put([b"not json", b'{"k":"a"}'])
    world.advance(301)
    world.until(lambda: len(world.objects) == 1 and any(key.startswith("err/") for key in world.attempts))
    world.until(lambda: "S3.AccessDenied" in world.reports)
    world.put([b'{"k":"later"}'])
    world.advance(48 * 3600)
    tries = len(world.attempts)
    world.until(lambda: len(world.attempts) > tries)
    assert {key[:4] for key in world.attempts[tries:]} == {"err/"}  # two days later, and nothing else is delivered
    assert (len(world.objects), world.counters().buffered_records) == (1, 2)
    world.fail = lambda _target: None
    world.flush()
    (lines,) = world.bodies("err/format-conversion-failed/").values()
    assert [base64.b64decode(json.loads(line)["rawData"]) for line in lines.splitlines()] == [b"not json"]
    assert len(world.objects) == 3
    assert world.counters().buffered_records == 0


def test_other_error_lines_are_lost_after_24_hours_and_block_nothing(world: World) -> None:
    world.fail = lambda target: "S3.AccessDenied" if target.key.startswith("err/") else None
    world.start(world.partitioned())
    world.put([b"not json"])
    world.advance(301)
    world.until(lambda: bool(world.attempts))
    world.put([b'{"k":"a"}'])
    world.advance(24 * 3600)
    world.until(lambda: len(world.objects) == 1 and world.counters().buffered_records == 0)
    assert list(world.bodies("p/").values()) == [b'{"k":"a"}']


def test_partitions_beyond_the_limit_go_to_their_own_error_prefix(world: World) -> None:
    world.max_partitions = 2
    world.start(world.partitioned())
    world.put([b'{"k":"a"}', b'{"k":"b"}', b'{"k":"c"}', b'{"k":"a"}', b'{"k":"d"}'])
    assert world.flush() == (3, 5)
    assert Counter(body for body in world.bodies("p/").values()) == Counter([b'{"k":"a"}{"k":"a"}', b'{"k":"b"}'])
    (lines,) = world.bodies("err/activePartitionExceeded/2024/05/17/03/").values()
    assert [json.loads(line)["errorCode"] for line in lines.splitlines()] == [
        "DynamicPartitioning.ActivePartitionsLimitExceeded"
    ] * 2
    world.put([b'{"k":"c"}'])  # delivered partitions are no longer active
    assert world.flush() == (1, 1)
    assert world.counters().quarantined_records == 2


def test_a_key_longer_than_s3_takes_fails_its_record_and_no_other(world: World) -> None:
    world.start(world.partitioned())
    long, most = ('{"k":"%s"}' % ("é" * count) for count in (500, 480))  # 1,063 bytes with the name, and 1,023
    world.put([long.encode(), most.encode()])
    assert world.flush() == (2, 2)
    (line,) = world.bodies("err/metadata-extraction-failed/").values()
    assert base64.b64decode(json.loads(line)["rawData"]) == long.encode()
    assert [len(key.encode()) for key in world.bodies("p/")] == [1023]


def test_partitions_that_evaluate_alike_share_an_object(world: World) -> None:
    processors = (Processor("MetadataExtraction", {"MetadataExtractionQuery": "{a:.a,b:.b}"}),)
    prefix = "!{partitionKeyFromQuery:a}!{partitionKeyFromQuery:b}/"
    world.start(replace(world.partitioned(prefix=prefix), processors=processors))
    world.put([b'{"a":"x","b":"yz"}', b'{"a":"xy","b":"z"}'])
    assert world.flush() == (1, 2)


def test_the_backup_holds_every_record_as_it_was_put(world: World) -> None:
    backup = replace(world.config().s3, bucket="backup", prefix="raw/", compression_format="GZIP")
    world.start(world.partitioned(backup=backup))
    records = [b'{"k":"a"}\n', b"not json\n", b'{"k":"b"}\n']
    world.put(records)
    assert world.flush() == (4, 3)
    (copy,) = [target for target in world.objects.values() if target.bucket == "backup"]
    assert (copy.key[:21], gzip.decompress(copy.body)) == ("raw/2024/05/17/03/s-1", b"".join(records))


def test_the_delimiter_follows_every_record(world: World) -> None:
    world.start(world.config(processors=(Processor("AppendDelimiterToRecord", {}),)))
    world.put([b"a", b"b"])
    world.flush()
    assert list(world.bodies().values()) == [b"a\nb\n"]


def test_sub_records_are_rows_of_their_own_and_a_restart_repeats_none(world: World) -> None:
    def split(records: list[Record]) -> StageResult:
        kept = [
            replace(record, data=part, ordinal=ordinal)
            for record in records
            for ordinal, part in enumerate(record.data.split(b"|"))
        ]
        failed = [Failure(record, "processing-failed", "Test", "bad") for record in kept if record.data == b"bad"]
        return StageResult([record for record in kept if record.data != b"bad"], failed)

    world.process = split
    world.fail = lambda target: "InternalError" if "/b/" in target.key else None
    world.start(world.partitioned())
    world.put([b'{"k":"a"}|bad|{"k":"b"}', b'{"k":"b"}'])
    world.running.flush(lambda _objects, _records: None)
    world.until(lambda: len(world.objects) == 2 and any("/b/" in key for key in world.attempts))
    promised = {key for key in world.attempts if "/b/" in key}
    world.stop()
    world.fail = lambda _target: None
    world.start(world.partitioned())
    world.flush()
    assert {key: body for key, body in world.bodies("p/").items() if "/b/" in key} == dict.fromkeys(
        promised, b'{"k":"b"}{"k":"b"}'
    )
    assert len(world.objects) == 3
    assert world.counters().delivered_records == 3


def test_a_table_that_is_missing_fails_the_records_and_one_that_cannot_be_read_waits(world: World) -> None:
    world.catalog.columns_now = SchemaError("DataFormatConversion.GlueUnavailable", "away", is_transient=True)
    world.start(world.converting())
    world.put([b'{"k":"a","n":1}'])
    world.until(lambda: world.counters().last_error is not None)
    assert world.objects == {}
    world.catalog.columns_now = SchemaError("DataFormatConversion.EntityNotFound", "gone", is_transient=False)
    assert world.flush() == (1, 1)
    (line,) = world.bodies("format-conversion-failed/2024/05/17/03/").values()
    assert json.loads(line)["lastErrorCode"] == "DataFormatConversion.EntityNotFound"


def test_a_new_version_of_the_table_holds_for_what_is_buffered(world: World) -> None:
    world.start(world.converting(buffering=BufferingHints(64, 300)))
    world.put([b'{"k":"a","n":1,"extra":7}'])
    world.until(lambda: world.counters().buffered_bytes > 0)
    assert not isinstance(world.catalog.columns_now, SchemaError)
    world.catalog.columns_now = (*world.catalog.columns_now, Column("extra", parse("bigint")))
    assert world.flush() == (1, 1)
    (body,) = world.bodies().values()
    assert pq.read_table(io.BytesIO(body)).to_pylist() == [{"k": "a", "n": 1, "extra": 7}]


def test_a_record_that_breaks_a_stage_is_quarantined_alone(world: World) -> None:
    def fragile(records: list[Record]) -> StageResult:
        if any(record.data == b"poison" for record in records):
            raise RuntimeError("a bug")
        return StageResult(records, [])

    world.process = fragile
    world.start(world.config())
    world.put([b"%d " % number for number in range(20)] + [b"poison"] + [b"end"])
    assert world.flush() == (2, 22)
    (line,) = world.bodies("processing-failed/").values()
    assert json.loads(line)["errorMessage"] == "RuntimeError: a bug"
    assert b"".join(world.bodies("2024/").values()).endswith(b"19 end")


def test_keys_and_rows_are_those_of_the_processed_records_and_errors_show_the_original(world: World) -> None:
    # documented: Lambda, then partition keys, then format conversion
    def function(records: list[Record]) -> StageResult:
        return StageResult([replace(record, data=base64.b64decode(record.data)) for record in records], [])

    world.process = function
    conversion = world.converting().conversion
    world.start(world.partitioned(conversion=conversion))
    given = [base64.b64encode(data) for data in (b'{"k":"a","n":1}', b'{"k":"b","n":"x"}', b'{"n":3}')]
    world.put(given)
    assert world.flush() == (3, 3)
    (parquet,) = world.bodies("p/a/").values()
    assert pq.read_table(io.BytesIO(parquet)).to_pylist() == [{"k": "a", "n": 1}]
    failed = {
        folder: [base64.b64decode(json.loads(line)["rawData"]) for body in found.values() for line in body.splitlines()]
        for folder in ("format-conversion-failed", "metadata-extraction-failed")
        if (found := world.bodies(f"err/{folder}/"))
    }
    assert failed == {"format-conversion-failed": [given[1]], "metadata-extraction-failed": [given[2]]}


def test_a_stage_that_cannot_be_reached_is_tried_again(world: World) -> None:
    calls: list[int] = []

    def away(records: list[Record]) -> StageResult:
        calls.append(len(records))
        if len(calls) < 3:
            raise BackingServiceError("lambda", "http://127.0.0.1:1", "refused")
        return StageResult(records, [])

    world.process = away
    world.start(world.config())
    world.put([b"x"])
    assert world.flush() == (1, 1)
    assert calls == [1, 1, 1]


def test_a_lambda_gathers_by_its_own_hints_before_the_buffer_opens(world: World) -> None:
    invocations: list[int] = []

    def count(records: list[Record]) -> StageResult:
        invocations.append(len(records))
        return StageResult(records, [])

    world.process = count
    hints = {
        "LambdaArn": "arn:aws:lambda:us-east-1:1:function:f",
        "BufferSizeInMBs": "1",
        "BufferIntervalInSeconds": "60",
    }
    world.start(world.config(processors=(Processor("Lambda", hints),), buffering=BufferingHints(5, 100)))
    world.put([b"a"])
    world.put([b"b"])
    world.until(lambda: world.counters().buffered_records == 2)
    assert invocations == []
    world.advance(61)
    world.until(lambda: invocations == [2])
    world.advance(60)  # 121 s after the put, 60 s after the function: not due yet
    world.until(lambda: world.counters().buffered_bytes == 2)
    assert world.objects == {}
    world.advance(41)
    world.until(lambda: len(world.objects) == 1)
    world.put([b"y" * 1024 * 1024])
    world.until(lambda: invocations == [2, 1])


def test_a_ledger_that_cannot_be_written_for_a_while_costs_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = {"plan": 2, "finish": 2}

    def failing(name: str) -> Callable[..., None]:
        real = getattr(Ledger, name)

        def call(ledger: Ledger, *args: Any, **named: Any) -> None:
            failures[name] -= 1
            if failures[name] >= 0:
                raise sqlite3.OperationalError("database or disk is full")
            real(ledger, *args, **named)

        return call

    monkeypatch.setattr(Ledger, "plan", failing("plan"))
    monkeypatch.setattr(Ledger, "finish", failing("finish"))
    world.start(world.partitioned())
    world.put([b'{"k":"a"}', b'{"k":"b"}', b"bad"])
    assert world.flush() == (3, 3)
    assert len(world.objects) == 3
    assert world.counters().buffered_records == 0


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.lists(st.sampled_from(["a", "b", "c", "", "bad", "a b"]), min_size=1, max_size=6)),
        st.tuples(st.just("restart"), st.none()),
        st.tuples(st.just("update"), st.none()),
        st.tuples(st.just("s3"), st.sampled_from(["up", "down", "half"])),
        st.tuples(st.just("advance"), st.integers(1, 400)),
        st.tuples(st.just("flush"), st.none()),
    ),
    min_size=3,
    max_size=14,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_happens_each_record_is_delivered_or_quarantined_exactly_once(
    tmp_path_factory: pytest.TempPathFactory, jq: JqPool, steps: list[tuple[str, Any]]
) -> None:
    world = World(tmp_path_factory.mktemp("steps"), jq)
    version, number, sent = 1, 0, Counter[int]()
    config = world.partitioned()
    world.start(config)
    try:
        for step, detail in steps:
            if step == "put":
                records = [
                    b"bad %d\n" % at if key == "bad" else json.dumps({"k": key, "n": at}).encode() + b"\n"
                    for at, key in enumerate(detail, start=number)
                ]
                sent.update(range(number, number + len(records)))
                number += len(records)
                world.put(records)
            elif step == "restart":
                world.stop()
                world.start(config)
            elif step == "update":
                version += 1
                config = replace(config, version=version)
                world.running.configure(world.view(config))
            elif step == "s3":
                flips = {"up": [None], "down": ["InternalError"], "half": [None, "InternalError"]}[detail]
                turns = itertools.cycle(flips)
                world.fail = lambda _target, turns=turns: next(turns)
            elif step == "advance":
                world.advance(detail)
            else:
                world.running.flush(lambda _objects, _records: None)
        world.fail = lambda _target: None
        world.flush(seconds=60)
        found: Counter[int] = Counter()
        for body in world.bodies("p/").values():
            found.update(json.loads(line)["n"] for line in body.splitlines())
        for body in world.bodies("err/").values():
            for line in body.splitlines():
                raw = base64.b64decode(json.loads(line)["rawData"])
                found[int(raw[4:]) if raw.startswith(b"bad") else json.loads(raw)["n"]] += 1
        assert found == sent
        assert world.counters().buffered_records == 0
        assert world.counters().delivered_records + world.counters().quarantined_records == number
    finally:
        world.close()
