"""When the next call may go out under records/s, bytes/s and calls/s limits.

Pure: `reserve` takes the time and returns a wait.
"""

from dataclasses import dataclass

from firehose_spec.quotas import direct_put_quota


@dataclass(frozen=True, slots=True)
class RateLimit:
    """Upper bounds per second; None is no bound."""

    records_per_second: float | None = None
    bytes_per_second: float | None = None
    calls_per_second: float | None = None

    @classmethod
    def of_region(cls, region: str) -> "RateLimit":
        """Return the Direct PUT quota that AWS publishes for one stream in `region`."""
        quota = direct_put_quota(region)
        return cls(quota.records, quota.bytes, quota.requests)


class RateLimiter:
    """Paces calls: each one pushes back the next by what it used of the tightest limit, so that no second exceeds it."""

    def __init__(self, limit: RateLimit) -> None:
        self._rates = (limit.records_per_second, limit.bytes_per_second, limit.calls_per_second)
        self._free_at = float("-inf")

    def reserve(self, records: int, size_bytes: int, now: float) -> float:
        """Book one call and return the seconds to wait before sending it; `now` is monotonic seconds."""
        used = (
            max(
                amount / rate
                for rate, amount in zip(self._rates, (records, size_bytes, 1), strict=True)
                if rate is not None
            )
            if self._rates != (None, None, None)
            else 0.0
        )
        start = max(self._free_at, now)
        self._free_at = start + used
        return start - now
