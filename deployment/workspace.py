"""The copy of ``terraform/`` that Terraform runs in, one per target, so that targets share nothing and nothing tracked changes.

Talks to: disk. Relative module paths hold in the copy; state, plug-ins and the lock file fall there.
"""

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deployment.atomic_file import write_atomically
from deployment.errors import RecordFileError
from deployment.folders import TargetFolders
from deployment.stacks import Stack

_VARIABLES = "00-deployment.auto.tfvars.json"  # sorts first: a user's *.auto.tfvars win
_STAMP = ".initialised"
_BACKEND = 'terraform {\n  backend "s3" {}\n}\n'


def copy_sources(source: Path, folders: TargetFolders) -> None:
    """Make the .tf files below the copy equal to those of `source`; state and plug-ins stay.

    A file ``<target>.tfvars`` in a stack counts for that target only.
    """
    wanted = {
        path.relative_to(source): path
        for path in sorted(source.rglob("*"))
        if path.suffix in {".tf", ".tfvars"} and "tests" not in path.parts and ".terraform" not in path.parts
    }
    for relative in list(wanted):
        if relative.suffix == ".tfvars" and relative.stem in {"local", "localstack", "aws"}:
            path = wanted.pop(relative)
            if relative.stem == folders.target:
                wanted[relative.with_name(f"{relative.stem}.auto.tfvars")] = path
    for path in sorted(folders.terraform.rglob("*.tf*")):
        relative = path.relative_to(folders.terraform)
        if ".terraform" not in relative.parts and path.suffix in {".tf", ".tfvars"} and relative not in wanted:
            path.unlink()
    for relative, path in wanted.items():
        copy = folders.terraform / relative
        if not copy.exists() or copy.read_bytes() != path.read_bytes():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)


def configure(
    folders: TargetFolders, stack: Stack, *, variables: Mapping[str, Any], backend: Mapping[str, str] | None
) -> None:
    """Write the variables that the target sets, and the backend block where state is kept in S3."""
    folder = folders.stack(stack.pipeline)
    write_atomically(folder / _VARIABLES, json.dumps(variables, indent=2, sort_keys=True) + "\n", mode=0o600)
    block = folder / "backend.tf"
    if backend is None:
        block.unlink(missing_ok=True)
    else:
        write_atomically(block, _BACKEND)


def is_initialised(folders: TargetFolders, stack: Stack, setting: str) -> bool:
    """Tell whether `init` has run for these sources with this `setting` (terraform, mirror, backend), and its provider is still there."""
    folder = folders.stack(stack.pipeline)
    try:
        stamp = (folder / _STAMP).read_text("utf-8")
    except FileNotFoundError:
        return False
    providers = folder / ".terraform" / "providers"
    return stamp == _digest(folders, stack, setting) and any(
        path.exists() for path in providers.glob("*/*/aws/*/*/terraform-provider-aws*")
    )


def mark_initialised(folders: TargetFolders, stack: Stack, setting: str) -> None:
    """Remember that `init` has run."""
    write_atomically(folders.stack(stack.pipeline) / _STAMP, _digest(folders, stack, setting))


def forget_initialised(folders: TargetFolders, stack: Stack) -> None:
    """Let the next deploy run `init` again."""
    (folders.stack(stack.pipeline) / _STAMP).unlink(missing_ok=True)


def has_resources(state: Path) -> bool:
    """Tell whether a state file speaks of anything; one that can't be read may."""
    try:
        return bool(json.loads(state.read_text("utf-8"))["resources"])
    except FileNotFoundError:
        return False
    except (OSError, ValueError, KeyError):
        return True


def made_buckets(state: Path) -> tuple[str, ...]:
    """Return the names of the buckets that a state file speaks of: also those of a deploy that failed half-way.

    Raises:
        RecordFileError: it can't be read, so that nobody knows what is deployed.
    """
    try:
        resources = json.loads(state.read_text("utf-8"))["resources"]
        return tuple(
            str(instance["attributes"]["bucket"])
            for resource in resources
            if (resource["mode"], resource["type"]) == ("managed", "aws_s3_bucket")
            for instance in resource["instances"]
        )
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise RecordFileError(
            f"Terraform's state {state} can't be read ({exc!r}). Put back the copy beside it ({state.name}.backup), or move both away."
        ) from exc


def _digest(folders: TargetFolders, stack: Stack, setting: str) -> str:
    files = [
        *sorted((folders.terraform / "modules").rglob("*.tf")),
        *sorted(folders.stack(stack.pipeline).glob("*.tf")),
    ]
    digest = hashlib.sha256(setting.encode())
    for path in files:
        digest.update(path.relative_to(folders.terraform).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
