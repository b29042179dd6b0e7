"""Terraform's machine-readable output as data: planned changes, progress, diagnostics.

Pure. Source: https://developer.hashicorp.com/terraform/internals/machine-readable-ui
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """An error or a warning; `address` is the resource it is about, when Terraform says so."""

    severity: str
    summary: str
    detail: str = ""
    address: str = ""

    def __str__(self) -> str:
        about = f"{self.address}: " if self.address else ""
        detail = f" -- {' '.join(self.detail.split())}" if self.detail else ""
        return f"{about}{self.summary}{detail}"


@dataclass(frozen=True, slots=True)
class ResourceChange:
    """One change that a plan makes; `action` is create, update, delete, replace, move, import or forget."""

    address: str
    type: str
    action: str


@dataclass(frozen=True, slots=True)
class PlanResult:
    """A saved plan. `output_changes` are the names of root outputs that would change."""

    file: Path
    changes: tuple[ResourceChange, ...]
    output_changes: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not self.changes and not self.output_changes

    def creates(self, resource_type: str) -> bool:
        """Tell whether a resource of that type is made, new or in place of an old one."""
        return any(change.type == resource_type and change.action in {"create", "replace"} for change in self.changes)

    def summary(self) -> str:
        """Return how many resources are added, changed and destroyed, as Terraform counts them."""
        added = sum(change.action in {"create", "replace"} for change in self.changes)
        changed = sum(change.action == "update" for change in self.changes)
        destroyed = sum(change.action in {"delete", "replace"} for change in self.changes)
        return f"{added} to add, {changed} to change, {destroyed} to destroy"


@dataclass(frozen=True, slots=True)
class Progress:
    """A resource that is being changed; `state` is started, running, done or failed."""

    address: str
    action: str
    state: str
    seconds: float


Event = Diagnostic | ResourceChange | Progress

_STATES = {
    "apply_start": "started",
    "apply_progress": "running",
    "apply_complete": "done",
    "apply_errored": "failed",
}


def read_event(line: str) -> Event | None:
    """Return what one line of ``-json`` output tells, or None if it is of no interest (or no JSON at all)."""
    message = _message(line)
    kind = message.get("type")
    if kind == "planned_change":
        change = message["change"]
        return ResourceChange(change["resource"]["addr"], change["resource"]["resource_type"], change["action"])
    if kind == "diagnostic":
        told = message["diagnostic"]
        return Diagnostic(told["severity"], told["summary"], told.get("detail", ""), told.get("address", ""))
    if kind in _STATES:
        hook = message["hook"]
        return Progress(hook["resource"]["addr"], hook["action"], _STATES[kind], float(hook.get("elapsed_seconds", 0)))
    return None


def under_way(events: Iterable[Event]) -> tuple[str, ...]:
    """Return the addresses of what was begun and neither done nor failed: of a Terraform that was killed, nobody knows what became of them."""
    begun: dict[str, None] = {}
    for event in events:
        if isinstance(event, Progress) and event.state == "started":
            begun[event.address] = None
        elif isinstance(event, Progress) and event.state in {"done", "failed"}:
            begun.pop(event.address, None)
    return tuple(begun)


def read_output_changes(lines: Iterable[str]) -> tuple[str, ...]:
    """Return the names of the root outputs that the plan would change."""
    names: list[str] = []
    for line in lines:
        message = _message(line)
        if message.get("type") == "outputs":
            names += [name for name, value in message["outputs"].items() if value.get("action", "noop") != "noop"]
    return tuple(names)


def _message(line: str) -> dict[str, Any]:
    if not line.startswith("{"):  # terraform warns of its own settings in plain text
        return {}
    try:
        message = json.loads(line)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}
