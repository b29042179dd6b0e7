"""Firehose's CloudWatch metrics, gathered as statistic sets and published once a minute.

Talks to: CloudWatch through clients it is given. Namespace, names and units are AWS's; the dimension is DeliveryStreamName, and a metric of
a whole Region (a stream without a name) has none.
Source: https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-metrics.html
"""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from botocore.exceptions import BotoCoreError, ClientError

from local_firehose.clock import Clock
from local_firehose.stream_config import StreamId

_log = logging.getLogger(__name__)

NAMESPACE = "AWS/Firehose"
PERIOD_SECONDS = 60.0
_MAX_METRICS_A_CALL = 500  # documented: PutMetricData takes 1,000 metrics or 1 MB

Unit = Literal["Count", "Bytes", "Milliseconds", "Seconds", "Bytes/Second", "Count/Second"]


@dataclass(slots=True)
class Statistics:
    """A statistic set: what CloudWatch needs to know of many values."""

    count: int
    total: float
    low: float
    high: float

    def take(self, value: float) -> None:
        """Count one more value."""
        self.count += 1
        self.total += value
        self.low = min(self.low, value)
        self.high = max(self.high, value)


Key = tuple[StreamId, str, Unit]
Value = tuple[str, float, Unit]


@dataclass(frozen=True, slots=True)
class MarkOwner:
    """Whose records a mark counts: a stream, told from an earlier one of the same name."""

    stream: StreamId
    incarnation: str


Marks = Mapping[MarkOwner, int]


class MetricBook:
    """Values since the last publication; safe to use from several threads."""

    def __init__(self) -> None:
        self._values: dict[Key, Statistics] = {}
        self._marks: dict[MarkOwner, int] = {}
        self._lock = threading.Lock()

    def add(self, stream: StreamId, name: str, value: float, unit: Unit = "Count") -> None:
        """Count one value of a metric."""
        with self._lock:
            self._add(stream, name, value, unit)

    def add_up_to(self, owner: MarkOwner, sequence: int, values: Iterable[Value]) -> None:
        """Count what became of the records before `sequence`, all at once: a drain has all of it and the mark, or nothing."""
        with self._lock:
            for name, value, unit in values:
                self._add(owner.stream, name, value, unit)
            self._marks[owner] = sequence

    def drain(self) -> dict[Key, Statistics]:
        """Return what was counted, and start anew."""
        return self.drain_with_marks()[0]

    def drain_with_marks(self) -> tuple[dict[Key, Statistics], Marks]:
        """Return what was counted and how far the records of streams are counted by it, and start anew."""
        with self._lock:
            values, self._values = self._values, {}
            marks, self._marks = self._marks, {}
            return values, marks

    def _add(self, stream: StreamId, name: str, value: float, unit: Unit) -> None:
        known = self._values.get((stream, name, unit))
        if known is None:
            self._values[stream, name, unit] = Statistics(1, value, value, value)
        else:
            known.take(value)


class MetricPublisher:
    """Publishes a book in a thread of its own, each minute of the clock and once at the end.

    `on_published` hears how far the records of streams are counted for good.
    """

    def __init__(
        self,
        book: MetricBook,
        *,
        client: Callable[[str], Any],
        clock: Clock,
        on_published: Callable[[Marks], None] = lambda _marks: None,
    ) -> None:
        self._book = book
        self._client = client
        self._clock = clock
        self._on_published = on_published
        self._stopping = threading.Event()
        self._is_failing = False
        self._thread = threading.Thread(target=self._run, name="metrics", daemon=True)

    def start(self) -> None:
        """Begin to publish."""
        self._thread.start()

    def stop(self, *, timeout_seconds: float = 5) -> None:
        """Publish what is left and end."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout_seconds)

    def _run(self) -> None:
        while not self._stopping.wait(min(max(self._clock.real_seconds(PERIOD_SECONDS), 1.0), PERIOD_SECONDS)):
            self.publish()
        self.publish()

    def publish(self) -> None:
        """Send what was counted; what CloudWatch does not take is lost, as metrics may be."""
        values, marks = self._book.drain_with_marks()
        for region in sorted({stream.region for stream, _, _ in values}):
            try:
                for data in _calls(values, region, self._clock.now()):
                    self._client(region).put_metric_data(Namespace=NAMESPACE, MetricData=data)
            except (BotoCoreError, ClientError) as error:
                if not self._is_failing:
                    _log.warning("metrics are not published  region=%s error=%s", region, error)
                self._is_failing = True
            else:
                self._is_failing = False
        if marks:
            self._on_published(marks)


def _calls(values: dict[Key, Statistics], region: str, now: datetime) -> Iterator[list[dict[str, Any]]]:
    data = [
        {
            "MetricName": name,
            "Dimensions": [{"Name": "DeliveryStreamName", "Value": stream.name}] if stream.name else [],
            "Timestamp": now,
            "Unit": unit,
            "StatisticValues": {
                "SampleCount": statistics.count,
                "Sum": statistics.total,
                "Minimum": statistics.low,
                "Maximum": statistics.high,
            },
        }
        for (stream, name, unit), statistics in values.items()
        if stream.region == region
    ]
    for start in range(0, len(data), _MAX_METRICS_A_CALL):
        yield data[start : start + _MAX_METRICS_A_CALL]
