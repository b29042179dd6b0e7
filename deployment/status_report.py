"""What `make status` shows: what runs, what is deployed, what each stream holds.

Pure.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from deployment.target_record import TargetRecord


def status_lines(record: TargetRecord, running: Mapping[str, bool], streams: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the lines; `running` tells of each server whether it runs, `streams` is local_firehose's own report."""
    lines = [f"target {record.target}" + (f", account {record.account_id}" if record.account_id else "")]
    for name, process in sorted(record.processes.items()):
        state = (
            f"runs at {process.endpoint} (process {process.pid}, log {process.log})"
            if running.get(name)
            else "is not running"
        )
        lines.append(f"  {name:<16}{state}")
    if not record.stacks:
        lines.append("nothing is deployed")
    for pipeline, stack in sorted(record.stacks.items()):
        gone = "" if record.is_current(pipeline) else " -- to a local cloud that is gone; `make deploy` starts afresh"
        lines.append(f"{pipeline} deployed {stack.applied_at} in {stack.region}{gone}")
    for stream in streams:
        lines.append(
            f"{stream['name']} ({stream['region']}) {stream['status']}: {stream['accepted_records']} accepted, "
            f"{stream['buffered_records']} buffered{_age(stream)}, {stream['delivered_records']} delivered in "
            f"{stream['delivered_objects']} objects, {stream['quarantined_records']} quarantined"
        )
        if stream.get("last_error"):
            error = stream["last_error"]
            lines.append(f"  last error {error['at']}: {error['code']}: {error['message']}")
    return lines


def _age(stream: Mapping[str, Any]) -> str:
    age = stream["oldest_age_seconds"]
    return "" if age is None else f" (oldest {age:.0f} s)"
