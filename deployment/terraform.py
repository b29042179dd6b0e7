"""Terraform, driven through python-terraform; the only module that imports it.

Talks to: the terraform binary. python-terraform 0.10.1 builds the command lines; what it does otherwise with Terraform 1 is a row of
traps, each held by a test in tests/integration/deployment/test_terraform.py:

- it runs in the whole environment of this process, or in none at all: `_CommandLine` hands over the environment it was given;
- an empty dictionary of variables still becomes ``-var-file``, which a saved plan refuses: variables lie in a file of the folder;
- `destroy` sends ``-force``, which Terraform 1 does not know: a destroy plan is saved and applied;
- ``plan -detailed-exitcode`` answers 2 when there is something to do: no failure;
- ``output("name")`` raises on values that are not objects: all outputs are read and one is picked;
- an attribute that it lacks becomes a sub-command: no name of its own is ever called but the few below.
"""

import json
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from python_terraform import IsFlagged, IsNotFlagged, Terraform

from deployment.errors import TerraformCommandError, TerraformNotFoundError, TerraformTooOldError
from deployment.plan import Diagnostic, Event, PlanResult, ResourceChange, read_event, read_output_changes, under_way

MINIMUM_VERSION = "1.10"  # S3 state with a lock file, validations that look at other variables

_RUNNING: set[subprocess.Popen[str]] = set()
_RUNNING_LOCK = threading.Lock()


def interrupt_all() -> None:
    """Ask every terraform that runs for us to stop: it finishes what it began and saves its state."""
    with _RUNNING_LOCK:
        for process in _RUNNING:
            process.terminate()


class TerraformAdapter:
    """Terraform in one folder.

    Args:
        folder: root module; state and plug-ins fall there.
        environment: the whole environment of terraform.
        on_event: is told of progress and diagnostics, line by line, while terraform runs.
    """

    def __init__(
        self, folder: Path, *, environment: Mapping[str, str], on_event: Callable[[Event], None] = lambda _: None
    ) -> None:
        self._folder, self._on_event = folder, on_event
        self._cli = _CommandLine(folder, environment)

    def version(self) -> str:
        """Return terraform's version.

        Raises:
            TerraformNotFoundError: none on PATH.
            TerraformTooOldError: older than `MINIMUM_VERSION`.
        """
        exit_code, output, errors = self._cli.cmd("version", json=IsFlagged)
        try:
            found = str(json.loads(output[output.index("{") :])["terraform_version"])
            if exit_code:
                raise ValueError(exit_code)
        except (ValueError, KeyError) as exc:  # a wrapper without a version chosen, or something else of that name
            raise TerraformCommandError("version", self._folder.name, exit_code, (), errors or output) from exc
        if _numbers(found) < _numbers(MINIMUM_VERSION):
            raise TerraformTooOldError(found, MINIMUM_VERSION)
        return found

    def init(self, *, backend: Mapping[str, str] | None = None, migrate: bool = False) -> None:
        """Fetch modules and providers and set up the backend; `backend` are settings of a partial backend block.

        With `migrate` the state that lies in the folder is copied to the backend.

        Raises:
            TerraformCommandError: also when no provider is to be had; its output says so.
        """
        exit_code, output, errors = self._cli.init(
            backend_config=dict(backend) if backend else None,
            var=None,
            reconfigure=IsNotFlagged if migrate else IsFlagged,
            migrate_state=IsFlagged if migrate else IsNotFlagged,
            force_copy=IsFlagged if migrate else IsNotFlagged,
        )
        if exit_code:
            raise TerraformCommandError("init", self._folder.name, exit_code, (), errors or output)

    def plan(self, file: Path, *, destroy: bool = False, targets: Sequence[str] = ()) -> PlanResult:
        """Save a plan to `file` and return what it would change; nothing is created. `targets` limit it to some addresses.

        The file holds variables in clear: it lies in a private folder and the caller deletes it.

        Raises:
            TerraformCommandError: the plan failed; `diagnostics` say why.
        """
        lines, events = self._run(
            "plan",
            self._cli.plan,
            ok=(0, 2),
            out=str(file),
            json=IsFlagged,
            var=None,
            destroy=IsFlagged if destroy else IsNotFlagged,
            target=list(targets),
        )
        changes = tuple(event for event in events if isinstance(event, ResourceChange))
        return PlanResult(file, changes, read_output_changes(lines))

    def apply(self, plan: PlanResult) -> None:
        """Carry out exactly the saved plan; destroying is applying a destroy plan.

        Raises:
            TerraformCommandError: what failed is in `diagnostics`; what was made until then is in the state.
        """
        self._run("apply", self._cli.apply, ok=(0,), dir_or_plan=str(plan.file), json=IsFlagged, var=None)

    def show(self, plan: PlanResult) -> str:
        """Return the saved plan as Terraform shows it to people."""
        exit_code, output, errors = self._cli.cmd("show", str(plan.file), no_color=IsFlagged)
        if exit_code:
            raise TerraformCommandError("show", self._folder.name, exit_code, (), errors or output)
        return output

    def outputs(self) -> dict[str, Any]:
        """Return the root outputs by name; empty before the first apply."""
        found = self._cli.output()
        if found is None:
            raise TerraformCommandError("output", self._folder.name, 1, ())
        return {name: value["value"] for name, value in found.items()}

    def _run(
        self, command: str, call: Callable[..., tuple[int, str, str]], *, ok: tuple[int, ...], **options: Any
    ) -> tuple[list[str], list[Event]]:
        events: list[Event] = []

        def on_line(line: str) -> None:
            event = read_event(line)
            if event is not None:
                events.append(event)
                self._on_event(event)

        with self._cli.told(on_line):
            exit_code, output, errors = call(**options)
        if exit_code not in ok:
            failures = [event for event in events if isinstance(event, Diagnostic) and event.severity == "error"]
            told = errors or "\n".join(line for line in output.splitlines() if not line.startswith("{"))
            raise TerraformCommandError(command, self._folder.name, exit_code, failures, told, under_way(events))
        return output.splitlines(), events


