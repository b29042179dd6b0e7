"""The delivery process: takes orders from the accepting process, delivers every stream in a thread of its own.

Talks to: the accepting process over a socket, S3 and Glue at the endpoints of AWS's environment. When the socket ends, the accepting
process has died: this one ends at once, which is as safe as any crash.
"""

import argparse
import contextlib
import gc
import logging
import os
import shutil
import signal
import socket
import sqlite3
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, assert_never
from uuid import uuid4

import boto3
from botocore.config import Config

from local_firehose.aws_clients import client_factory
from local_firehose.clock import Clock
from local_firehose.delivery import StreamDelivery
from local_firehose.delivery_factory import SetupFactory
from local_firehose.delivery_flush import FlushOfStreams
from local_firehose.delivery_log import DeliveryLog
from local_firehose.delivery_messages import (
    AskCounters,
    Committed,
    Configure,
    Counters,
    Flush,
    Flushed,
    FromDelivery,
    Ready,
    Released,
    Remove,
    Removed,
    SetClock,
    SetFaults,
    Stop,
    ToDelivery,
    encode_message,
    to_delivery,
)
from local_firehose.delivery_run import RunStore
from local_firehose.delivery_stages import Stages
from local_firehose.delivery_tools import DeliveryTools
from local_firehose.engine_port import LastError, StreamView
from local_firehose.faults import FaultScript, read_faults
from local_firehose.faulty_store import FaultyStore
from local_firehose.jq import JqPool
from local_firehose.metrics import Marks, MetricBook, MetricPublisher
from local_firehose.object_key import new_random_string
from local_firehose.object_store import S3ObjectStore
from local_firehose.schema_catalog import SchemaCatalog
from local_firehose.stalled_delivery import StalledDelivery
from local_firehose.stream_config import StreamId
from local_firehose.stream_folder import stream_folder
from local_firehose.upload_pool import UploadPool

_log = logging.getLogger(__name__)

RUN_BUDGET_BYTES = 256 * 1024 * 1024
UPLOAD_THREADS = 16
LAMBDA_SECONDS = 300  # documented: the longest invocation that Firehose waits for
UPLOAD_BUDGET_BYTES = 160 * 1024 * 1024
_GARBAGE_OBJECTS = 200_000


