"""Why a jq program cannot be used.

Pure.
"""

from local_firehose.errors import LocalFirehoseError


class JqCompileError(LocalFirehoseError):
    """`query` is not a program of jq 1.6 that Firehose could run; the message is jq's own where jq has one."""

    def __init__(self, query: str, reason: str) -> None:
        self.query, self.reason = query, reason
        super().__init__(reason)
