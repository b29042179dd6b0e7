"""Prefix expressions ``!{namespace:value}``: read from a Prefix or an ErrorOutputPrefix.

Pure. Source: https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from local_firehose.errors import PrefixExpressionError

TIMESTAMP = "timestamp"
FIREHOSE = "firehose"
QUERY = "partitionKeyFromQuery"
LAMBDA = "partitionKeyFromLambda"
NAMESPACES = frozenset({TIMESTAMP, FIREHOSE, QUERY, LAMBDA})
PARTITION_NAMESPACES = frozenset({QUERY, LAMBDA})
RANDOM_STRING = "random-string"
ERROR_OUTPUT_TYPE = "error-output-type"

_EXPRESSION = re.compile(r"!\{([^{}:]*):([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Expression:
    """One ``!{namespace:value}``; the namespace may be unknown."""

    namespace: str
    value: str

    def __str__(self) -> str:
        return f"!{{{self.namespace}:{self.value}}}"


@lru_cache(maxsize=4096)
def parse_prefix(prefix: str) -> tuple[str | Expression, ...]:
    """Split a prefix into literal text and expressions, in order.

    >>> parse_prefix("a/!{timestamp:yyyy}/")
    ('a/', Expression(namespace='timestamp', value='yyyy'), '/')

    Raises:
        PrefixExpressionError: a ``!{`` that opens no complete expression; its `expression` is the whole prefix.
    """
    parts: list[str | Expression] = []
    at = 0
    for match in _EXPRESSION.finditer(prefix):
        parts += [prefix[at : match.start()], Expression(match[1], match[2])]
        at = match.end()
    parts.append(prefix[at:])
    if any(isinstance(part, str) and "!{" in part for part in parts):
        raise PrefixExpressionError(prefix, "a '!{' opens no !{namespace:value}; close it or take it out")
    return tuple(part for part in parts if part != "")


def expressions_of(prefix: str) -> tuple[Expression, ...]:
    """Return the expressions of a prefix; empty where it cannot be read."""
    try:
        return tuple(part for part in parse_prefix(prefix) if isinstance(part, Expression))
    except PrefixExpressionError:
        return ()
