"""From arguments to a run: session, client, settings, exit code.

Talks to: AWS's configuration through boto3, standard error.
"""

import argparse
import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ProfileNotFound

from firehose_spec.quotas import MAX_BATCH_RECORDS
from producers.config_file import LogConfig
from producers.errors import ConfigError
from producers.put_client import PutClient
from producers.rate_limit import RateLimit
from producers.run import Outcome, RunOptions, run
from producers.sender import SenderSettings
from producers.source import Source
from producers.stop_signal import StopSignal

DEFAULT_CONNECTIONS = 4


def send(
    source: Source,
    given: argparse.Namespace,
    *,
    run_id: str,
    stream: str,
    config: LogConfig | None = None,
    window_records: int | None = None,
) -> int:
    """Send `source` to `stream` and return the exit code. `window_records` is for sources with a checkpoint, see `Outbox`."""
    if given.dry_run:
        return _dry_run(source)
    given.connections = given.connections or DEFAULT_CONNECTIONS
    dead_letter_path = given.dead_letter or _dead_letter_path(given.manifest, stream, run_id)
    for option, path in (("--manifest", given.manifest), ("--dead-letter", dead_letter_path)):
        _require_writable(option, path)
    client = PutClient(
        stream,
        region=region_of(given) or None,
        endpoint_url=given.endpoint,
        session=_session(given.profile, config),
        connections=given.connections,
        read_timeout_seconds=given.timeout_seconds,
    )
    options = RunOptions(
        run_id=run_id,
        pipeline=given.pipeline_name,
        manifest_path=given.manifest,
        dead_letter_path=dead_letter_path,
        settings=_settings(given, client.region, window_records),
        grace_seconds=given.grace_seconds,
        manifest_seconds=given.manifest_seconds,
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
    is_endless = getattr(given, "follow", False)  # stopping is how such a run ends
    if stop.requested and not outcome.document["complete"] and not is_endless:
        return stop.exit_code
    return 0 if outcome.all_accepted else 1


def region_of(given: argparse.Namespace) -> str:
    """Return the Region by flag or environment; empty to leave it to AWS's configuration files."""
    named = region_of_environment(os.environ)
    return given.region or (named[1] if named else "")


def fill_from_config(given: argparse.Namespace, config: LogConfig) -> None:
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


def _require_writable(option: str, path: Path | None) -> None:
    """Say now, not when a million records are sent, that a file cannot be written."""
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"{option} {path}: {error.strerror or error}; give a path of a file that can be written"
        ) from error
    if option == "--manifest" and path.exists() and not path.is_file():  # it would be replaced
        raise ConfigError(f"{option} {path}: is no file; give a path of a file that can be written")
    if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        raise ConfigError(f"{option} {path}: cannot be written; give a path of a file that can be")


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
        raise ConfigError(
            f"AWS configuration: {error}; name a profile that `aws configure list-profiles` shows"
        ) from error
    return session


def _settings(given: argparse.Namespace, region: str, window_records: int | None) -> SenderSettings:
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
        window_records=window_records,
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
