"""What the values of arguments may be. Each type's message says what was given and what is allowed.

Pure.
"""

import argparse
import math
from collections.abc import Callable
from datetime import UTC, datetime

from firehose_spec.stream_name import STREAM_NAME, is_stream_name
from producers.run_id import ALLOWED, is_run_id


def run_id(text: str) -> str:
    """Take a name for the run."""
    if not is_run_id(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not {ALLOWED}")
    return text


def stream(text: str) -> str:
    """Take the name of a delivery stream."""
    if not is_stream_name(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no stream name: {STREAM_NAME}; not its ARN")
    return text


def count(text: str) -> int:
    """Take how many, grouped as people write it."""
    return int(_number(text.replace("_", "").replace(",", ""), text, int, "a whole number from 0 on", low=0))


def whole(text: str) -> int:
    """Take a whole number."""
    return int(_number(text, text, int, "a whole number"))


def at_least_one(text: str) -> int:
    """Take a number of connections."""
    return int(_number(text, text, int, "a whole number from 1 to 256", low=1, high=256))


def kib(text: str) -> int:
    """Take a size of aggregated records."""
    return int(
        _number(text, text, int, "a whole number of KiB from 1 to 1000, Firehose's largest record", low=1, high=1000)
    )


def share(text: str) -> float:
    """Take a share."""
    return _number(text, text, float, "a share from 0 to 1", low=0, high=1)


def seconds(text: str) -> float:
    """Take a time in seconds."""
    return _number(text, text, float, "a number of seconds from 0 on", low=0)


def rate(text: str) -> float:
    """Take a rate a second."""
    value = _number(text, text, float, "a rate above 0", low=0)
    if not value:
        raise argparse.ArgumentTypeError(f"{text} is not a rate above 0")
    return value


def _number(
    text: str, given: str, kind: Callable[[str], float], wanted: str, *, low: float = -math.inf, high: float = math.inf
) -> float:
    try:
        value = kind(text)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        raise argparse.ArgumentTypeError(f"{given} is not {wanted}")
    return value


def moment(text: str) -> datetime:
    """Take a time; UTC where it names no zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not ISO 8601, such as 2026-11-22T00:00:00Z") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
