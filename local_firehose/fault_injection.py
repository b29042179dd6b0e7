"""Carry a fault script out: decide for each call, and for each object, what goes wrong with it.

Pure: the clock and the seed are given. Counts and times begin when the script is set.
"""

import random
import threading
from collections.abc import Iterable
from dataclasses import dataclass

from local_firehose.clock import Clock
from local_firehose.faults import CallError, EntryError, FaultScript, S3Rule, Scope


@dataclass(frozen=True, slots=True)
class PutFault:
    """What goes wrong with one call: entries by place, or all of it; how long the answer takes."""

    entries: dict[int, EntryError]
    call: CallError | None
    is_stored: bool
    delay_seconds: float


class FaultInjection:
    """One script in force; safe to use from several threads."""

    def __init__(self, script: FaultScript, *, clock: Clock, since_ms: int) -> None:
        self._script = script
        self._clock = clock
        self._since_ms = since_ms
        self._random = random.Random(script.seed)
        self._used: dict[int, int] = {}
        self._lock = threading.Lock()

    def on_put(self, *, operation: str, stream: str, count: int) -> PutFault | None:
        """Return what goes wrong with this call of `count` entries; None: nothing."""
        entries: dict[int, EntryError] = {}
        call: CallError | None = None
        is_stored, delay_seconds = False, 0.0
        applies = False
        with self._lock:
            for rule in self._script.puts:
                if rule.operation not in {None, operation} or not self._applies(id(rule), rule.scope, stream):
                    continue
                applies = True
                chosen: Iterable[int] = (place for place in rule.fail_entries if place < count)
                if rule.fail_share:
                    chosen = {*chosen, *(at for at in range(count) if self._random.random() < rule.fail_share)}
                entries.update(dict.fromkeys(chosen, rule.error))
                if rule.fail_call is not None:
                    call, is_stored = rule.fail_call, rule.is_stored
                delay_seconds += rule.delay_seconds
        return PutFault(entries, call, is_stored, delay_seconds) if applies else None

    def on_object(self, *, stream: str) -> str | None:
        """Return the error code that the PUT of an object of this stream ends with; None: it goes through."""
        with self._lock:
            return next((rule.code for rule in self._script.s3 if self._hits(rule, stream)), None)

    def _hits(self, rule: S3Rule, stream: str) -> bool:
        return self._applies(id(rule), rule.scope, stream) and self._random.random() < rule.share

    def _applies(self, rule: int, scope: Scope, stream: str) -> bool:
        if scope.stream not in {None, stream}:
            return False
        if scope.for_seconds is not None and self._clock.now_ms() - self._since_ms > scope.for_seconds * 1000:
            return False
        if scope.times is not None:
            used = self._used.get(rule, 0)
            if used >= scope.times:
                return False
            self._used[rule] = used + 1
        return True
