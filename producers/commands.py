"""What each command of `python -m producers` does with its arguments.

Talks to: the sender, the sources and standard output.
"""

import argparse
import os
import secrets
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from firehose_spec.quotas import KIB, MAX_BATCH_RECORDS
from producers.apache_log import LineParser
from producers.bad_records import shares_to_counts
from producers.checkpoint import Checkpoint
from producers.config_file import LogConfig, read_config
from producers.errors import ConfigError
from producers.follow_source import FollowSource
from producers.log_files import find_log_files
from producers.log_source import LogSource
from producers.log_tailer import LogTailer, Start
from producers.replay import ReplaySource, keep_the_rest, locked, replay_targets
from producers.sample_log import sample_lines
from producers.sending import fill_from_config, region_of, send
from producers.store_inventory import StorePlan
from producers.store_source import StoreSource


def store_inventory(given: argparse.Namespace) -> int:
    """Send generated StoreApp events."""
    run_id = given.run_id or _fresh_run_id()
    full_hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    plan = StorePlan(
        run_id=run_id,
        seed=given.seed,
        start=given.start or full_hour - timedelta(hours=given.hours),
        events=given.records,
        stores=given.stores,
        hours=given.hours,
        late_share=given.late_share,
        late_seconds=given.late_seconds,
    )
    by_kind = dict(_pair(text) for text in given.bad)
    source = StoreSource(
        plan,
        bad_counts=shares_to_counts(given.records, share=given.bad_share, by_kind=by_kind),
        aggregate_bytes=given.aggregate * KIB,
    )
    exit_code = send(source, given, run_id=run_id, stream=given.stream)
    if source.unaggregated_billed_bytes:
        print(
            f"{given.stream}: aggregation bills {source.billed_bytes / KIB:,.0f} KiB instead of "
            f"{source.unaggregated_billed_bytes / KIB:,.0f} KiB, {source.billed_bytes / source.unaggregated_billed_bytes:.1%}",
            file=sys.stderr,
        )
    return exit_code


def apache_logs(given: argparse.Namespace) -> int:
    """Send the lines of log files."""
    config = read_config(given.config) if given.config else LogConfig()
    for warning in config.warnings:
        print(f"producers: warning: {warning}", file=sys.stderr)
    stream = given.stream or config.stream
    if not stream:
        raise ConfigError("no delivery stream: give --stream, or stream in config.json")
    patterns = given.log_file or list(config.log_files)
    if not patterns:
        raise ConfigError("no log file: give --log-file, or log_file in config.json")
    fill_from_config(given, config)
    run_id = given.run_id or _fresh_run_id()
    log_format = given.log_format or config.log_format
    to_record = LineParser(log_format).to_json if given.json else None
    has_checkpoint = given.follow or given.checkpoint is not None or given.start == "checkpoint"
    if not has_checkpoint and given.start != "end":
        source = LogSource(find_log_files(patterns), to_record=to_record)
        return send(source, given, run_id=run_id, stream=stream, config=config)
    return _send_growing_files(given, patterns, to_record, run_id=run_id, stream=stream, config=config)


def _send_growing_files(
    given: argparse.Namespace,
    patterns: Sequence[str],
    to_record: Callable[[bytes], bytes] | None,
    *,
    run_id: str,
    stream: str,
    config: LogConfig,
) -> int:
    if not given.follow:
        find_log_files(patterns)  # without --follow a file that is not there is a mistake
    start: Start = given.start or ("checkpoint" if given.follow or given.checkpoint else "start")
    checkpoint = None
    if not given.dry_run:
        checkpoint = Checkpoint(given.checkpoint or _checkpoint_path(region_of(given), stream))
    tailer = LogTailer(
        patterns,
        start=start,
        positions=checkpoint.positions() if checkpoint else (),
        rotate_wait_seconds=given.rotate_wait_seconds,
        warn=lambda text: print(f"producers: warning: {text}", file=sys.stderr),
    )
    source = FollowSource(tailer, checkpoint=checkpoint, follow=given.follow, to_record=to_record)
    try:
        # One call at a time: after a crash only the lines of that call are sent twice.
        given.connections = given.connections or 1
        window = MAX_BATCH_RECORDS * given.connections
        return send(source, given, run_id=run_id, stream=stream, config=config, window_records=window)
    finally:
        source.close()


def replay(given: argparse.Namespace) -> int:
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
            run_id = given.run_id or _fresh_run_id()
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


def sample_log(given: argparse.Namespace) -> int:
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


COMMANDS: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "store-inventory": store_inventory,
    "apache-logs": apache_logs,
    "replay": replay,
    "sample-log": sample_log,
}


def _checkpoint_path(region: str, stream: str) -> Path:
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "firehose-as-code" / f"{region or 'default'}-{stream}.checkpoint"


def _fresh_run_id() -> str:
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ConfigError(f"--bad {text}: give it as KIND=COUNT")
    return name.strip(), value.strip()
