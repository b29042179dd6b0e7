"""What `deployment` raises on purpose; a message names what was given, what is allowed and what to do.

Pure.

    DeploymentError
    ├── TerraformNotFoundError    no terraform on PATH
    ├── TerraformTooOldError      terraform answers with a version that the stacks don't take
    ├── ProviderUnavailableError  init found no AWS provider: no registry, no mirror
    ├── TerraformCommandError     terraform ran and failed; `diagnostics` has its words
    ├── NotDeployedError          a verb that needs an earlier one
    ├── NothingSentError          verify before produce
    ├── CloudStartError           a server of the local cloud did not come up
    ├── TargetUnreachableError    an endpoint does not answer
    ├── FlushError                records that could not be delivered
    ├── RecordFileError           target.json can't be read
    └── RefusedError              what was asked for is not done on this target
"""

import errno
from collections.abc import Sequence
from pathlib import Path

from deployment.advice import advice
from deployment.plan import Diagnostic


class DeploymentError(Exception):
    """Anything that ends a verb with one clear message and exit code 2."""


class TerraformNotFoundError(DeploymentError):
    def __init__(self, minimum: str) -> None:
        super().__init__(
            f"terraform is not on PATH; version {minimum} or newer is needed. Install it from "
            "https://developer.hashicorp.com/terraform/install and run the command again."
        )


class TerraformTooOldError(DeploymentError):
    def __init__(self, found: str, minimum: str) -> None:
        self.found = found
        super().__init__(
            f"terraform {found} is on PATH; version {minimum} or newer is needed. Install a newer one from "
            "https://developer.hashicorp.com/terraform/install."
        )


class ProviderUnavailableError(DeploymentError):
    """No AWS provider to be had; `searched` are the folders that were looked through for a mirror."""

    def __init__(self, reason: str, searched: Sequence[Path]) -> None:
        self.searched = tuple(searched)
        places = ", ".join(map(str, searched)) or "no folder"
        super().__init__(
            f"terraform init found no AWS provider: {reason}. Neither the registry answers nor is there a mirror of "
            f"registry.terraform.io/hashicorp/aws on this machine (looked below {places}). Either allow access to "
            "registry.terraform.io, or unpack a mirror (`terraform providers mirror FOLDER` on a machine that has access) and name it: "
            "TF_PLUGIN_CACHE_DIR=FOLDER make deploy."
        )


class TerraformCommandError(DeploymentError):
    """Terraform ran and failed, or was killed; `under_way` is what it was making then."""

    def __init__(
        self,
        command: str,
        folder: str,
        exit_code: int,
        diagnostics: Sequence[Diagnostic],
        output: str = "",
        under_way: Sequence[str] = (),
    ) -> None:
        self.command, self.folder, self.exit_code, self.diagnostics = command, folder, exit_code, tuple(diagnostics)
        self.output = output
        told = "\n".join(f"  {diagnostic}" for diagnostic in diagnostics) or "\n".join(
            f"  {line}" for line in output.strip().splitlines()[-12:]
        )
        hints = "".join(f"\n{line}" for line in advice(self.diagnostics))
        if exit_code < 0 and not diagnostics:
            told = f"  killed by signal {-exit_code}"
            if under_way:
                hints = f"\nWhat it was making may be there without being in its state: {', '.join(under_way)}."
        super().__init__(
            f"terraform {command} failed for {folder} (exit code {exit_code}):\n{told or '  it gave no reason'}{hints}"
        )


class NotDeployedError(DeploymentError):
    """A verb that needs an earlier one; `next_step` is the command to run first."""

    def __init__(self, reason: str, next_step: str) -> None:
        self.reason, self.next_step = reason, next_step
        super().__init__(f"{reason} Run `{next_step}` first.")


class NothingSentError(DeploymentError):
    def __init__(self, pipeline: str, next_step: str) -> None:
        self.next_step = next_step
        super().__init__(f"Nothing was sent to {pipeline} since its bucket was made. Run `{next_step}` first.")


class CloudStartError(DeploymentError):
    """A server of the local cloud ended or did not answer in time; `log` says why."""

    def __init__(self, server: str, reason: str, log: Path, tail: str) -> None:
        self.server, self.log = server, log
        told = "\n".join(f"  {line}" for line in tail.splitlines())
        super().__init__(f"{server} {reason}. The end of its log, {log}:\n{told or '  (empty)'}")


class TargetUnreachableError(DeploymentError):
    """An endpoint does not answer, or not as what it should be."""


class FlushError(DeploymentError):
    """Records that could not be delivered."""


class RecordFileError(DeploymentError):
    """A file of ours that can't be read."""


class RefusedError(DeploymentError):
    """What was asked for is not done on this target."""


def disk_trouble(error: OSError, work: Path) -> str:
    """Return what to say when the operating system lets a verb down: a full disk, a folder that can't be written."""
    what = f"{error.strerror or error}" + (f": {error.filename}" if error.filename else "")
    todo = {
        errno.ENOSPC: "Make room",
        errno.EDQUOT: "Make room within the quota",
        errno.EROFS: "Make it writable (or use another checkout)",
        errno.EACCES: "Give yourself access to it",
    }.get(error.errno or 0, "Mend that")
    return (
        f"{what} (everything is kept below {work}). {todo} and run the command again; it carries on where it stopped."
    )
