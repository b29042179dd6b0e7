"""TARGET=aws: a real account, never touched by accident.

Talks to: STS, S3 (state bucket), the terminal. Credentials come by AWS's normal chain; the environment is the user's own.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from deployment.aws_guard import Caller, check_account, identify, refuse_other_endpoints
from deployment.console import Console
from deployment.cost_note import cost_note
from deployment.errors import NotDeployedError, RefusedError
from deployment.folders import TargetFolders
from deployment.stacks import Stack
from deployment.state_backend import read_backend
from deployment.target_record import TargetRecord, read_record, write_record

ASKED = "yes"
_REGION = re.compile(
    r'\bregion += "([a-z]{2}(?:-[a-z]+)+-\d)"'
)  # as the plan has them: variables may say others than the code


@dataclass(frozen=True, slots=True)
class Aws:
    """See `deployment.targets.Target`. `session` makes the boto3 session, `answer` asks the user (None where there is nobody to ask)."""

    folders: TargetFolders
    environ: Mapping[str, str]
    console: Console
    session: Callable[[], Any]
    answer: Callable[[str], str] | None

    @property
    def name(self) -> str:
        return "aws"

    @property
    def flushes(self) -> bool:
        return False

    @property
    def afresh(self) -> str:
        return ""

    @property
    def confirms(self) -> bool:
        return True

    def start(self) -> TargetRecord:
        caller = self._caller()
        record = self._record()
        if record.account_id not in {"", caller.account_id}:
            raise RefusedError(
                f"{self.folders.base} is about account {record.account_id}, the credentials belong to {caller.account_id}. "
                "Use the profile of that account, or a checkout of its own for the other."
            )
        record = replace(record, account_id=caller.account_id, backend=read_backend(self.folders))
        if record.backend is None:
            self.console.say("state is kept on this disk alone; `make bootstrap TARGET=aws` makes a bucket for it")
        write_record(self.folders.record, record)
        return record

    def resume(self) -> TargetRecord:
        record = self.start()
        if not record.stacks and record.backend is None:
            raise NotDeployedError("Nothing is deployed on aws.", "make deploy TARGET=aws")
        return record

    def reach(self) -> TargetRecord:
        return self.resume()

    def stop(self) -> tuple[str, ...]:
        return ()

    def environment(self, record: TargetRecord) -> dict[str, str]:  # noqa: ARG002
        return dict(self.environ)

    def variables(self, stack: Stack) -> Mapping[str, Any]:  # noqa: ARG002
        return {}

    def backend(self, stack: Stack) -> Mapping[str, str] | None:
        found = read_backend(self.folders)
        return None if found is None else {**found, "key": f"{stack.pipeline}/terraform.tfstate"}

    def confirm(self, doing: str, stacks: Sequence[Stack], shown: str) -> None:
        """Show what would be done and go on only with a yes: typed, or CONFIRM=yes.

        Raises:
            RefusedError: anything else.
        """
        regions = dict.fromkeys(_REGION.findall(shown)) or dict.fromkeys(stack.region for stack in stacks)
        self.console.show(
            f"{shown}\nAccount {self._record().account_id}, {', '.join(regions)}. {cost_note(stacks) if doing == 'Deploy' else ''}".rstrip()
        )
        if self.environ.get("CONFIRM") == ASKED:
            return
        if self.answer is None:
            raise RefusedError(
                f"TARGET is aws and there is no terminal to answer in; nothing was changed. CONFIRM={ASKED} answers beforehand."
            )
        if self.answer(f"{doing} this? Only '{ASKED}' goes on: ").strip() != ASKED:
            raise RefusedError("Not confirmed; nothing was changed.")

    def _caller(self) -> Caller:
        session = self.session()
        refuse_other_endpoints(self.environ, session._session.full_config)  # noqa: SLF001 - boto3 has no public way to it
        caller = identify(session)
        self.console.say(f"account {caller.account_id} as {caller.arn}")
        check_account(caller, self.environ.get("ALLOWED_ACCOUNT"))
        return caller

    def _record(self) -> TargetRecord:
        return read_record(self.folders.record, self.name)
