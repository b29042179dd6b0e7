"""Carry out stacks with Terraform: init, plan, apply, outputs; the stacks of one call side by side.

Talks to: terraform, disk. A stack whose plan is empty is not applied.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deployment.console import Console
from deployment.environment import terraform_environment
from deployment.errors import ProviderUnavailableError, TerraformCommandError
from deployment.folders import TargetFolders
from deployment.plan import Event, PlanResult
from deployment.progress import StackProgress
from deployment.provider_mirror import ROOTS, likely_folders
from deployment.provider_setup import ProviderSetup, set_up_provider
from deployment.side_by_side import side_by_side
from deployment.stacks import Stack
from deployment.terraform import TerraformAdapter, interrupt_all
from deployment.workspace import (
    configure,
    copy_sources,
    forget_initialised,
    has_resources,
    is_initialised,
    mark_initialised,
)

_NO_PROVIDER = (
    "Failed to query available provider packages",
    "Failed to install provider",
    "could not connect to registry",
    "no available releases match",
)


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of one stack: the plan that was carried out (empty: nothing to do) and the outputs."""

    stack: Stack
    plan: PlanResult
    outputs: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TerraformSettings:
    """What is the same for every stack of a target. `variables` and `backend` are what the target sets for a stack."""

    source: Path
    environ: Mapping[str, str]
    home: Path
    variables: Callable[[Stack], Mapping[str, Any]]
    backend: Callable[[Stack], Mapping[str, str] | None]


