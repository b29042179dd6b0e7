"""What the control plane counts for CloudWatch: calls and their time, and keys that KMS refuses.

Pure: values go into a `MetricBook`. Source: https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-metrics.html
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from local_firehose.errors import ResourceNotFoundError, WireError
from local_firehose.metrics import MetricBook
from local_firehose.stream_config import StreamId

_NAMES = {
    "DescribeDeliveryStream": "DescribeDeliveryStream",
    "ListDeliveryStreams": "ListDeliveryStreams",
    "UpdateDestination": "UpdateDeliveryStream",  # documented under this name
}
_BY_KMS_CODE = {
    "KMS.AccessDeniedException": "KMSKeyAccessDenied",
    "KMS.DisabledException": "KMSKeyDisabled",
    "KMS.InvalidStateException": "KMSKeyInvalidState",
    "KMS.NotFoundException": "KMSKeyNotFound",
}


class ControlPlaneMetrics:
    """Counts calls in a book; `monotonic` tells seconds."""

    def __init__(self, book: MetricBook, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._book = book
        self._monotonic = monotonic

    @contextmanager
    def measured(self, operation: str, stream: StreamId) -> Iterator[None]:
        """Count the call that the block carries out, refused or not; of a stream that is not there nothing is counted."""
        began = self._monotonic()
        try:
            yield
        except ResourceNotFoundError:
            raise
        except WireError as error:
            self._count(operation, stream, began)
            if error.code in _BY_KMS_CODE:
                # decided: docs/fidelity/delivery.md#key-metrics, KMS is asked when encryption begins, not at each put
                self._book.add(stream, _BY_KMS_CODE[error.code], 1)
            raise
        else:
            self._count(operation, stream, began)

    def _count(self, operation: str, stream: StreamId, began: float) -> None:
        name = _NAMES.get(operation)
        if name is not None:
            self._book.add(stream, f"{name}.Latency", (self._monotonic() - began) * 1000, "Milliseconds")
            self._book.add(stream, f"{name}.Requests", 1)
