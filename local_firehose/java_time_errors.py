"""Why Java refuses a time pattern.

Pure.
"""


class PatternError(ValueError):
    """A pattern that Java refuses; `reason` says why."""

    def __init__(self, pattern: str, reason: str) -> None:
        self.pattern, self.reason = pattern, reason
        super().__init__(f"time pattern {pattern!r}: {reason}")


def require_count(letter: str, count: int, allowed: tuple[int, ...]) -> None:
    """Raise PatternError unless the letter may be repeated that often."""
    if count not in allowed:
        raise PatternError(
            letter * count,
            f"{letter!r} is repeated {count} times; {', '.join(map(str, allowed))} are taken",
        )