class Deployer:
    """Terraform over a target's stacks; `prepare` comes first."""

    def __init__(self, folders: TargetFolders, settings: TerraformSettings, console: Console) -> None:
        self._folders, self._settings, self._console = folders, settings, console
        self._provider: ProviderSetup | None = None
        self._one_download = threading.Lock()

    def check(self, environment: Mapping[str, str]) -> str:
        """Return terraform's version.

        Raises:
            TerraformNotFoundError, TerraformTooOldError: before anything was begun.
        """
        self._folders.base.mkdir(parents=True, exist_ok=True, mode=0o700)
        return TerraformAdapter(self._folders.base, environment=terraform_environment(environment, None)).version()

    def prepare(self, stacks: Sequence[Stack], environment: Mapping[str, str]) -> None:
        """Check terraform, look for a provider on this machine, initialise the stacks that need it; the cloud need not run yet.

        Raises:
            TerraformNotFoundError, TerraformTooOldError, ProviderUnavailableError: what is missing.
        """
        version = self.check(environment)
        copy_sources(self._settings.source, self._folders)
        self._provider = set_up_provider(self._folders, self._settings.environ, self._settings.home)
        setting = f"terraform {version}, provider {self._provider.source}"
        self._side_by_side(stacks, lambda stack: self._initialise(stack, environment, setting))

    def plan(
        self, stacks: Sequence[Stack], environment: Mapping[str, str], *, destroy: bool = False
    ) -> dict[str, PlanResult]:
        """Save the plans of prepared stacks and return them by pipeline; the caller carries them out or drops them."""
        return self._side_by_side(stacks, lambda stack: self._plan(stack, environment, destroy=destroy))

    def show(self, stack: Stack, environment: Mapping[str, str], plan: PlanResult) -> str:
        """Return the plan as Terraform shows it to people."""
        return self._adapter(stack, environment).show(plan)

    def drop(self, plans: Mapping[str, PlanResult]) -> None:
        """Delete saved plans: they hold variables in clear."""
        for plan in plans.values():
            plan.file.unlink(missing_ok=True)

    def apply(
        self,
        stacks: Sequence[Stack],
        environment: Mapping[str, str],
        done: Callable[[Applied], None],
        *,
        plans: Mapping[str, PlanResult] | None = None,
    ) -> None:
        """Apply `plans`, or plan and apply at once; `done` is told of each stack as soon as it is applied, from its own thread."""

        def carry_out(stack: Stack) -> None:
            plan = plans[stack.pipeline] if plans else self._plan(stack, environment)
            adapter = self._adapter(stack, environment)
            try:
                if not plan.is_empty:
                    adapter.apply(plan)
            finally:
                self.drop({stack.pipeline: plan})
            done(Applied(stack, plan, adapter.outputs()))

        self._side_by_side(stacks, carry_out)

    def let_buckets_go(self, stacks: Sequence[Stack], environment: Mapping[str, str]) -> None:
        """Mark the stacks' buckets as ones that are destroyed with their objects, in the state alone."""

        def let_go(stack: Stack) -> None:
            variables = {**self._settings.variables(stack), "force_destroy": True}
            configure(self._folders, stack, variables=variables, backend=self._settings.backend(stack))
            adapter = self._adapter(
                stack, environment, quiet=True
            )  # terraform warns of -target, which is what is wanted
            file = self._folders.stack(stack.pipeline) / "deployment.tfplan"
            plan = adapter.plan(file.resolve(), targets=("module.bucket.aws_s3_bucket.this",))
            try:
                if not plan.is_empty and not plan.creates("aws_s3_bucket"):
                    adapter.apply(plan)
            finally:
                self.drop({stack.pipeline: plan})

        self._side_by_side(stacks, let_go)

    def _plan(self, stack: Stack, environment: Mapping[str, str], *, destroy: bool = False) -> PlanResult:
        file = self._folders.stack(stack.pipeline) / "deployment.tfplan"
        file.unlink(missing_ok=True)
        file.touch(mode=0o600)
        try:
            plan = self._adapter(stack, environment).plan(file.resolve(), destroy=destroy)
        except BaseException:
            file.unlink(missing_ok=True)
            raise
        self._console.say(f"plan: {'nothing to do' if plan.is_empty else plan.summary()}", about=stack.pipeline)
        return plan

    def _initialise(self, stack: Stack, environment: Mapping[str, str], setting: str) -> None:
        backend = self._settings.backend(stack)
        configure(self._folders, stack, variables=self._settings.variables(stack), backend=backend)
        setting = f"{setting}, backend {sorted((backend or {}).items())}"
        if is_initialised(self._folders, stack, setting):
            return
        forget_initialised(self._folders, stack)
        self._console.say(f"terraform init, provider {self._set_up().source}", about=stack.pipeline)
        if self._set_up().cache is None:
            self._init(stack, environment, backend)
        else:
            with self._one_download:  # two that fill one plug-in cache break it
                self._init(stack, environment, backend)
        mark_initialised(self._folders, stack, setting)

    def _init(self, stack: Stack, environment: Mapping[str, str], backend: Mapping[str, str] | None) -> None:
        try:
            self._adapter(stack, environment).init(
                backend=backend, migrate=backend is not None and has_resources(self._folders.state(stack.pipeline))
            )
        except TerraformCommandError as exc:
            lines = [line.strip(" │╷╵") for line in exc.output.splitlines()]
            reason = next((line for line in lines if any(text in line for text in _NO_PROVIDER)), None)
            if reason is None:
                raise
            searched = [*likely_folders(self._settings.environ, self._settings.home)[:3], *ROOTS]
            raise ProviderUnavailableError(reason, [folder for folder in searched if folder.exists()]) from exc

    def _adapter(self, stack: Stack, environment: Mapping[str, str], *, quiet: bool = False) -> TerraformAdapter:
        progress = StackProgress()

        def tell(event: Event) -> None:
            line = None if quiet else progress.line(event)
            if line is not None:
                self._console.say(line, about=stack.pipeline)

        return TerraformAdapter(
            self._folders.stack(stack.pipeline), environment=self._set_up().environment(environment), on_event=tell
        )

    def _set_up(self) -> ProviderSetup:
        if self._provider is None:
            raise AssertionError("prepare() comes first")
        return self._provider

    def _side_by_side(self, stacks: Sequence[Stack], work: Callable[[Stack], Any]) -> dict[str, Any]:
        def stop() -> None:
            self._console.say("stopping: Terraform finishes what it began and saves its state")
            interrupt_all()

        return side_by_side(stacks, work, on_interrupt=stop)
