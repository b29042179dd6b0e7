"""``target.json``: what a target is and what runs and is deployed there, the one record that every verb reads.

Talks to: disk. Schema: firehose_spec/schemas/target.json.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deployment.atomic_file import write_atomically
from deployment.errors import RecordFileError

VERSION = 1


def timestamp(moment: datetime) -> str:
    """Return `moment` as the files write it: ISO 8601, UTC, with Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class ServerProcess:
    """A server that we started. `identity` tells it from a later process with the same number."""

    pid: int
    identity: str
    started_at: str
    port: int
    log: str

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@dataclass(frozen=True, slots=True)
class DeployedStack:
    """A stack that was applied, and to which instance of the local cloud."""

    applied_at: str
    instance_id: str | None
    region: str


@dataclass(frozen=True, slots=True)
class TargetRecord:
    """See firehose_spec/schemas/target.json."""

    target: str
    account_id: str = ""
    instance_id: str | None = None
    endpoints: Mapping[str, str] = field(default_factory=dict)
    processes: Mapping[str, ServerProcess] = field(default_factory=dict)
    stacks: Mapping[str, DeployedStack] = field(default_factory=dict)
    backend: Mapping[str, Any] | None = None

    def with_process(self, name: str, process: ServerProcess) -> "TargetRecord":
        return replace(self, processes={**self.processes, name: process})

    def with_stack(self, name: str, stack: DeployedStack) -> "TargetRecord":
        return replace(self, stacks={**self.stacks, name: stack})

    def without_stack(self, name: str) -> "TargetRecord":
        return replace(self, stacks={key: value for key, value in self.stacks.items() if key != name})

    def is_current(self, pipeline: str) -> bool:
        """Tell whether `pipeline` is deployed to the cloud that the record is about, not to an earlier one."""
        stack = self.stacks.get(pipeline)
        return stack is not None and stack.instance_id == self.instance_id


def read_record(path: Path, target: str) -> TargetRecord:
    """Return the record at `path`, or an empty one when there is none.

    Raises:
        RecordFileError: not a record of this version.
    """
    try:
        found = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return TargetRecord(target)
    except ValueError as exc:
        raise RecordFileError(
            f"{path} is no JSON ({exc}). Move it away, then run `make down` and `make deploy`."
        ) from exc
    try:
        if found.pop("target_version") != VERSION:
            raise ValueError("another version")
        found["processes"] = {name: ServerProcess(**value) for name, value in found["processes"].items()}
        found["stacks"] = {name: DeployedStack(**value) for name, value in found["stacks"].items()}
        return TargetRecord(**found)
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise RecordFileError(
            f"{path} was written by another version of this project ({exc}). Move it away and run `make deploy`."
        ) from exc


def write_record(path: Path, record: TargetRecord) -> None:
    """Replace the file at `path`."""
    write_atomically(path, json.dumps({"target_version": VERSION, **asdict(record)}, indent=2) + "\n")
