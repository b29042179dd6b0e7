"""What Terraform's error on AWS means and what to do about it, in one line.

Pure.
"""

import re
from collections.abc import Callable, Iterable

from deployment.plan import Diagnostic

_RULES: tuple[tuple[str, Callable[[re.Match[str]], str]], ...] = (
    (
        r"(?:User|principal): (?P<who>\S+) is not authorized to perform: (?P<action>[\w:*-]+)(?: on resource: (?P<what>\S+))?",
        lambda found: f"{found['who']} may not {found['action']}" + (f" on {found['what']}" if found["what"] else "") + ": ask for that permission.",
    ),
    (
        r"operation error (?P<service>[\w ]+): (?P<operation>\w+), https response error StatusCode: 403\b",  # S3 does not always say who
        lambda found: f"The credentials may not {found['operation']} ({found['service']}): ask for that permission.",
    ),
    (r"BucketAlreadyExists\b", lambda _: "The bucket name is taken by another account: set `bucket` in terraform/stacks/<pipeline>/<target>.tfvars."),
    (r"BucketAlreadyOwnedByYou\b", lambda _: "The bucket is there already, made by something else: import it, or set another `bucket` in terraform/stacks/<pipeline>/<target>.tfvars."),
    (r"EntityAlreadyExists\b", lambda _: "A role of that name is there already: set `role_name` in terraform/stacks/<pipeline>/<target>.tfvars."),
    (r"ExpiredToken|RequestExpired|security token included in the request is expired", lambda _: "The credentials expired: `aws sso login`, then the same command again."),
    (r"LimitExceededException", lambda _: "A quota of the account is used up: delete something, or ask AWS for more."),
    (r"BucketNotEmpty\b", lambda _: "Objects came in while the bucket was emptied: run the same command again."),
    (r"Error acquiring the state lock", lambda _: "Someone else changes this stack now. If nobody does: `terraform force-unlock` with the id above."),
)  # fmt: skip


_LEFTOVER = re.compile(r"BucketAlreadyOwnedByYou|(?:Entity|Resource)?AlreadyExists|ResourceInUse")


def meets_leftovers(message: str) -> bool:
    """Tell whether something that was to be made is there already, as after a Terraform that was killed."""
    return _LEFTOVER.search(message) is not None


def advice(diagnostics: Iterable[Diagnostic]) -> tuple[str, ...]:
    """Return a line for each kind of error that is known, in the order met."""
    lines: dict[str, None] = {}
    for diagnostic in diagnostics:
        text = f"{diagnostic.summary} {diagnostic.detail}"
        for pattern, line in _RULES:
            found = re.search(pattern, text)
            if found:
                lines[line(found)] = None
                break
    return tuple(lines)
