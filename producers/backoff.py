"""How long to wait before a retry: exponential, capped, with full jitter.

Pure: the random fraction is an argument. Source: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """`first_seconds` is the longest wait before the first retry; each retry doubles it, up to `cap_seconds`."""

    first_seconds: float = 0.1
    cap_seconds: float = 5.0

    def ceiling_seconds(self, attempts: int) -> float:
        """Return the longest wait after `attempts` failed attempts (1, 2, …).

        >>> [Backoff(0.1, 1.0).ceiling_seconds(attempts) for attempts in (1, 2, 5)]
        [0.1, 0.2, 1.0]
        """
        doublings = min(attempts - 1, 60)  # beyond, the float would overflow before the cap is applied
        return min(self.cap_seconds, self.first_seconds * 2.0**doublings)

    def delay_seconds(self, attempts: int, fraction: float) -> float:
        """Return the wait after `attempts` failed attempts; `fraction` is uniform in [0, 1): full jitter."""
        return self.ceiling_seconds(attempts) * fraction
