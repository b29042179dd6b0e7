"""`python -m producers sample-log`.

Talks to: standard output, or the file that is asked for.
"""

import argparse
import sys
from datetime import UTC, datetime

from producers.errors import ConfigError
from producers.sample_log import sample_lines


def run(given: argparse.Namespace) -> int:
    """Write an access log."""
    start = given.start or datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    lines = sample_lines(given.lines, seed=given.seed, start=start)
    if str(given.out) == "-":
        sys.stdout.buffer.writelines(lines)
        return 0
    try:
        given.out.parent.mkdir(parents=True, exist_ok=True)
        with given.out.open("wb") as file:
            file.writelines(lines)
    except OSError as error:
        raise ConfigError(f"--out {given.out}: {error.strerror or error}") from error
    print(f"{given.out}: {given.lines:,} lines", file=sys.stderr)
    return 0
