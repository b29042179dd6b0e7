"""``python -m validators``: verify, query, compare, selftest.

Talks to: the endpoints of AWS's own environment, the terminal. Exit code 0: nothing found; 1: findings; 2: could not be done, with one line why.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from validators.athena import AthenaQueries, AthenaRows
from validators.compare import compare_reports, print_comparison
from validators.errors import UnreachableError, UsageError, ValidatorError
from validators.evidence import Evidence, Scope
from validators.manifests import manifest_files
from validators.memory_bucket import MemoryBucket
from validators.query import run_query
from validators.report import report_of, write_file
from validators.report_html import html_page
from validators.report_junit import junit_xml
from validators.report_text import print_report
from validators.selftest import print_trials, run_selftest
from validators.services import Services, Wanted, gather, session_from_environment
from validators.stack_outputs import TableName, read_json
from validators.suite import Suite
from validators.terminal_progress import Progress
from validators.waiting import verify_until, wait_limit

PLAIN_WIDTH = 120
FOUND_NOTHING, FOUND_SOMETHING, NOT_DONE = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = _parser().parse_args(arguments)
    console = Console(highlight=False, width=None if sys.stdout.isatty() else PLAIN_WIDTH)
    try:
        return int(options.run(options, console))
    except ValidatorError as exc:
        Console(stderr=True, highlight=False, soft_wrap=True).print(
            f"validators {options.command}: {exc}", markup=False
        )
        return NOT_DONE
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FOUND_SOMETHING


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m validators", description="Prove what was delivered.")
    commands = parser.add_subparsers(dest="command", required=True)
    verify = commands.add_parser("verify", help="check the delivered objects; exit code 1 on any finding")
    _add_evidence(verify)
    verify.add_argument("--report-dir", type=Path, help="write report.json, junit.xml and report.html here")
    verify.add_argument(
        "--engine",
        choices=("pyarrow", "athena"),
        default="pyarrow",
        help="who reads rows: this process, or Athena by SQL",
    )
    verify.add_argument("--athena-workgroup", default="primary", metavar="NAME", help="workgroup of --engine athena")
    verify.add_argument(
        "--athena-output", metavar="s3://…", help="where Athena puts results, if the workgroup does not say"
    )
    verify.add_argument(
        "--wait",
        type=_seconds,
        metavar="SECONDS",
        help="wait so long for what is missing, but not longer than buffering takes; the default is that time, 0 on local targets",
    )
    verify.set_defaults(run=_verify)
    query = commands.add_parser("query", help="SQL over the delivered objects; without --sql, low stock by store")
    query.add_argument("--outputs", type=Path, required=True, help="outputs file of the stack")
    query.add_argument("--sql", default="", help="one SELECT; the table is called by its own name or database.table")
    query.set_defaults(run=_query)
    selftest = commands.add_parser("selftest", help="break copies of the delivered objects; each damage must be named")
    _add_evidence(selftest)
    selftest.set_defaults(run=_selftest)
    compare = commands.add_parser("compare", help="what differs between two reports; exit code 1 if anything does")
    compare.add_argument("first", type=Path, metavar="A.json")
    compare.add_argument("second", type=Path, metavar="B.json")
    compare.set_defaults(run=_compare)
    return parser


def _add_evidence(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--outputs", type=Path, help="outputs file of the stack: what is declared")
    parser.add_argument(
        "--manifest",
        type=Path,
        action="append",
        default=[],
        help="run manifest of a producer, or a folder of them; repeatable",
    )
    parser.add_argument("--bucket", help="bucket to look at, where it is not the stream's")
    parser.add_argument("--stream", help="delivery stream, where no file names it")
    parser.add_argument("--region", help="Region, where no file names it")
    parser.add_argument("--query-table", metavar="DATABASE.TABLE", help="Athena table, where no outputs name it")
    parser.add_argument("--since", type=_time, help="only objects named at or after this time (ISO 8601, UTC)")
    parser.add_argument("--until", type=_time, help="only objects named before this time (ISO 8601, UTC)")
    parser.add_argument("--prefix", default="", help="only objects whose key starts so")
    parser.add_argument("--ignore", action="append", default=[], metavar="PREFIX", help="leave out keys that start so")
    parser.add_argument(
        "--every-run",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="the manifests name all that was ever sent into the bucket (the default with --outputs)",
    )
    parser.add_argument("--depth", choices=("rows", "footers"), default="rows", help="footers: read no row")
    parser.add_argument("--strict-freshness", action="store_true", help="count late objects as findings")


def _time(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as exc:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; write 2026-11-22T00:00:00Z") from exc
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError as exc:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds") from exc
    if not seconds >= 0:
        raise argparse.ArgumentTypeError(f"{text} seconds; 0 or more are needed")
    return seconds


def _evidence(options: argparse.Namespace) -> Evidence:
    every_run = options.every_run if options.every_run is not None else options.outputs is not None
    scope = Scope(
        every_run=every_run,
        since=options.since,
        until=options.until,
        prefix=options.prefix,
        ignore=tuple(options.ignore),
        depth=options.depth,
    )
    wanted = Wanted(
        outputs=options.outputs,
        manifests=tuple(path for named in options.manifest for path in manifest_files(named)),
        bucket=options.bucket,
        stream=options.stream,
        region=options.region,
        query_table=_table_name(options.query_table),
    )
    return gather(
        wanted,
        session=session_from_environment(),
        now=datetime.now(UTC),
        scope=scope,
        strict_freshness=options.strict_freshness,
    )


def _verify(options: argparse.Namespace, console: Console) -> int:
    evidence = _evidence(options)
    with Progress(console) as progress:
        verdict = verify_until(
            lambda: Suite(evidence, progress=progress.say, athena=_athena(options, evidence)).run(),
            limit=wait_limit(evidence, wait_seconds=options.wait, now=datetime.now(UTC)),
            listing=lambda: frozenset((entry.key, entry.etag) for entry in evidence.bucket.list(evidence.scope.prefix)),
            clock=lambda: datetime.now(UTC),
            sleep=time.sleep,
            progress=progress.say,
        )
    report = report_of(verdict)
    print_report(console, report)
    if options.report_dir is not None:
        _write_reports(options.report_dir, report, console)
    return FOUND_NOTHING if report["passed"] else FOUND_SOMETHING


def _athena(options: argparse.Namespace, evidence: Evidence) -> AthenaRows | None:
    """Return the row engine that asks Athena, or None for the one in this process."""
    if options.engine != "athena" or evidence.declared.conversion is None:
        return None
    client = Services(session_from_environment(), evidence.declared.region).client("athena")
    database = evidence.declared.conversion.database
    queries = AthenaQueries(client, database, options.athena_workgroup, options.athena_output, sleep=time.sleep)
    return AthenaRows(queries, evidence)


def _selftest(options: argparse.Namespace, console: Console) -> int:
    evidence = _evidence(options)
    if not evidence.bucket_answers:
        raise UnreachableError(f"s3://{evidence.bucket.name}", "the bucket does not answer", "run `make deploy` first")
    copied = MemoryBucket.copy_of(evidence.bucket, evidence.scope.prefix)
    if not copied.objects:
        raise UsageError(
            f"s3://{evidence.bucket.name} is empty; send and deliver something first: `make produce`, `make flush`"
        )
    return FOUND_NOTHING if print_trials(console, run_selftest(evidence, copied=copied)) else FOUND_SOMETHING


def _write_reports(folder: Path, report: dict[str, object], console: Console) -> None:
    write_file(folder / "report.json", json.dumps(report, indent=2, ensure_ascii=False) + "\n")
    write_file(folder / "junit.xml", junit_xml(report))
    write_file(folder / "report.html", html_page(report))
    console.print(f"reports: {folder / 'report.json'}, junit.xml, report.html", soft_wrap=True)


def _table_name(text: str | None) -> TableName | None:
    if text is None:
        return None
    database, dot, table = text.partition(".")
    if not (database and dot and table):
        raise UsageError(f"--query-table {text!r}; write database.table")
    return TableName(database, table)


def _query(options: argparse.Namespace, console: Console) -> int:
    run_query(options.outputs, options.sql, session=session_from_environment(), console=console, now=datetime.now(UTC))
    return FOUND_NOTHING


def _compare(options: argparse.Namespace, console: Console) -> int:
    advice = "name a report.json that verify wrote"
    first, second = (read_json(path, "report", advice=advice) for path in (options.first, options.second))
    differences = compare_reports(first, second)
    print_comparison(console, first, second, differences)
    return FOUND_SOMETHING if differences else FOUND_NOTHING


if __name__ == "__main__":
    sys.exit(main())
