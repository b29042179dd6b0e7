"""The outputs of a stack as the file that producers and validators read.

Talks to: disk. Schema: firehose_spec/schemas/stack_outputs.json.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deployment.atomic_file import write_atomically
from deployment.errors import DeploymentError, RecordFileError


def stack_outputs(outputs: Mapping[str, Any], *, target: str, account_id: str) -> dict[str, Any]:
    """Return the stack's one output, `pipeline`, with what the stack can't know.

    Raises:
        DeploymentError: the stack has no such output.
    """
    if "pipeline" not in outputs:
        raise DeploymentError(
            f"The stack's outputs are [{', '.join(outputs)}]; `pipeline` is needed (terraform/stacks/*/outputs.tf). Run `make deploy`."
        )
    return {**outputs["pipeline"], "target": target, "account_id": account_id}


def write_outputs(path: Path, outputs: Mapping[str, Any]) -> None:
    """Replace the file at `path`."""
    write_atomically(path, json.dumps(outputs, indent=2, sort_keys=True) + "\n")


def read_outputs(path: Path) -> dict[str, Any]:
    """Return the outputs at `path`.

    Raises:
        RecordFileError: no such file, or no JSON.
    """
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as exc:
        raise RecordFileError(f"{path} can't be read ({exc}). Run `make deploy`, which writes it.") from exc
    return dict(found)
