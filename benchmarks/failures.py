"""What a benchmark raises when it cannot measure.

BenchmarkError
├── ServerError         a server did not start, did not answer, or refused
└── WrongResultError    what was delivered is not what was sent
"""


class BenchmarkError(Exception):
    """A side could not be measured; the message says what was wanted, what happened, and what to look at."""


class ServerError(BenchmarkError):
    """A server did not start, did not answer, or refused."""


class WrongResultError(BenchmarkError):
    """What was delivered is not what was sent: a number measured on it would mean nothing."""
