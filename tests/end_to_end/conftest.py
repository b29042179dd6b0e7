"""A checkout of its own for each module: the code under test, its own `.pipeline`, a HOME without settings, and `make`."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parents[2]
CODE = (
    "Makefile",
    "pyproject.toml",
    "requirements.lock",
    "requirements-dev.lock",
    "terraform",
    "deployment",
    "firehose_spec",
    "local_firehose",
    "producers",
    "validators",
)


@dataclass(frozen=True)
class Done:
    """One `make` that has ended."""

    command: str
    code: int
    output: str
    said: str
    seconds: float

    def counts(self) -> dict[str, tuple[int, ...]]:
        """Submitted, accepted, delivered, quarantined, lost, duplicated by pipeline, from the printed tables."""
        found = {}
        for line in self.output.splitlines():
            match = re.match(r"\s*(store-inventory|apache-logs)((?:\s+[\d,]+){6})\s*$", line)
            if match:
                found[match[1]] = tuple(int(number.replace(",", "")) for number in match[2].split())
        return found


class Checkout:
    """The project in a folder of its own; `make` runs there as a user would."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.work = folder / ".pipeline" / "local"
        home = folder / "home"
        for name in CODE:
            source = PROJECT / name
            if source.is_dir():
                shutil.copytree(
                    source, folder / name, ignore=shutil.ignore_patterns("__pycache__", ".terraform", "*.tfstate*")
                )
            else:
                shutil.copy2(source, folder / name)  # with its time: the environment is older than no lock file
        (folder / ".venv").symlink_to(PROJECT / ".venv")
        home.mkdir()
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "AWS_PROFILE": "nobody",  # must not reach a local target
            "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9",
            **{
                name: os.environ[name]
                for name in ("TF_CLI_CONFIG_FILE", "TF_PLUGIN_CACHE_DIR", "HTTPS_PROXY", "NO_PROXY")
                if name in os.environ
            },
        }

    def make(self, *arguments: str, timeout: float = 400) -> Done:
        """Run `make` and return how it ended; nothing is asserted."""
        began = time.monotonic()
        done = subprocess.run(
            ["make", "--no-print-directory", *arguments],
            cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False, timeout=timeout,
        )  # fmt: skip
        return Done(" ".join(arguments), done.returncode, done.stdout, done.stderr, time.monotonic() - began)

    def record(self) -> dict[str, Any]:
        path = self.work / "target.json"
        return dict(json.loads(path.read_text("utf-8"))) if path.exists() else {}

    def kill(self, server: str) -> None:
        """Take a server down as a power cut would, its children too."""
        process = self.record()["processes"][server]
        os.killpg(process["pid"], signal.SIGKILL)
        deadline = time.monotonic() + 10
        while Path(f"/proc/{process['pid']}/stat").exists() and time.monotonic() < deadline:
            time.sleep(0.02)

    def processes(self) -> list[str]:
        """Command lines of every process that was started from this folder."""
        listed = subprocess.run(["ps", "-eo", "pid=,args="], capture_output=True, text=True, check=True).stdout
        return [line for line in listed.splitlines() if str(self.folder) in line and " ps " not in line]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    checkout = Checkout(tmp_path_factory.mktemp("checkout"))
    yield checkout
    checkout.make("down")


@pytest.fixture(scope="session")
def kept_reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the reports of one target wait for another target's: ``<target>-<records>/<pipeline>/report.json``."""
    return tmp_path_factory.mktemp("reports")


@pytest.fixture
def succeeded() -> Callable[[Done], Done]:
    """Assert that a command went well, and show all of it where it did not."""

    def check(done: Done) -> Done:
        assert done.code == 0, f"make {done.command} ended with {done.code}\n{done.said}\n{done.output}"
        return done

    return check
