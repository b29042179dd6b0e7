"""The report on a terminal: the seven points, one line a check, the findings, the reconcile table.

Pure but for the console that is passed in; without a terminal the lines are plain and uncut.
"""

from typing import Any

import rich.box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from validators.accounting import COLUMNS
from validators.checks import CHECKS

SHOWN_FINDINGS = 5
_STYLES = {"PASS": "green", "FAIL": "bold red", "SKIP": "yellow"}
_SEVEN = 7


def print_report(console: Console, report: dict[str, Any]) -> None:
    """Print one pipeline's report."""
    title = f"{report['pipeline']}: {report['stream']} in {report['region']} → s3://{report['bucket']}"
    console.print(Text(title, style="bold"), soft_wrap=True)
    for check in report["checks"]:
        console.print(_line(check, is_terminal=console.is_terminal), soft_wrap=True)
        if check["status"] == "FAIL":
            _print_findings(console, report, check)
    console.print()
    console.print(reconcile_table(report))
    console.print(_conclusion(report), soft_wrap=True)


def _line(check: dict[str, Any], *, is_terminal: bool) -> Text:
    line = Text(f"{check['status']:<4} ", style=_STYLES[check["status"]])
    line.append(f"{check['check']:<26} ", style="bold" if is_terminal else "")
    if check["check"].startswith("configuration.") and check["title"][0].isdigit():
        line.append(f"{check['title']}: ", style="")
    if check["status"] == "SKIP":
        line.append(f"skipped: {check['found']}", style="dim" if is_terminal else "")
    elif check["status"] == "FAIL":
        line.append(f"{check['findings']} findings", style="red" if is_terminal else "")
    elif check["expected"] == check["found"]:
        line.append(check["found"], style="")
    else:
        line.append(f"{check['found']} (expected: {check['expected']})", style="")
    return line


def _print_findings(console: Console, report: dict[str, Any], check: dict[str, Any]) -> None:
    findings = [finding for finding in report["findings"] if finding["check"] == check["check"]]
    for finding in findings[:SHOWN_FINDINGS]:
        console.print(Text(f"       {finding['location']}"), soft_wrap=True)
        console.print(Text(f"         expected {finding['expected']}"), soft_wrap=True)
        console.print(Text(f"         found    {finding['found']}"), soft_wrap=True)
    hidden = check["findings"] - min(len(findings), SHOWN_FINDINGS)
    if hidden > 0 and len(findings) > SHOWN_FINDINGS:
        console.print(f"       … and more: {check['findings']} in all, see the report")
    console.print(
        Text(f"       {CHECKS[check['check']].advice}", style="italic" if console.is_terminal else ""), soft_wrap=True
    )


def reconcile_table(report: dict[str, Any]) -> Table:
    """Return the table Submitted · Accepted · Delivered · Quarantined · Lost · Duplicated."""
    table = Table(box=rich.box.SIMPLE_HEAD)
    shown = [name for name in COLUMNS if name != "invented" or report["reconciliation"]["invented"]]
    table.add_column("Pipeline")
    for name in shown:
        table.add_column(name.capitalize(), justify="right")
    numbers = report["reconciliation"]
    has_manifest = bool(report["statistics"].get("runs"))
    unknown = set() if has_manifest else {"submitted", "accepted", "lost", "duplicated", "invented"}
    table.add_row(report["pipeline"], *("–" if name in unknown else f"{numbers[name]:,}" for name in shown))
    return table


def _conclusion(report: dict[str, Any]) -> Text:
    statuses = [check["status"] for check in report["checks"]]
    passed, failed, skipped = (statuses.count(status) for status in ("PASS", "FAIL", "SKIP"))
    found = sum(check["findings"] for check in report["checks"])
    if report["passed"]:
        return Text(f"proven: {passed} checks passed, {skipped} skipped, no finding", style="green")
    return Text(f"{found} findings in {failed} checks; {passed} passed, {skipped} skipped", style="bold red")
