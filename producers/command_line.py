"""The arguments of `python -m producers`.

Pure.
"""

import argparse
from pathlib import Path

from producers import argument_types as types

PIPELINES = ("store-inventory", "apache-logs", "other")


def parser() -> argparse.ArgumentParser:
    """Return the parser; each command sets `command`."""
    root = argparse.ArgumentParser(
        prog="python -m producers",
        description="Send records to an Amazon Data Firehose delivery stream and write down what was accepted.",
        epilog="Region, endpoint and credentials come from AWS's own environment and configuration. "
        "Exit codes: 0 all accepted, 1 records were given up, 2 nothing could be done, 128+n stopped by signal n.",
    )
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _store_inventory(commands.add_parser("store-inventory", help="send generated StoreApp events"))
    _apache_logs(commands.add_parser("apache-logs", help="send the lines of Apache log files"))
    _replay(commands.add_parser("replay", help="send the records of a dead-letter file again"))
    _sample_log(commands.add_parser("sample-log", help="write a believable access log"))
    return root


def _store_inventory(command: argparse.ArgumentParser) -> None:
    command.add_argument("--stream", type=types.stream, required=True, help="name of the delivery stream")
    command.add_argument("--records", type=types.count, required=True, metavar="N", help="how many events to send")
    command.add_argument(
        "--seed", type=types.whole, default=1, help="the same seed, run id and start give the same bytes (default 1)"
    )
    command.add_argument("--stores", type=types.whole, default=20, help="number of stores (default 20)")
    command.add_argument(
        "--hours", type=types.whole, default=24, help="event times run over this many hours (default 24)"
    )
    command.add_argument(
        "--start", type=types.moment, metavar="ISO", help="first event time (default: --hours before this full hour)"
    )
    command.add_argument(
        "--late-share",
        type=types.share,
        default=0.0,
        metavar="SHARE",
        help="share of events with an earlier time than their turn",
    )
    command.add_argument(
        "--late-seconds", type=types.whole, default=3600, metavar="S", help="how much earlier at most (default 3600)"
    )
    command.add_argument(
        "--bad-share",
        type=types.share,
        default=0.0,
        metavar="SHARE",
        help="share of records made bad on purpose, all kinds in turn",
    )
    command.add_argument(
        "--bad",
        action="append",
        default=[],
        metavar="KIND=COUNT",
        help="so many bad records of one kind; a share such as 0.001 works too",
    )
    command.add_argument(
        "--aggregate",
        type=types.kib,
        nargs="?",
        const=5,
        default=0,
        metavar="KIB",
        help="put several events in one record, up to KIB KiB (default 5, AWS's billing step)",
    )
    _sending(command, pipeline="store-inventory", connections=4)


def _apache_logs(command: argparse.ArgumentParser) -> None:
    command.add_argument("--config", type=Path, metavar="FILE", help="config.json with stream, region, log_file")
    command.add_argument("--stream", type=types.stream, help="name of the delivery stream (overrides config.json)")
    command.add_argument(
        "--log-file",
        action="append",
        default=[],
        metavar="FILE",
        help="log file or glob, may be given several times (overrides config.json)",
    )
    reading = command.add_argument_group("reading")
    reading.add_argument("--follow", action="store_true", help="wait for new lines, across rotation, until stopped")
    reading.add_argument(
        "--from",
        dest="start",
        choices=("start", "end", "checkpoint"),
        help="where to begin: start (default), end, or checkpoint (default with --follow)",
    )
    reading.add_argument(
        "--checkpoint",
        type=Path,
        metavar="FILE",
        help="how far each file is sent (default with --follow: in the user's state folder)",
    )
    reading.add_argument(
        "--rotate-wait-seconds",
        type=types.seconds,
        default=30.0,
        metavar="S",
        help="how long a rotated file is read on after its last line (default 30)",
    )
    reading.add_argument(
        "--json", action="store_true", help="send each line parsed, as a JSON object, instead of the line itself"
    )
    reading.add_argument(
        "--log-format",
        metavar="FORMAT",
        help="common, combined, vhost_common, vhost_combined, or a LogFormat; with --json",
    )
    _sending(command, pipeline="apache-logs", connections=None)


def _replay(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", type=Path, metavar="FILE", help="a dead-letter file; what is accepted leaves it")
    command.add_argument(
        "--stream", type=types.stream, help="send to this stream instead of the one each record was meant for"
    )
    _sending(command, pipeline="other", connections=4)


def _sample_log(command: argparse.ArgumentParser) -> None:
    command.add_argument("--lines", type=types.count, required=True, metavar="N")
    command.add_argument("--seed", type=types.whole, default=1)
    command.add_argument(
        "--start", type=types.moment, metavar="ISO", help="time of the first request (default: today 00:00 UTC)"
    )
    command.add_argument("--out", type=Path, required=True, metavar="FILE", help="- writes to standard output")


def _sending(command: argparse.ArgumentParser, *, pipeline: str, connections: int | None) -> None:
    aws = command.add_argument_group("AWS")
    aws.add_argument("--region", help="Region of the stream")
    aws.add_argument("--endpoint", metavar="URL", help="Firehose endpoint, e.g. a local one")
    aws.add_argument("--profile", help="named profile")
    run = command.add_argument_group("the run")
    run.add_argument(
        "--run-id", type=types.run_id, metavar="NAME", help="name of the run, part of every event id (default: fresh)"
    )
    run.add_argument(
        "--pipeline-name", choices=PIPELINES, default=pipeline, help=f"as the manifest states it (default {pipeline})"
    )
    run.add_argument("--manifest", type=Path, metavar="FILE", help="write the manifest here")
    run.add_argument(
        "--manifest-seconds",
        type=types.seconds,
        default=60.0,
        metavar="S",
        help="how often a manifest is written while the run goes on; 0: only at its end (default 60)",
    )
    run.add_argument(
        "--dead-letter",
        type=Path,
        metavar="FILE",
        help="records that are given up go here (default: beside the manifest)",
    )
    run.add_argument("--dry-run", action="store_true", help="print the first batch and send nothing")
    run.add_argument("--quiet", action="store_true", help="no progress")
    sender = command.add_argument_group("the sender")
    sender.add_argument(
        "--connections",
        type=types.at_least_one,
        default=connections,
        metavar="N",
        help=f"calls in flight at once (default {connections or '4; 1 with a checkpoint'})",
    )
    sender.add_argument(
        "--retry-seconds",
        type=types.seconds,
        default=300.0,
        metavar="S",
        help="how long a failed entry is sent again (default 300)",
    )
    sender.add_argument(
        "--linger-seconds",
        type=types.seconds,
        default=1.0,
        metavar="S",
        help="how long a record may wait for its batch to fill (default 1)",
    )
    sender.add_argument(
        "--timeout-seconds",
        type=types.seconds,
        default=30.0,
        metavar="S",
        help="how long to wait for an answer (default 30)",
    )
    sender.add_argument(
        "--grace-seconds",
        type=types.seconds,
        default=20.0,
        metavar="S",
        help="how long a stopped run still sends what is in hand (default 20)",
    )
    sender.add_argument("--rate", type=types.rate, metavar="N", help="at most N records a second")
    sender.add_argument("--bytes-rate", type=types.rate, metavar="N", help="at most N bytes a second")
    sender.add_argument(
        "--region-quota", action="store_true", help="stay within the Direct PUT quota that AWS publishes for the Region"
    )
