"""The throughput quota of one Direct PUT stream: how much of a call fits into it.

Pure: times are given in epoch milliseconds. One second's worth may come at once. Off unless switched on.
Source: https://docs.aws.amazon.com/firehose/latest/dev/limits.html
"""

from collections.abc import Sequence

from firehose_spec.quotas import direct_put_quota
from local_firehose.faults import Quotas


class Throttle:
    """Three allowances that refill together: records, requests and bytes per second."""

    def __init__(self, quotas: Quotas, *, region: str) -> None:
        published = direct_put_quota(region)
        self._records_per_second = published.records if quotas.records is None else quotas.records
        self._requests_per_second = published.requests if quotas.requests is None else quotas.requests
        self._bytes_per_second = published.bytes if quotas.bytes is None else quotas.bytes
        self._records = float(self._records_per_second)
        self._requests = float(self._requests_per_second)
        self._bytes = float(self._bytes_per_second)
        self._filled_ms: int | None = None

    def admit(self, sizes: Sequence[int], *, now_ms: int) -> int:
        """Take a call of records of these sizes; return how many of its first records fit.

        decided: the first records of a call are those that fit; a call beyond the request quota has none that do.
        """
        self._refill(now_ms)
        if self._requests < 1:
            return 0
        self._requests -= 1
        taken = 0
        for size in sizes:
            if self._records < 1 or self._bytes < size:
                break
            self._records -= 1
            self._bytes -= size
            taken += 1
        return taken

    def _refill(self, now_ms: int) -> None:
        seconds = 0.0 if self._filled_ms is None else max(now_ms - self._filled_ms, 0) / 1000
        self._filled_ms = now_ms
        self._records = min(self._records + seconds * self._records_per_second, self._records_per_second)
        self._requests = min(self._requests + seconds * self._requests_per_second, self._requests_per_second)
        self._bytes = min(self._bytes + seconds * self._bytes_per_second, self._bytes_per_second)
