"""The delivery engine as the accepting process holds it: journals here, delivery in a child process.

Talks to: the disk, the child. Source of the contract: `engine_port.Engine`.
"""

import asyncio
import contextlib
import logging
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from local_firehose.aws_clients import client_factory
from local_firehose.clock import Clock, ClockSetting
from local_firehose.data_plane import DataPlane, PutStream
from local_firehose.delivery_messages import (
    AskCounters,
    Committed,
    Configure,
    Counters,
    Flush,
    Flushed,
    Released,
    Remove,
    SetClock,
    SetFaults,
    ToDelivery,
)
from local_firehose.engine_port import DeliveryCounters, DeliveryFailure, FlushResult, LastError, StreamView
from local_firehose.faults import FaultScript, read_faults
from local_firehose.journal import CommittedEnd, Journal
from local_firehose.kinesis_source import KinesisSource, started_at
from local_firehose.metrics import MetricBook, MetricPublisher
from local_firehose.stream_config import StreamId
from local_firehose.stream_folder import stream_folder
from local_firehose.supervisor import DeliverySupervisor

_log = logging.getLogger(__name__)

JOURNAL_THREADS = 8
TELL_SECONDS = 0.01  # how long news of commits is gathered before delivery is told
_SPARE_ANSWER_SECONDS = 5.0
_NO_ANSWER = "the delivery process does not answer; the log of local_firehose says why"


