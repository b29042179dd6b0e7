"""What differs between two reports, such as of one pipeline on two targets: verdicts, counts, statistics; not names and times.

Pure but for the console that is passed in.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from validators.accounting import COLUMNS


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs: `what` it is, and how the two reports have it."""

    what: str
    first: str
    second: str


def compare_reports(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[Difference]:
    """Return what differs in the verdicts, the reconcile tables and the kinds of quarantine; names, times and sizes are left alone."""
    differences = [
        Difference(f"reconciliation {name}", str(a), str(b))
        for name in COLUMNS
        if (a := first["reconciliation"][name]) != (b := second["reconciliation"][name])
    ]
    checks = [{check["check"]: check for check in report["checks"]} for report in (first, second)]
    verdicts = ((name, *(_verdict(of.get(name)) for of in checks)) for name in sorted({*checks[0], *checks[1]}))
    differences.extend(Difference(name, a, b) for name, a, b in verdicts if a != b)
    kinds = [Counter((report.get("statistics") or {}).get("quarantined_by_type") or {}) for report in (first, second)]
    differences.extend(
        Difference(f"quarantined as {kind}", str(kinds[0][kind]), str(kinds[1][kind]))
        for kind in sorted({*kinds[0], *kinds[1]})
        if kinds[0][kind] != kinds[1][kind]
    )
    return differences


def _verdict(check: Mapping[str, Any] | None) -> str:
    if check is None:
        return "not made"
    return f"{check['status']}, {check['findings']} findings" if check["status"] == "FAIL" else str(check["status"])


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
