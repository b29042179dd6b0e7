"""What `validators` raises on purpose; everything here ends in exit code 2.

ValidatorError
├── InputFileError       an outputs file, manifest or report cannot be read or does not follow its schema
├── UsageError           the arguments do not say which bucket or stream to verify
├── UnreachableError     an endpoint does not answer, refuses the caller, or lacks what was named
├── TimePatternError     (time_patterns) a prefix's timestamp pattern is one that Firehose refuses
└── QueryError           the SQL is not a single read-only statement, or the engine refuses it

Pure.
"""


class ValidatorError(Exception):
    """Base of everything that `validators` raises on purpose."""


class InputFileError(ValidatorError):
    """A file that cannot be read or does not follow its schema; `path` names it."""

    def __init__(self, path: str, reason: str, advice: str) -> None:
        self.path = path
        super().__init__(f"{path}: {reason}; {advice}")


class UsageError(ValidatorError):
    """Arguments that do not name what to verify."""


class UnreachableError(ValidatorError):
    """A service or resource that was needed and is not there; `what` names it."""

    def __init__(self, what: str, reason: str, advice: str) -> None:
        self.what = what
        super().__init__(f"{what}: {reason}; {advice}")


class QueryError(ValidatorError):
    """SQL that is not answered."""