class DeliveryEngine:
    """Accepts records and has them delivered; `data_plane` is the put path. Use it from one event loop."""

    def __init__(self, state_dir: Path, *, clock: Clock) -> None:
        self._journals = state_dir / "journal"
        self._clock = clock
        self._streams: dict[StreamId, PutStream] = {}
        self._executor = ThreadPoolExecutor(JOURNAL_THREADS, thread_name_prefix="journal")
        self._untold: dict[StreamId, CommittedEnd] = {}
        self._script = FaultScript()
        self._script_since_ms = 0
        self.metrics = self._metrics = MetricBook()
        self._sources: dict[StreamId, asyncio.Task[None]] = {}
        self._source_errors: dict[StreamId, LastError] = {}
        self._clients = clients = client_factory()
        self._publisher = MetricPublisher(
            self._metrics, client=lambda region: clients("cloudwatch", region), clock=clock
        )
        self._supervisor = DeliverySupervisor(state_dir, everything=self._everything, on_released=self._release)
        self.data_plane = DataPlane(find=self._streams.get, clock=clock, metrics=self._metrics)

    @property
    def delivery_process_id(self) -> int | None:
        """The delivery child's process id, while one runs."""
        return self._supervisor.process_id

    async def start(self, streams: Sequence[StreamView]) -> None:
        """Begin with exactly these streams; journals of any other stream or incarnation are discarded."""
        self._journals.mkdir(parents=True, exist_ok=True, mode=0o700)
        known = {stream_folder(self._journals, view).name for view in streams}
        for folder in self._journals.iterdir():
            if folder.name not in known:
                _log.info("discarding the journal of a deleted stream  folder=%s", folder.name)
                await asyncio.to_thread(shutil.rmtree, folder, True)
        for view in streams:
            self._streams[view.stream] = self._open(view)
        for view in streams:
            self._read_source(view)
        self._publisher.start()
        await self._supervisor.start()

    async def stop(self) -> None:
        """Stop taking puts and end the delivery process; what is buffered stays in the journal."""
        for source in list(self._sources):
            await self._leave_source(source)
        streams = list(self._streams.values())
        self._streams.clear()
        for stream in streams:
            await stream.journal.close()
        await self._supervisor.stop()
        await asyncio.to_thread(self._publisher.stop)
        self._executor.shutdown()

    async def configure(self, stream: StreamView) -> None:
        """Create the stream, or put a new configuration, status or encryption in force for what is delivered from now on."""
        known = self._streams.get(stream.stream)
        if known is not None and known.view.incarnation != stream.incarnation:
            await self.remove(stream.stream)
            known = None
        if known is None:
            self._streams[stream.stream] = await asyncio.to_thread(self._open, stream)
        else:
            known.view = stream
        self._read_source(stream)
        self._supervisor.send(Configure(stream))

    async def remove(self, stream: StreamId) -> None:
        """Forget the stream; undelivered records are discarded."""
        removed = self._streams.pop(stream, None)
        if removed is None:
            return
        await self._leave_source(stream)
        self._untold.pop(stream, None)
        await removed.journal.close()
        with contextlib.suppress(TimeoutError):  # a delivery process that is started anew never hears of the stream
            async with asyncio.timeout(_SPARE_ANSWER_SECONDS):
                await self._supervisor.request(lambda number: Remove(number, stream))
        await asyncio.to_thread(shutil.rmtree, stream_folder(self._journals, removed.view), True)

    async def flush(self, streams: Sequence[StreamId] | None, *, timeout_seconds: float) -> FlushResult:
        """Deliver what is buffered now (None: of every stream); return when it is in S3 or the time is over."""
        self._tell()
        chosen = None if streams is None else tuple(streams)
        try:
            async with asyncio.timeout(timeout_seconds + _SPARE_ANSWER_SECONDS):
                answer = await self._supervisor.request(lambda number: Flush(number, chosen, timeout_seconds))
        except TimeoutError:
            waiting = self._streams if chosen is None else chosen
            return FlushResult(0, 0, tuple(DeliveryFailure(stream, 0, _NO_ANSWER) for stream in sorted(waiting)))
        if not isinstance(answer, Flushed):
            raise TypeError(f"a flush was answered by {type(answer).__name__}")
        return answer.result

    async def counters(self) -> Sequence[DeliveryCounters]:
        """Return the counters of every stream that was configured."""
        self._tell()
        found: dict[StreamId, DeliveryCounters] = {}
        try:
            async with asyncio.timeout(_SPARE_ANSWER_SECONDS):
                answer = await self._supervisor.request(AskCounters)
        except TimeoutError:
            silent = LastError(self._clock.now(), "InternalError", _NO_ANSWER)
            found = {stream: DeliveryCounters(stream, last_error=silent) for stream in self._streams}
        else:
            if not isinstance(answer, Counters):
                raise TypeError(f"a question for counters was answered by {type(answer).__name__}")
            found = {counters.stream: counters for counters in answer.counters}
        return [
            self._with_source_error(self._with_accepted(found.get(stream) or DeliveryCounters(stream), known))
            for stream, known in self._streams.items()
        ]

    async def set_clock(self, setting: ClockSetting) -> None:
        """Put the clock setting in force in delivery too; buffers that are due by it are delivered."""
        self._clock.apply(setting)
        self._supervisor.send(SetClock(setting))

    async def set_faults(self, document: object) -> object:
        """Inject these faults from now on, in place of earlier ones; return them as understood (JSON types).

        Raises:
            AdminRequestError: not a fault script; the message names the place.
        """
        script = read_faults(document)
        self._script, self._script_since_ms = script, self._clock.now_ms()
        self.data_plane.set_faults(script, since_ms=self._script_since_ms)
        self._supervisor.send(SetFaults(script.document, self._script_since_ms))
        return script.document

    async def faults(self) -> object:
        """Return the faults in force (JSON types)."""
        return self._script.document

    def _open(self, view: StreamView) -> PutStream:
        def committed(end: CommittedEnd) -> None:
            if not self._untold:
                asyncio.get_running_loop().call_later(TELL_SECONDS, self._tell)
            self._untold[view.stream] = end

        journal = Journal(stream_folder(self._journals, view), executor=self._executor, on_commit=committed)
        return PutStream(view, journal)

    def _read_source(self, view: StreamView) -> None:
        """Begin to read the Kinesis stream that feeds this one, if there is one and both are ready."""
        arn, known = view.config.kinesis_stream_arn, self._streams.get(view.stream)
        if arn is None or known is None or view.status != "ACTIVE" or view.stream in self._sources:
            return

        async def append(records: Sequence[bytes], arrived_ms: int) -> None:
            await known.journal.append(records, arrived_ms=arrived_ms or self._clock.now_ms())
            self._metrics.add(view.stream, "DataReadFromKinesisStream.Records", len(records))
            self._metrics.add(view.stream, "DataReadFromKinesisStream.Bytes", sum(map(len, records)), "Bytes")

        folder = stream_folder(self._journals, view)
        source = KinesisSource(
            client=self._clients("kinesis", arn.split(":")[3]),
            stream_arn=arn,
            append=append,
            positions=folder / "kinesis.json",
            since=started_at(folder / "kinesis-since", self._clock.now()),
            measure=lambda name, value, unit: self._metrics.add(view.stream, name, value, unit),
            on_error=lambda code, message: self._source_errors.update(
                {view.stream: LastError(self._clock.now(), code, message)}
            ),
        )
        self._sources[view.stream] = asyncio.create_task(source.run())

    async def _leave_source(self, stream: StreamId) -> None:
        self._source_errors.pop(stream, None)
        task = self._sources.pop(stream, None)
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    def _tell(self) -> None:
        untold, self._untold = self._untold, {}
        for stream, end in untold.items():
            self._supervisor.send(Committed(stream, end))

    def _everything(self) -> Iterator[ToDelivery]:
        yield SetClock(self._clock.setting)
        yield SetFaults(self._script.document, self._script_since_ms)
        for stream, known in self._streams.items():
            yield Configure(known.view)
            yield Committed(stream, known.journal.end)

    def _release(self, released: Released) -> None:
        known = self._streams.get(released.stream)
        if known is not None and known.view.incarnation == released.incarnation:
            self._executor.submit(known.journal.release, released.sequence)

    def _with_source_error(self, counters: DeliveryCounters) -> DeliveryCounters:
        errors = [error for error in (counters.last_error, self._source_errors.get(counters.stream)) if error]
        return replace(counters, last_error=max(errors, key=lambda error: error.at, default=None))

    @staticmethod
    def _with_accepted(counters: DeliveryCounters, known: PutStream) -> DeliveryCounters:
        """Count what was accepted since delivery last counted as buffered."""
        accepted = known.journal.next_sequence
        return replace(
            counters,
            accepted_records=accepted,
            buffered_records=counters.buffered_records + max(accepted - counters.accepted_records, 0),
        )
