"""`python -m producers apache-logs`.

Talks to: the sender, config.json, the checkpoint, standard error.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from firehose_spec.quotas import MAX_BATCH_RECORDS
from firehose_spec.stream_name import STREAM_NAME, is_stream_name
from producers.checkpoint import Checkpoint
from producers.config_file import LogConfig, read_config
from producers.errors import ConfigError
from producers.follow_source import FollowSource
from producers.log_files import find_log_files
from producers.log_source import LogSource
from producers.log_tailer import LogTailer, Start
from producers.run_id import fresh_run_id
from producers.sending import fill_from_config, region_of, send


def run(given: argparse.Namespace) -> int:
    """Send the lines of log files."""
    config = read_config(given.config) if given.config else LogConfig()
    for warning in config.warnings:
        print(f"producers: warning: {warning}", file=sys.stderr)
    stream = given.stream or config.stream
    if not stream:
        raise ConfigError("no delivery stream: give --stream, or stream in config.json")
    if not is_stream_name(stream):
        raise ConfigError(f"stream {stream!r} of {given.config}: allowed is a name of {STREAM_NAME}; not its ARN")
    patterns = given.log_file or list(config.log_files)
    if not patterns:
        raise ConfigError("no log file: give --log-file, or log_file in config.json")
    fill_from_config(given, config)
    run_id = given.run_id or fresh_run_id(datetime.now(UTC))
    log_format = given.log_format or config.log_format
    to_record = _to_json(log_format) if given.json else None
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


def _to_json(log_format: str | None) -> Callable[[bytes], bytes]:
    from producers.apache_log import LineParser  # noqa: PLC0415 -- its library takes time, and only --json needs it

    return LineParser(log_format).to_json


def _checkpoint_path(region: str, stream: str) -> Path:
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "firehose-as-code" / f"{region or 'default'}-{stream}.checkpoint"
