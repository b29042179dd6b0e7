"""``python -m deployment VERB``: arguments, the clock, exit codes.

Exit codes: 0 done; 1 `verify` has findings or a producer gave records up; 2 something is missing or failed, in one message; 130 interrupted.
"""

import argparse
import os
import signal
import sys
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import NoReturn

from deployment import firehose_admin
from deployment.aws import Aws
from deployment.aws_guard import new_session
from deployment.console import Console
from deployment.deployer import Deployer, TerraformSettings
from deployment.environment import export_lines
from deployment.errors import DeploymentError, RefusedError, disk_trouble
from deployment.folders import TargetFolders
from deployment.lifecycle import Lifecycle
from deployment.local_clients import local_client
from deployment.local_cloud import LocalCloud
from deployment.localstack import LocalStack
from deployment.servers import is_alive
from deployment.stacks import ALL, STACKS, selected
from deployment.state_backend import bootstrap
from deployment.status_report import status_lines
from deployment.target_lock import target_lock
from deployment.target_record import TargetRecord, read_record
from deployment.targets import NAMES, Target
from deployment.traffic import Programs, Traffic

PROJECT = Path(__file__).resolve().parent.parent
VERBS = (
    "demo",
    "deploy",
    "produce",
    "verify",
    "verify-selftest",
    "query",
    "plan",
    "status",
    "flush",
    "env",
    "destroy",
    "down",
    "bootstrap",
)


def main(
    arguments: Sequence[str] | None = None,
    *,
    environ: Mapping[str, str] = os.environ,
    work: Path = PROJECT / ".pipeline",
    home: Path | None = None,
) -> int:
    """Run one verb and return its exit code.

    Everything is written below `work`, one sub-folder a target; `home` is where Terraform's own configuration may lie.
    """
    parser = argparse.ArgumentParser(prog="python -m deployment", description="Deploy, feed and prove the pipelines.")
    parser.add_argument("verb", choices=VERBS)
    parser.add_argument("--target", default="local", help=f"one of {', '.join(NAMES)} (default: local)")
    parser.add_argument("--pipeline", default=ALL, help=f"one of {', '.join(STACKS)}, {ALL} (default: {ALL})")
    parser.add_argument(
        "--records", type=_positive, default=10_000, help="records that produce sends to each pipeline (default: 10000)"
    )
    parser.add_argument("--sql", default="", help="what query asks; without it, low stock by store")
    given = parser.parse_args(arguments)
    console = Console(sys.stderr, monotonic=time.monotonic)
    signal.signal(signal.SIGTERM, _stop)
    try:
        return _Verbs(given, console, environ, work, home or Path.home()).run()
    except DeploymentError as exc:
        console.show(f"{given.verb}: {exc}")
        return 2
    except OSError as exc:
        console.show(f"{given.verb}: {disk_trouble(exc, work)}")
        return 2
    except KeyboardInterrupt:
        console.show(f"{given.verb}: interrupted; run it again to carry on where it stopped")
        return 130


class _Verbs:
    """One verb with its arguments."""

    def __init__(
        self, given: argparse.Namespace, console: Console, environ: Mapping[str, str], work: Path, home: Path
    ) -> None:
        self._given, self._console = given, console
        folders = TargetFolders(work, given.target)
        self._folders, self._environ = folders, environ
        self._target = _target(given.target, folders, console, environ)
        settings = TerraformSettings(PROJECT / "terraform", environ, home, self._target.variables, self._target.backend)
        self._lifecycle = Lifecycle(self._target, Deployer(folders, settings, console), console, now=_now)
        self._traffic = Traffic(self._target, Programs(sys.executable, PROJECT), console, now=_now, new_id=_new_id)
        self._stacks = selected(given.pipeline)

    def run(self) -> int:
        verb: Callable[[], int] = getattr(self, self._given.verb.replace("-", "_"))
        return verb()

    def demo(self) -> int:
        self.deploy()
        return self.produce() or self.verify()

    def deploy(self) -> int:
        with self._locked():
            self._lifecycle.deploy(self._stacks)
        return 0

    def plan(self) -> int:
        with self._locked():
            shown = self._lifecycle.plan(self._stacks)
        print(shown or "Nothing to do: what is deployed is what the code says.")
        return 0

    def destroy(self) -> int:
        with self._locked():
            self._lifecycle.destroy(self._stacks)
        return 0

    def down(self) -> int:
        with self._locked():
            stopped = self._target.stop()
        self._console.say(f"stopped {' and '.join(stopped)}" if stopped else "nothing was running")
        return 0

    def produce(self) -> int:
        return self._traffic.produce(self._resumed(), self._stacks, records=self._given.records)

    def verify(self) -> int:
        return self._traffic.verify(self._resumed(), self._stacks)

    def verify_selftest(self) -> int:
        return self._traffic.selftest(self._resumed(), self._stacks)

    def query(self) -> int:
        return self._traffic.query(self._resumed(), STACKS["store-inventory"], self._given.sql)

    def flush(self) -> int:
        self._traffic.flush(self._resumed())
        return 0

    def bootstrap(self) -> int:
        if not self._target.confirms:
            raise RefusedError(
                f"TARGET is {self._target.name}: its state stays on this disk. bootstrap is for TARGET=aws."
            )
        with self._locked():
            record = self._target.start()
            session = new_session(self._environ)
            region = session.region_name or self._stacks[0].region
            self._console.say(f"state bucket for account {record.account_id} in {region}")
            bucket = bootstrap(
                self._folders, session.client("s3", region_name=region), account_id=record.account_id, region=region
            )
        self._console.say(f"state will be kept in s3://{bucket}; what is on this disk moves there with the next deploy")
        return 0

    def env(self) -> int:
        if self._target.confirms:
            raise RefusedError(
                f"TARGET is {self._target.name}: your shell's own AWS settings are used, there is nothing to export."
            )
        print(export_lines(self._environ, self._resumed().endpoints))
        return 0

    def status(self) -> int:
        record = read_record(self._folders.record, self._given.target)
        running = {name: is_alive(process) for name, process in record.processes.items()}
        streams = (
            firehose_admin.status(record.endpoints["firehose"])["streams"] if running.get("local_firehose") else []
        )
        print("\n".join(status_lines(record, running, streams)))
        return 0

    def _resumed(self) -> TargetRecord:
        with self._locked():
            return self._target.resume()

    def _locked(self) -> AbstractContextManager[None]:
        return target_lock(
            self._folders.lock,
            self._given.verb,
            on_wait=lambda holder: self._console.say(f"waiting for {holder} to end"),
        )


def _target(name: str, folders: TargetFolders, console: Console, environ: Mapping[str, str]) -> Target:
    if name == "local":
        return LocalCloud(folders, environ, console, PROJECT, sys.executable, _now, _new_id)
    if name == "localstack":
        return LocalStack(folders, environ, console, PROJECT, sys.executable, _now, _new_id, local_client)
    if name == "aws":
        answer = input if sys.stdin is not None and sys.stdin.isatty() else None
        return Aws(folders, environ, console, lambda: new_session(environ), answer)
    raise DeploymentError(f"TARGET is {name!r}; {', '.join(NAMES)} are known.")


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} given; a whole number, 1 or more, is needed")
    return int(text)


def _now() -> datetime:
    return datetime.now(UTC)


def _new_id() -> str:
    return uuid.uuid4().hex[:12]


def _stop(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
