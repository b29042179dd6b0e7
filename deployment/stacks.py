"""The two pipelines, as deployment has to know them: which stack, where by default, what a target sets.

Pure. Everything else about a pipeline is declared in terraform/stacks/ and read from the stack's output.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deployment.errors import DeploymentError

ALL = "all"


@dataclass(frozen=True, slots=True)
class Stack:
    """A folder below terraform/stacks. `local_variables` are set on targets whose cloud is on this machine."""

    pipeline: str
    region: str
    local_variables: Mapping[str, Any]


# On this machine endpoints speak plain HTTP, which a bucket that requires TLS rightly denies.
_LOCAL = {"force_destroy": True, "require_tls": False}

STACKS: Mapping[str, Stack] = {
    stack.pipeline: stack
    for stack in (
        Stack("store-inventory", "ap-southeast-1", _LOCAL),
        Stack("apache-logs", "us-east-2", {**_LOCAL, "bucket": "apachelogsbucketadgu"}),
    )
}


def selected(pipeline: str) -> tuple[Stack, ...]:
    """Return the stack of `pipeline`, or every stack for ``all``.

    Raises:
        DeploymentError: no such pipeline.
    """
    if pipeline == ALL:
        return tuple(STACKS.values())
    if pipeline not in STACKS:
        raise DeploymentError(f"PIPELINE is {pipeline!r}; {', '.join(STACKS)} and {ALL} are known.")
    return (STACKS[pipeline],)
