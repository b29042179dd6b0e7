"""Delivery errors as events in the stream's CloudWatch log stream.

Talks to: CloudWatch Logs through clients it is given, in a thread of its own. Group and stream must exist, as on AWS; what cannot be
logged is dropped. Source: https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-logs.html
"""

import json
import logging
import queue
import threading
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local_firehose.clock import Clock
from local_firehose.stream_config import DeliveryConfig

_log = logging.getLogger(__name__)

SAMPLE_MS = 1000  # documented: logs are sampled under high failure. decided: one event a code and second
_MAX_QUEUED = 1000
# documented: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html, an event and its overhead
MAX_EVENT_BYTES = 1_048_576 - 26
_CUT = "…"


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One event on its way to a log stream."""

    region: str
    group: str
    stream: str
    at_ms: int
    message: str


class DeliveryLog:
    """Writes error events of all streams; safe to use from several threads."""

    def __init__(self, *, client: Callable[[str], Any], clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._events: queue.Queue[LogEvent | None] = queue.Queue(_MAX_QUEUED)
        self._last_ms: dict[tuple[str, str], int] = {}
        self._lock = threading.Lock()
        self._is_failing = False
        self._thread = threading.Thread(target=self._run, name="delivery-log", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self, *, timeout_seconds: float = 5) -> None:
        """Write what is queued and end."""
        if self._thread.is_alive():
            self._events.put(None)
            self._thread.join(timeout_seconds)

    def report(self, config: DeliveryConfig, code: str, message: str) -> None:
        """Queue an error event, if the stream's destination logs."""
        destination = config.s3
        if destination.log_group is None or destination.log_stream is None:
            return
        now_ms = self._clock.now_ms()
        with self._lock:
            if now_ms - self._last_ms.get((config.stream.arn, code), -SAMPLE_MS) < SAMPLE_MS:
                return
            self._last_ms[config.stream.arn, code] = now_ms
        event = {
            "deliveryStreamARN": config.stream.arn,
            "destination": f"arn:aws:s3:::{destination.bucket}",
            "deliveryStreamVersionId": config.version,
            "message": message,
            "errorCode": code,
        }
        try:
            self._events.put_nowait(
                LogEvent(config.stream.region, destination.log_group, destination.log_stream, now_ms, _fitting(event))
            )
        except queue.Full:
            _log.warning(
                "error event dropped, CloudWatch Logs is too slow  stream=%s code=%s", config.stream.name, code
            )

    def _run(self) -> None:
        while (event := self._events.get()) is not None:
            try:
                self._client(event.region).put_log_events(
                    logGroupName=event.group,
                    logStreamName=event.stream,
                    logEvents=[{"timestamp": event.at_ms, "message": event.message}],
                )
            except (BotoCoreError, ClientError) as error:
                if not self._is_failing:
                    _log.warning(
                        "error event not written  group=%s stream=%s error=%s", event.group, event.stream, error
                    )
                self._is_failing = True
            else:
                self._is_failing = False


def _fitting(event: dict[str, Any]) -> str:
    """Return the event as JSON, its message cut where CloudWatch Logs would refuse the whole of it."""
    text, message = json.dumps(event), event["message"]  # ASCII: a character is a byte
    if len(text) <= MAX_EVENT_BYTES:
        return text
    room = MAX_EVENT_BYTES - len(json.dumps(event | {"message": _CUT}))
    kept = bisect_right(range(len(message)), room + 2, key=lambda end: len(json.dumps(message[:end]))) - 1
    return json.dumps(event | {"message": message[:kept] + _CUT})
