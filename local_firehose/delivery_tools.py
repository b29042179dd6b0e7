"""What the deliveries of all streams share, and the delays between attempts.

Pure: it only holds what it is given.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from firehose_spec.quotas import MAX_ACTIVE_PARTITIONS
from local_firehose.clock import Clock
from local_firehose.delivery_run import RunStore
from local_firehose.delivery_setup import Setup
from local_firehose.engine_port import StreamView
from local_firehose.metrics import MetricBook
from local_firehose.object_store import ObjectToPut
from local_firehose.stream_config import DeliveryConfig
from local_firehose.upload_pool import UploadPool

FIRST_RETRY_SECONDS, MAX_RETRY_SECONDS = 0.5, 30.0
SETTLE_SECONDS = 0.05  # objects that land are noted together: each note is a sync, and a look at all that is under way
IDLE_SECONDS = 3600.0  # nothing to do: whatever changes wakes the stream


@dataclass(frozen=True, slots=True)
class DeliveryTools:
    """Clock, scratch space, threads, and the ways out: `put` writes an object, `report` logs an error for the user."""

    clock: Clock
    runs: RunStore
    uploads: UploadPool
    prepare: Callable[[DeliveryConfig], Setup]
    put: Callable[[ObjectToPut], None]
    report: Callable[[StreamView, str, str], None] = lambda _view, _code, _message: None
    metrics: MetricBook = field(default_factory=MetricBook)
    max_partitions: Callable[[], int] = lambda: MAX_ACTIVE_PARTITIONS
    monotonic: Callable[[], float] = time.monotonic


def retry_seconds(attempts: int) -> float:
    """Return how long to wait after that many failed attempts: doubling, up to a cap."""
    return min(FIRST_RETRY_SECONDS * 2.0 ** min(attempts - 1, 16), MAX_RETRY_SECONDS)
