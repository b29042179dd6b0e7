"""What differs between two reports, such as of one pipeline on two targets: verdicts and why, counts, configuration; not names and times.

Pure but for the console that is passed in. Left alone is what names and times decide: the names of target, account, Region, bucket,
stream and runs, the time of the report, and which records met in one object, hence how many objects there are, how large and how old.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from validators.accounting import COLUMNS

_ACCOUNT = re.compile(r"(?<=:)\d{12}(?=:)")
_COUNTED = ("records", "other_objects", "left_out")  # the same however the records are spread over objects


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs: `what` it is, and how the two reports have it."""

    what: str
    first: str
    second: str


def compare_reports(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[Difference]:
    """Return what differs but for names and times: what one report states and the other does not is a difference too."""
    facts = [dict(_facts(report)) for report in (first, second)]
    names = list(dict.fromkeys((*facts[0], *facts[1])))
    pairs = ((name, *(of.get(name, "not stated") for of in facts)) for name in names)
    return [Difference(name, a, b) for name, a, b in pairs if a != b]


def _facts(report: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what must not depend on the target."""
    yield "pipeline", str(report.get("pipeline"))
    yield "passed", str(report["passed"])
    for name in COLUMNS:
        yield f"reconciliation {name}", str(report["reconciliation"][name])
    for check in report["checks"]:
        yield check["check"], _verdict(check)
        if check["check"].startswith("configuration.") and check["status"] == "PASS":
            yield f"{check['check']} as found", _without_names(check["found"], report)
    statistics = report.get("statistics") or {}
    for name in _COUNTED:
        if name in statistics:
            yield name, str(statistics[name])
    for kind, count in sorted((statistics.get("quarantined_by_type") or {}).items()):
        yield f"quarantined as {kind}", str(count)
    if writers := statistics.get("created_by"):
        yield "written by", ", ".join(sorted(writers))
    for number, run in enumerate(statistics.get("runs") or [], start=1):
        yield f"run {number}", ", ".join(f"{run[name]} {name}" for name in COLUMNS if name in run) or "sent"


def _verdict(check: Mapping[str, Any]) -> str:
    if check["status"] == "FAIL":
        return f"FAIL, {check['findings']} findings"
    return f"SKIP: {check['found']}" if check["status"] == "SKIP" else str(check["status"])


def _without_names(text: str, report: Mapping[str, Any]) -> str:
    for kind in ("bucket", "stream", "region"):  # a bucket's name may hold the others
        if name := report.get(kind):
            text = text.replace(name, f"<{kind}>")
    return _ACCOUNT.sub("<account>", text)


def print_comparison(
    console: Console, first: Mapping[str, Any], second: Mapping[str, Any], differences: list[Difference]
) -> None:
    """Print the differences as a table, or that there are none."""
    names = [f"{report.get('target') or report['bucket']} {report['verified_at']}" for report in (first, second)]
    if not differences:
        console.print(f"{names[0]} and {names[1]}: no difference but names and times", markup=False)
        return
    table = Table("What differs", *names)
    for difference in differences:
        table.add_row(difference.what, difference.first, difference.second)
    console.print(table)