class _Told:
    """Hands each line of standard output to a function for as long as the block lasts."""

    def __init__(self, cli: "_CommandLine", on_line: Callable[[str], None]) -> None:
        self._cli, self._on_line = cli, on_line

    def __enter__(self) -> None:
        self._cli.on_line = self._on_line

    def __exit__(self, *_: object) -> None:
        self._cli.on_line = None


class _CommandLine(Terraform):  # type: ignore[misc]
    """python-terraform's command lines, run in an environment of our choice and read line by line."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        binary = shutil.which("terraform", path=environment.get("PATH"))
        if binary is None:
            raise TerraformNotFoundError(MINIMUM_VERSION)
        self.environment = dict(environment)
        self.on_line: Callable[[str], None] | None = None
        super().__init__(working_dir=str(folder), terraform_bin_path=binary)
        self.variables = None  # {} would become an empty -var-file

    def told(self, on_line: Callable[[str], None]) -> _Told:
        return _Told(self, on_line)

    def read_state_file(self, file_path: str | None = None) -> None:
        """Do not: state is Terraform's own, and may lie in S3."""

    def cmd(self, cmd: str, *args: str, **options: Any) -> tuple[int, str, str]:
        """Run terraform and return exit code, standard output and standard error."""
        command = self.generate_cmd_string(cmd, *args, **options)
        lines: list[str] = []
        with (
            tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors,
            subprocess.Popen(
                command,
                cwd=self.working_dir,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,  # Ctrl-C would reach it beside our own signal, and two make it drop everything
            ) as process,
        ):
            with _RUNNING_LOCK:
                _RUNNING.add(process)
            try:
                for line in process.stdout or ():
                    lines.append(line)
                    if self.on_line is not None:
                        self.on_line(line)
                exit_code = process.wait()
            finally:
                with _RUNNING_LOCK:
                    _RUNNING.discard(process)
            errors.seek(0)
            told = errors.read()
        self.temp_var_files.clean_up()
        return exit_code, "".join(lines), told


def _numbers(version: str) -> tuple[int, ...]:
    """Return the numbers of a version; ``1.10.0-beta1`` counts as 1.10.0."""
    return tuple(int(part) for part in version.split("-", maxsplit=1)[0].split("."))
