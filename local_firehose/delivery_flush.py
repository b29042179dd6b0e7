"""One flush over several streams.

Talks to: the streams it is given; a timer ends its patience.
"""

import threading
from collections.abc import Callable, Mapping

from local_firehose.delivery import StreamDelivery
from local_firehose.engine_port import DeliveryFailure, FlushResult
from local_firehose.stalled_delivery import StalledDelivery
from local_firehose.stream_config import StreamId


class FlushOfStreams:
    """One flush over several streams: answers when all are done, or when the time is over."""

    def __init__(
        self, streams: Mapping[StreamId, StreamDelivery | StalledDelivery], answer: Callable[[FlushResult], None]
    ) -> None:
        self._streams = streams
        self._answer = answer
        self._waiting = set(streams)
        self._objects = 0
        self._records = 0
        self._lock = threading.Lock()
        self._is_answered = False

    def start(self, timeout_seconds: float) -> None:
        if not self._streams:
            self._answer(FlushResult(0, 0))
            return
        timer = threading.Timer(timeout_seconds, self._give_up)
        timer.daemon = True
        timer.start()
        self._timer = timer
        for identity, stream in self._streams.items():
            stream.flush(self._done_for(identity))

    def _done_for(self, identity: StreamId) -> Callable[[int, int], None]:
        def done(objects: int, records: int) -> None:
            with self._lock:
                self._waiting.discard(identity)
                self._objects += objects
                self._records += records
                if self._waiting or self._is_answered:
                    return
                self._is_answered = True
            self._timer.cancel()
            self._answer(FlushResult(self._objects, self._records))

        return done

    def _give_up(self) -> None:
        with self._lock:
            if self._is_answered:
                return
            self._is_answered = True
            waiting = sorted(self._waiting)
        failed = []
        for identity in waiting:
            counters = self._streams[identity].counters()
            error = counters.last_error
            reason = f"{error.code}: {error.message}" if error else "not delivered in time"
            failed.append(DeliveryFailure(identity, counters.buffered_records, reason))
        self._answer(FlushResult(self._objects, self._records, tuple(failed)))
