"""What every verb may ask of a target, whichever it is.

Pure: the agreement only. local_cloud.py, localstack.py and aws.py keep it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from deployment.folders import TargetFolders
from deployment.stacks import Stack
from deployment.target_record import TargetRecord

NAMES = ("local", "localstack", "aws")


class Target(Protocol):
    """One place to deploy to."""

    @property
    def name(self) -> str: ...

    @property
    def folders(self) -> TargetFolders: ...

    @property
    def flushes(self) -> bool:
        """Whether delivery can be asked for at once instead of being waited for."""

    def start(self) -> TargetRecord:
        """Bring up whatever the target needs and return its record; what belonged to an earlier instance is put aside."""

    def resume(self) -> TargetRecord:
        """Return the record of what is deployed, with every server of it running again.

        Raises:
            NotDeployedError: nothing is deployed there (any more).
        """

    def reach(self) -> TargetRecord:
        """Return the record of what is deployed with all its servers running, even if part of it is lost: enough to destroy the rest.

        Raises:
            NotDeployedError: nothing is deployed there (any more).
        """

    def stop(self) -> tuple[str, ...]:
        """Stop what this project started for the target; return the names of what ran."""

    def environment(self, record: TargetRecord) -> dict[str, str]:
        """Return the whole environment of programs that work on the target."""

    def variables(self, stack: Stack) -> Mapping[str, Any]:
        """Return the Terraform variables that the target sets for `stack`."""

    def backend(self, stack: Stack) -> Mapping[str, str] | None:
        """Return the settings of the S3 backend for the state of `stack`; None keeps it on disk."""

    def confirm(self, doing: str, stacks: Sequence[Stack], shown: str) -> None:
        """Ask before something is changed, where the target wants that; `shown` is the plan for people.

        Raises:
            RefusedError: the answer is no.
        """

    @property
    def afresh(self) -> str:
        """How to get rid of all that the cloud holds, in words; empty where nobody should."""

    @property
    def confirms(self) -> bool:
        """Whether `confirm` wants to show a plan at all."""