class DeliveryProcess:
    """All streams of this process; `send` passes a message to the accepting process."""

    def __init__(
        self,
        *,
        journals: Path,
        tools: DeliveryTools,
        set_faults: Callable[[FaultScript, int], None],
        send: Callable[[FromDelivery], None],
    ) -> None:
        self._journals = journals
        self._tools = tools
        self._set_faults = set_faults
        self._send = send
        self._streams: dict[StreamId, StreamDelivery | StalledDelivery] = {}

    def published(self, marks: Marks) -> None:
        """Tell the streams how far their records are counted for good; may be called from any thread."""
        for stream_delivery in list(self._streams.values()):
            stream_delivery.published(marks)

    def handle(self, message: ToDelivery) -> bool:
        """Carry out one message; return False when the process is to end."""
        match message:
            case Configure(view):
                self._configure(view)
            case Remove(request, stream):
                removed = self._streams.pop(stream, None)
                if removed is not None:
                    removed.stop()
                self._send(Removed(request))
            case Committed(stream, end):
                if stream in self._streams:
                    self._streams[stream].committed(end)
            case Flush(request, streams, timeout_seconds):
                chosen = (
                    self._streams if streams is None else {s: self._streams[s] for s in streams if s in self._streams}
                )
                FlushOfStreams(dict(chosen), lambda result: self._send(Flushed(request, result))).start(timeout_seconds)
            case AskCounters(request):
                self._send(Counters(request, tuple(stream.counters() for stream in self._streams.values())))
            case SetClock(setting):
                self._tools.clock.apply(setting)
                for stream_delivery in self._streams.values():
                    stream_delivery.wake()
            case SetFaults(document, since_ms):
                self._set_faults(read_faults(document), since_ms)
            case Stop():
                for stream_delivery in self._streams.values():
                    stream_delivery.stop()
                return False
            case _:
                assert_never(message)
        return True

    def _configure(self, view: StreamView) -> None:
        known = self._streams.get(view.stream)
        if isinstance(known, StreamDelivery):
            known.configure(view)
            return
        folder = stream_folder(self._journals, view)
        try:
            delivery = StreamDelivery(
                view,
                folder=folder,
                tools=self._tools,
                on_released=lambda owner, sequence: self._send(Released(owner.stream, owner.incarnation, sequence)),
            )
        except (OSError, sqlite3.Error) as error:
            message = f"{folder} cannot be used ({error}); put it back as it was, or delete the stream"
            _log.error("stream is not delivered  stream=%s error=%s", view.stream.name, message)
            self._streams[view.stream] = StalledDelivery(
                view, LastError(self._tools.clock.now(), "Journal.Unusable", message)
            )
            return
        self._streams[view.stream] = delivery
        delivery.start()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until told to stop, or until the accepting process is gone."""
    parser = argparse.ArgumentParser(prog="python -m local_firehose.delivery_process", description=__doc__)
    parser.add_argument("--channel", type=int, required=True, help="descriptor of the socket to the accepting process")
    parser.add_argument("--state-dir", type=Path, required=True)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("botocore").setLevel(logging.WARNING)
    for number in (
        signal.SIGINT,
        signal.SIGTERM,
    ):  # they reach the whole group: the accepting process ends this one in order
        signal.signal(number, signal.SIG_IGN)
    channel = socket.socket(fileno=options.channel)
    sending = threading.Lock()

    def send(message: FromDelivery) -> None:
        with sending, contextlib.suppress(OSError):  # the reader below sees the end of the socket too
            channel.sendall(encode_message(message))

    try:
        scratch = Path(tempfile.mkdtemp(prefix="runs-", dir=_scratch_parent(options.state_dir)))
    except OSError as error:
        print(f"local_firehose: --state-dir {options.state_dir} cannot be written ({error})", file=sys.stderr)
        return 2
    clock = Clock()
    store = S3ObjectStore(boto3.session.Session())
    clients = client_factory()
    metrics = MetricBook()
    stages = Stages(jq=JqPool(), lambda_client=_lambda_clients(), metrics=metrics)
    factory = SetupFactory(
        catalog=SchemaCatalog(lambda region: clients("glue", region), now_ms=Clock().now_ms),
        extractor_for=stages.extractor_for,
        process_for=stages.process_for,
        random_string=new_random_string,
        new_uuid=uuid4,
        metrics=metrics,
    )
    faulty = FaultyStore(store.put, clock=clock)
    log = DeliveryLog(client=lambda region: clients("logs", region), clock=clock)
    tools = DeliveryTools(
        clock=clock,
        runs=RunStore(scratch, budget_bytes=RUN_BUDGET_BYTES),
        uploads=UploadPool(
            writers=UPLOAD_THREADS, encoders=max(os.cpu_count() or 1, 2), budget_bytes=UPLOAD_BUDGET_BYTES
        ),
        prepare=factory.prepare,
        put=faulty.put,
        report=lambda view, code, message: log.report(view.config, code, message),
        metrics=metrics,
        max_partitions=faulty.max_partitions,
    )
    process = DeliveryProcess(
        journals=options.state_dir / "journal", tools=tools, set_faults=faulty.set_faults, send=send
    )
    publisher = MetricPublisher(
        metrics, client=lambda region: clients("cloudwatch", region), clock=clock, on_published=process.published
    )
    publisher.start()
    log.start()
    gc.freeze()  # what is loaded stays; buffers hold hundreds of thousands of objects and hardly a cycle
    gc.set_threshold(_GARBAGE_OBJECTS, 20, 100)
    send(Ready())
    with channel.makefile("rb") as lines:
        for line in lines:
            if not process.handle(to_delivery(line)):
                tools.uploads.close()
                stages.close()
                log.stop()
                publisher.stop()
                shutil.rmtree(scratch, ignore_errors=True)
                return 0
    _log.warning("the accepting process is gone; ending")
    logging.shutdown()
    os._exit(0)  # threads may be in the middle of anything; the ledger makes that safe


def _lambda_clients() -> Callable[[str], Any]:
    """Return a function from Region to a Lambda client that waits as long as Firehose does, and never retries by itself."""
    config = Config(read_timeout=LAMBDA_SECONDS, connect_timeout=5, retries={"total_max_attempts": 1})
    session = boto3.session.Session()
    lock = threading.Lock()

    def make(region: str) -> Any:
        with lock:
            return session.client("lambda", region_name=region, config=config)

    return make


def _scratch_parent(state_dir: Path) -> Path:
    """Return the folder for spilled rows, cleared of what an earlier process left."""
    parent = state_dir / "scratch"
    shutil.rmtree(parent, ignore_errors=True)
    parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return parent


if __name__ == "__main__":
    code = main()
    logging.shutdown()
    sys.stderr.flush()
    os._exit(code)  # everything is closed; libraries would complain to the user about what an ending interpreter leaves
