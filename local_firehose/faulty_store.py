"""An object store that fails when the fault script in force says so.

Talks to: whatever writes objects, through what it is given.
"""

from collections.abc import Callable

from firehose_spec.quotas import MAX_ACTIVE_PARTITIONS
from local_firehose.clock import Clock
from local_firehose.fault_injection import FaultInjection
from local_firehose.faults import FaultScript
from local_firehose.object_store import ObjectStoreError, ObjectToPut


class FaultyStore:
    """Puts objects, unless the fault script in force says otherwise."""

    def __init__(self, put: Callable[[ObjectToPut], None], *, clock: Clock) -> None:
        self._put = put
        self._clock = clock
        self._injection: FaultInjection | None = None
        self._max_partitions = MAX_ACTIVE_PARTITIONS

    def set_faults(self, script: FaultScript, since_ms: int) -> None:
        """Let things go wrong as the script says, from now on."""
        self._injection = FaultInjection(script, clock=self._clock, since_ms=since_ms) if script.s3 else None
        limit = script.active_partitions
        self._max_partitions = MAX_ACTIVE_PARTITIONS if limit is None else limit

    def max_partitions(self) -> int:
        """Return how many partitions of one stream may hold records: the published limit, or the script's."""
        return self._max_partitions

    def put(self, target: ObjectToPut) -> None:
        """Write one object.

        Raises:
            ObjectStoreError: it is not known to be written.
        """
        code = self._injection.on_object(stream=target.stream_name) if self._injection is not None else None
        if code is not None:
            raise ObjectStoreError(code, "injected by the fault script")
        self._put(target)
