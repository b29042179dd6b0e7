"""`python -m producers replay`.

Talks to: the sender, the dead-letter file, standard error.
"""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from producers.replay import ReplaySource, keep_the_rest, locked, replay_targets
from producers.run_id import fresh_run_id
from producers.sending import send


def run(given: argparse.Namespace) -> int:
    """Send the records of a dead-letter file again; what is not accepted stays in it."""
    path: Path = given.file
    with locked(path):
        given_up_again = path.with_name(f".{path.name}.again")
        given_up_again.unlink(missing_ok=True)
        handed_over, exit_code = {}, 0
        for stream, region in replay_targets(path):
            target = argparse.Namespace(**vars(given))
            target.region, target.dead_letter = given.region or region, given_up_again
            source = ReplaySource(path, stream=stream, region=region)
            run_id = given.run_id or fresh_run_id(datetime.now(UTC))
            exit_code = max(exit_code, send(source, target, run_id=run_id, stream=given.stream or stream))
            handed_over[stream, region] = source.handed_over_count
            if exit_code >= 128:  # stopped by a signal
                break
        if given.dry_run:
            return exit_code
        remaining = keep_the_rest(path, given_up_again, handed_over)
    if remaining:
        print(f"{path}: {remaining:,} records remain", file=sys.stderr)
        return exit_code or 1
    print(f"{path}: all accepted, the file is removed", file=sys.stderr)
    return exit_code
