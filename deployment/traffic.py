"""produce, verify, verify-selftest, query, flush: what goes through the deployed pipelines, done by the programs that know how.

Talks to: child processes (`python -m producers`, `python -m validators`) in the target's environment, local_firehose, disk.
"""

import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from deployment import firehose_admin
from deployment.atomic_file import write_atomically
from deployment.console import Console
from deployment.errors import DeploymentError, NotDeployedError, NothingSentError
from deployment.outputs import read_outputs
from deployment.stacks import Stack
from deployment.target_record import TargetRecord
from deployment.targets import Target

BAD_SHARE = 0.003  # of the events that `produce` sends, so that every kind of failure can be seen
AWS_WAIT_SECONDS = 300  # 60 s of buffer, 1.5 times with partitioning, and what S3 takes


@dataclass(frozen=True, slots=True)
class Programs:
    """How to run our other packages: `python` in the folder `project`."""

    python: str
    project: Path

    def run(self, arguments: Sequence[str], environment: Mapping[str, str]) -> int:
        """Run ``python -m`` with `arguments`, its output going where ours goes; return its exit code."""
        return subprocess.run(
            [self.python, "-m", *arguments],
            cwd=self.project,
            env=environment,
            stdin=subprocess.DEVNULL,
            check=False,
        ).returncode


class Traffic:
    """The verbs that use what is deployed on `target`."""

    def __init__(
        self,
        target: Target,
        programs: Programs,
        console: Console,
        *,
        now: Callable[[], datetime],
        new_id: Callable[[], str],
    ) -> None:
        self._target, self._programs, self._console, self._now, self._new_id = target, programs, console, now, new_id

    def produce(self, record: TargetRecord, stacks: Sequence[Stack], *, records: int) -> int:
        """Send `records` records to each stack; return 0 if all were accepted, else the first producer's exit code."""
        self._require(record, stacks)
        environment = self._target.environment(record)
        codes = []
        for stack in stacks:
            outputs = read_outputs(self._target.folders.outputs(stack.pipeline))
            run_id = f"{self._now():%Y%m%dT%H%M%S}-{self._new_id()[:4]}"
            manifest = self._target.folders.runs(stack.pipeline) / f"{run_id}.json"
            manifest.parent.mkdir(parents=True, exist_ok=True)
            send = {"store-inventory": self._send_events, "apache-logs": self._send_log}[stack.pipeline]
            code = send(outputs, run_id, manifest, records, environment)
            if code:
                self._console.say(f"the producer ended with exit code {code}", about=stack.pipeline)
            codes.append(code)
        return next((code for code in codes if code), 0)

    def verify(self, record: TargetRecord, stacks: Sequence[Stack]) -> int:
        """Compare what was delivered with all that was sent since the bucket was made; return 0, or 1 on any finding."""
        self._require(record, stacks)
        manifests = self._manifests(stacks)
        if self._target.flushes:
            self.flush(record)
        environment = self._target.environment(record)
        codes = []
        for stack in stacks:
            arguments = ["validators", "verify", "--outputs", str(self._target.folders.outputs(stack.pipeline))]
            for manifest in manifests[stack.pipeline]:
                arguments += ["--manifest", str(manifest)]
            arguments += ["--report-dir", str(self._target.folders.reports(stack.pipeline))]
            if not self._target.flushes:
                arguments += ["--wait", str(AWS_WAIT_SECONDS)]
            codes.append(self._programs.run(arguments, environment))
        return max(codes)

    def selftest(self, record: TargetRecord, stacks: Sequence[Stack]) -> int:
        """Break copies of what was delivered in every known way; return 0 if the right check names each."""
        self._require(record, stacks)
        self._manifests(stacks)
        environment = self._target.environment(record)
        return max(
            self._programs.run(
                [
                    "validators", "selftest", "--outputs", str(self._target.folders.outputs(stack.pipeline)),
                    "--manifest", str(self._target.folders.runs(stack.pipeline)),
                ],
                environment,
            )
            for stack in stacks
        )  # fmt: skip

    def query(self, record: TargetRecord, stack: Stack, sql: str) -> int:
        """Run `sql` over the delivered objects of `stack`; empty for the standing question, low stock by store."""
        self._require(record, [stack])
        arguments = ["validators", "query", "--outputs", str(self._target.folders.outputs(stack.pipeline))]
        return self._programs.run(
            [*arguments, *(["--sql", sql] if sql.strip() else [])], self._target.environment(record)
        )

    def flush(self, record: TargetRecord) -> None:
        """Deliver everything that is buffered.

        Raises:
            DeploymentError: on a target that can't be asked to.
            FlushError: something could not be delivered.
        """
        if not self._target.flushes:
            raise DeploymentError(
                f"TARGET is {self._target.name}: AWS can't be told to deliver. Wait for the buffering interval, 60 s."
            )
        flushed = firehose_admin.flush(record.endpoints["firehose"])
        self._console.say(f"flushed: {flushed.records} records delivered in {flushed.objects} objects")

    def _send_events(
        self, outputs: Mapping[str, Any], run_id: str, manifest: Path, records: int, environment: Mapping[str, str]
    ) -> int:
        arguments = ["producers", "store-inventory", "--stream", outputs["stream_name"], "--region", outputs["region"]]
        arguments += [
            "--records",
            str(records),
            "--run-id",
            run_id,
            "--bad-share",
            str(BAD_SHARE),
            "--manifest",
            str(manifest),
        ]
        return self._programs.run(arguments, environment)

    def _send_log(
        self, outputs: Mapping[str, Any], run_id: str, manifest: Path, records: int, environment: Mapping[str, str]
    ) -> int:
        log = self._target.folders.samples / f"{run_id}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        seed = str(int.from_bytes(run_id.encode()[-4:], "big"))
        code = self._programs.run(
            ["producers", "sample-log", "--lines", str(records), "--seed", seed, "--out", str(log)], environment
        )
        if code:
            return code
        config = self._target.folders.samples / "config.json"
        settings = {"stream_name": outputs["stream_name"], "region": outputs["region"], "log_file": str(log)}
        write_atomically(config, json.dumps(settings, indent=2) + "\n")
        return self._programs.run(
            [
                "producers",
                "apache-logs",
                "--config",
                str(config),
                "--region",
                outputs["region"],
                "--manifest",
                str(manifest),
            ],
            environment,
        )

    def _manifests(self, stacks: Sequence[Stack]) -> dict[str, list[Path]]:
        """Return what was sent to each stack since its bucket was made.

        Raises:
            NothingSentError: nothing.
        """
        found = {stack.pipeline: sorted(self._target.folders.runs(stack.pipeline).glob("*.json")) for stack in stacks}
        for stack in stacks:
            if not found[stack.pipeline]:
                raise NothingSentError(stack.pipeline, self._command("produce"))
        return found

    def _require(self, record: TargetRecord, stacks: Sequence[Stack]) -> None:
        missing = [stack.pipeline for stack in stacks if not record.is_current(stack.pipeline)]
        if missing:
            raise NotDeployedError(
                f"{' and '.join(missing)} not deployed on {self._target.name}.", self._command("deploy")
            )

    def _command(self, verb: str) -> str:
        return f"make {verb}" + ("" if self._target.name == "local" else f" TARGET={self._target.name}")
