"""What each command of `python -m producers` does with its arguments.

Talks to: the sender, the sources and standard output.
"""

import argparse
import os
import secrets
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ProfileNotFound

from firehose_spec.quotas import KIB, MAX_BATCH_RECORDS
from producers.bad_records import shares_to_counts
from producers.config_file import LogConfig, read_config
from producers.errors import ConfigError
from producers.log_files import find_log_files
from producers.log_source import LogSource
from producers.put_client import PutClient
from producers.rate_limit import RateLimit
from producers.replay import ReplaySource, keep_the_rest, locked, replay_targets
from producers.run import Outcome, RunOptions, run
from producers.sample_log import sample_lines
from producers.sender import SenderSettings
from producers.source import Source
from producers.stop_signal import StopSignal
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
    return _send(source, given, run_id=run_id, stream=given.stream)


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
    _fill_from_config(given, config)
    source = LogSource(find_log_files(patterns))
    return _send(source, given, run_id=given.run_id or _fresh_run_id(), stream=stream, config=config)


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
            exit_code = max(exit_code, _send(source, target, run_id=run_id, stream=given.stream or stream))
            handed_over[stream, region] = source.handed_over_count
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


def _send(
    source: Source, given: argparse.Namespace, *, run_id: str, stream: str, config: LogConfig | None = None
) -> int:
    if given.dry_run:
        return _dry_run(source)
    client = PutClient(
        stream,
        region=given.region or (region_of_environment(os.environ) or (None, None))[1],
        endpoint_url=given.endpoint,
        session=_session(given.profile, config),
        connections=given.connections,
        read_timeout_seconds=given.timeout_seconds,
    )
    options = RunOptions(
        run_id=run_id,
        pipeline=given.pipeline_name,
        manifest_path=given.manifest,
        dead_letter_path=given.dead_letter or _dead_letter_path(given.manifest, stream, run_id),
        settings=_settings(given, client.region),
        grace_seconds=given.grace_seconds,
        is_quiet=given.quiet,
    )
    try:
        with StopSignal() as stop:
            outcome = run(source, client, options, stop=stop)
    finally:
        client.close()
    print(_summary(outcome, stream), file=sys.stderr)
    if outcome.refusal is not None:
        print(f"producers: {outcome.refusal}", file=sys.stderr)
        return 2
    if stop.requested and not outcome.document["complete"]:
        return stop.exit_code
    return 0 if outcome.all_accepted else 1


def _fill_from_config(given: argparse.Namespace, config: LogConfig) -> None:
    """Flags win over the environment, the environment over config.json."""
    named = region_of_environment(os.environ)
    if given.region is None and named is not None and config.region not in (None, named[1]):
        print(f"producers: region {named[1]} of {named[0]} overrides {config.region} of config.json", file=sys.stderr)
    if named is None:
        given.region = given.region or config.region
    if not os.environ.get("AWS_PROFILE"):
        given.profile = given.profile or config.profile
    if not os.environ.get("AWS_ENDPOINT_URL_FIREHOSE") and not os.environ.get("AWS_ENDPOINT_URL"):
        given.endpoint = given.endpoint or config.endpoint_url


def region_of_environment(environment: Mapping[str, str]) -> tuple[str, str] | None:
    """Return (variable, Region): AWS_REGION, which boto3 does not read but Terraform and other SDKs do, before AWS_DEFAULT_REGION.

    >>> region_of_environment({"AWS_DEFAULT_REGION": "us-east-2"})
    ('AWS_DEFAULT_REGION', 'us-east-2')
    """
    return next(
        ((name, environment[name]) for name in ("AWS_REGION", "AWS_DEFAULT_REGION") if environment.get(name)), None
    )


def _session(profile: str | None, config: LogConfig | None) -> Any:
    try:
        session = boto3.Session(profile_name=profile)
        if config and config.access_key_id and session.get_credentials() is None:
            return boto3.Session(
                aws_access_key_id=config.access_key_id,
                aws_secret_access_key=config.secret_access_key,
                aws_session_token=config.session_token,
            )
    except (ProfileNotFound, BotoCoreError) as error:
        raise ConfigError(f"AWS configuration: {error}") from error
    return session


def _settings(given: argparse.Namespace, region: str) -> SenderSettings:
    limit = RateLimit.of_region(region) if given.region_quota else RateLimit()
    if given.rate:
        limit = replace(limit, records_per_second=given.rate)
    if given.bytes_rate:
        limit = replace(limit, bytes_per_second=given.bytes_rate)
    in_hand = 2 * MAX_BATCH_RECORDS * given.connections
    if limit.records_per_second:  # a slow run that is stopped must not have minutes of records in hand
        in_hand = max(1, min(in_hand, int(2 * limit.records_per_second)))
    return SenderSettings(
        connections=given.connections,
        retry_budget_seconds=given.retry_seconds,
        linger_seconds=given.linger_seconds,
        rate_limit=limit,
        max_records_in_hand=in_hand,
    )


def _dry_run(source: Source) -> int:
    records: list[bytes] = []
    for chunk in source.chunks():
        records += chunk.records
        if len(records) >= MAX_BATCH_RECORDS or not chunk.records:
            break
    for record in records[:MAX_BATCH_RECORDS]:
        sys.stdout.buffer.write(record if record.endswith(b"\n") else record + b"\n")
    sys.stdout.buffer.flush()
    return 0


def _summary(outcome: Outcome, stream: str) -> str:
    counts = outcome.counts
    rate = counts.accepted / max(outcome.seconds, 0.001)
    text = f"{stream}: {counts.accepted:,} of {counts.submitted:,} records accepted in {outcome.seconds:.1f} s ({rate:,.0f}/s)"
    if counts.retried:
        text += f", {counts.retried:,} sent again"
    if counts.possible_duplicates:
        text += f", {counts.possible_duplicates:,} possible duplicates"
    if counts.given_up:
        text += f", {counts.given_up:,} given up: see {outcome.document['dead_letter']}"
    return text


def _dead_letter_path(manifest: Path | None, stream: str, run_id: str) -> Path:
    if manifest is not None:
        return manifest.with_name(f"{manifest.stem}.dead-letter.ndjson")
    return Path(f"{stream}-{run_id}.dead-letter.ndjson")


def _fresh_run_id() -> str:
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ConfigError(f"--bad {text}: give it as KIND=COUNT")
    return name, value
