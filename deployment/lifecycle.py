"""deploy, plan and destroy: what makes and unmakes a target's stacks.

Talks to: terraform through `Deployer`, the target's servers, disk.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from deployment.advice import meets_leftovers
from deployment.console import Console
from deployment.deployer import Applied, Deployer
from deployment.errors import DeploymentError, NotDeployedError
from deployment.outputs import read_outputs, stack_outputs, write_outputs
from deployment.parking import park_runs
from deployment.plan import PlanResult
from deployment.stacks import Stack
from deployment.target_record import DeployedStack, TargetRecord, read_record, timestamp, write_record
from deployment.targets import Target
from deployment.workspace import has_resources


class Lifecycle:
    """The verbs that change what is deployed on `target`; the caller holds the target's lock."""

    def __init__(self, target: Target, deployer: Deployer, console: Console, *, now: Callable[[], datetime]) -> None:
        self._target, self._deployer, self._console, self._now = target, deployer, console, now
        self._recording = threading.Lock()

    def deploy(self, stacks: Sequence[Stack]) -> TargetRecord:
        """Bring the cloud up and the stacks to what their code says; a stack that is so already is left alone."""
        environment = self._target.environment(self._ready(stacks))
        plans = self._agreed("Deploy", stacks, environment) if self._target.confirms else None
        try:
            self._deployer.apply(stacks, environment, self._keep, plans=plans)
        except DeploymentError as exc:
            if self._target.afresh and meets_leftovers(str(exc)):
                raise DeploymentError(
                    f"{exc}\nSomething else made that, or a Terraform that was killed. To start over: {self._target.afresh}."
                ) from exc
            raise
        return self._record()

    def plan(self, stacks: Sequence[Stack]) -> str:
        """Return what `deploy` would change, as Terraform shows it; empty when nothing."""
        environment = self._target.environment(self._ready(stacks))
        plans = self._deployer.plan(stacks, environment)
        try:
            return self._shown(stacks, environment, plans)
        finally:
            self._deployer.drop(plans)

    def destroy(self, stacks: Sequence[Stack]) -> None:
        """Delete everything that the stacks made, also what a deploy that failed half-way left."""
        try:
            record = self._target.reach()
        except NotDeployedError as nothing:
            self._console.say(f"nothing to destroy. {nothing.reason}")
            return
        made = [stack for stack in stacks if self._may_exist(record, stack)]
        if not made:
            self._console.say(
                f"nothing to destroy: {', '.join(stack.pipeline for stack in stacks)} not deployed on {self._target.name}"
            )
            return
        environment = self._target.environment(record)
        self._deployer.prepare(made, environment)
        if self._target.confirms:
            self._deployer.drop(self._agreed("Destroy", made, environment, destroy=True))
            self._deployer.let_buckets_go(made, environment)
        plans = self._deployer.plan(made, environment, destroy=True)
        self._deployer.apply(made, environment, self._forget, plans=plans)

    def _agreed(
        self, doing: str, stacks: Sequence[Stack], environment: Mapping[str, str], *, destroy: bool = False
    ) -> dict[str, PlanResult]:
        """Return the plans once the user has seen them and said yes; there is no question where there is nothing to do."""
        plans = self._deployer.plan(stacks, environment, destroy=destroy)
        changed = [stack for stack in stacks if not plans[stack.pipeline].is_empty]
        try:
            if changed:
                self._target.confirm(doing, changed, self._shown(changed, environment, plans))
        except BaseException:
            self._deployer.drop(plans)
            raise
        return plans

    def _shown(self, stacks: Sequence[Stack], environment: Mapping[str, str], plans: Mapping[str, PlanResult]) -> str:
        return "\n".join(
            self._deployer.show(stack, environment, plans[stack.pipeline])
            for stack in stacks
            if not plans[stack.pipeline].is_empty
        )

    def _ready(self, stacks: Sequence[Stack]) -> TargetRecord:
        """Bring up the target's servers while Terraform gets ready; who must be asked first is asked first."""
        if self._target.confirms:
            record = self._target.start()
            self._deployer.prepare(stacks, self._target.environment(record))
            return record
        self._deployer.check(self._target.environment(self._record()))
        with ThreadPoolExecutor(max_workers=1) as pool:
            preparing = pool.submit(self._deployer.prepare, stacks, self._target.environment(self._record()))
            record = self._target.start()
            preparing.result()
        return record

    def _keep(self, applied: Applied) -> None:
        pipeline = applied.stack.pipeline
        with self._recording:
            record = self._record()
            outputs = stack_outputs(applied.outputs, target=self._target.name, account_id=record.account_id)
            write_outputs(self._target.folders.outputs(pipeline), outputs)
            if applied.plan.creates("aws_s3_bucket"):  # what was sent before is in no bucket that there is
                park_runs(self._target.folders, pipeline, self._parking_name(record))
            if not (applied.plan.is_empty and record.is_current(pipeline)):
                stack = DeployedStack(timestamp(self._now()), record.instance_id, outputs["region"])
                write_record(self._target.folders.record, record.with_stack(pipeline, stack))
        self._console.say(
            f"{outputs['stream_name']} in {outputs['region']} delivers to s3://{outputs['bucket']}", about=pipeline
        )

    def _forget(self, applied: Applied) -> None:
        pipeline = applied.stack.pipeline
        with self._recording:
            record = self._record()
            path = self._target.folders.outputs(pipeline)
            bucket = f", s3://{read_outputs(path)['bucket']} with it" if path.exists() else ""
            path.unlink(missing_ok=True)
            park_runs(self._target.folders, pipeline, self._parking_name(record))
            write_record(self._target.folders.record, record.without_stack(pipeline))
        self._console.say(f"destroyed{bucket}", about=pipeline)

    def _may_exist(self, record: TargetRecord, stack: Stack) -> bool:
        return (
            record.is_current(stack.pipeline)
            or has_resources(self._target.folders.state(stack.pipeline))
            or self._target.backend(stack) is not None
        )

    def _parking_name(self, record: TargetRecord) -> str:
        moment = self._now().strftime("%Y%m%dT%H%M%S")
        return f"{record.instance_id or record.target}-until-{moment}"

    def _record(self) -> TargetRecord:
        return read_record(self._target.folders.record, self._target.name)
