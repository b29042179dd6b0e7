"""A checkout of its own for each module and target: the code under test, its own `.pipeline`, a HOME without settings, and `make`."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from deployment import localstack_server, loopback
from deployment.errors import DeploymentError
from deployment.target_record import ServerProcess

PROJECT = Path(__file__).resolve().parents[2]
TARGETS = ("local", "localstack")
REGIONS = ("ap-southeast-1", "us-east-2")
GLOBAL = frozenset({"s3", "iam", "sts"})
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
# What a service may hold: the operation that lists it, and where in the answer.
HOLDINGS = {
    "s3": (("list_buckets", "Buckets"),),
    "iam": (("list_roles", "Roles"), ("list_users", "Users"), ("list_groups", "Groups")),
    "sts": (),
    "firehose": (("list_delivery_streams", "DeliveryStreamNames"),),
    "logs": (("describe_log_groups", "logGroups"),),
    "glue": (("get_databases", "DatabaseList"),),
    "cloudwatch": (("describe_alarms", "MetricAlarms"), ("list_dashboards", "DashboardEntries")),
    "kms": (("list_keys", "Keys"),),
    "kinesis": (("list_streams", "StreamNames"),),
    "lambda": (("list_functions", "Functions"),),
    "sqs": (("list_queues", "QueueUrls"),),
    "sns": (("list_topics", "Topics"),),
    "dynamodb": (("list_tables", "TableNames"),),
    "events": (("list_rules", "Rules"),),
}


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


class LocalStackServer:
    """A LocalStack of ours on one port, for a user to point at; it keeps nothing when it ends."""

    def __init__(self, folder: Path, python: str, version: tuple[int, int]) -> None:
        self.folder, self._python, self._version = folder, python, version
        self.release = localstack_server.PINS[version][0]
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> ServerProcess:
        return localstack_server.start(self.folder, self.port, os.environ, python=self._python, version=self._version)

    def stop(self) -> None:
        localstack_server.stop(self.folder)

    def signal(self, number: signal.Signals) -> None:
        os.killpg(self.start().pid, number)

    def kill(self) -> None:
        """Take it down as a power cut would."""
        process = self.start()
        os.killpg(process.pid, signal.SIGKILL)
        _await_end(process.pid)

    def running_services(self) -> set[str]:
        services = loopback.get(f"{self.endpoint}/_localstack/health").body["services"]
        return {name for name, state in services.items() if state == "running"}


class Checkout:
    """The project in a folder of its own; `make` runs there as a user would, for one target."""

    def __init__(self, folder: Path, target: str, localstack: LocalStackServer | None = None) -> None:
        self.folder, self.target, self.localstack = folder, target, localstack
        self.work = folder / ".pipeline" / target
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
            **({"LOCALSTACK_HOST": f"localhost:{localstack.port}"} if localstack else {}),
            **{
                name: os.environ[name]
                for name in ("TF_CLI_CONFIG_FILE", "TF_PLUGIN_CACHE_DIR", "HTTPS_PROXY", "NO_PROXY")
                if name in os.environ
            },
        }

    def make(self, *arguments: str, timeout: float = 400) -> Done:
        """Run `make` and return how it ended; nothing is asserted."""
        return self.end(self.begin(*arguments), timeout=timeout)

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        """Start `make` in a session of its own, as a terminal would."""
        target = () if self.target == "local" else (f"TARGET={self.target}",)
        return subprocess.Popen(
            ["make", "--no-print-directory", *arguments, *target], cwd=self.folder, env=self.environment, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip

    def end(self, begun: subprocess.Popen[str], *, timeout: float = 400) -> Done:
        """Return how it ended."""
        began = time.monotonic()
        try:
            output, said = begun.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(begun.pid, signal.SIGKILL)
            begun.communicate()
            raise
        command = " ".join(map(str, begun.args[2:]))  # type: ignore[union-attr, index]
        return Done(command, begun.returncode, output, said, time.monotonic() - began)

    def named(self, verb: str) -> str:
        """Return the command of a verb as messages name it."""
        return f"make {verb}" + ("" if self.target == "local" else f" TARGET={self.target}")

    def record(self) -> dict[str, Any]:
        path = self.work / "target.json"
        return dict(json.loads(path.read_text("utf-8"))) if path.exists() else {}

    def kill(self, server: str) -> None:
        """Take a server down as a power cut would, its children too."""
        pid = self.record()["processes"][server]["pid"]
        os.killpg(pid, signal.SIGKILL)
        _await_end(pid)

    def holds(self, services: set[str] | None = None) -> list[str]:
        """Return what the deployed-to cloud holds, as ``service: name``; `services` limits the question to some."""
        endpoints, found = self.record()["endpoints"], []
        for service in sorted(services or HOLDINGS):
            for operation, key in HOLDINGS[service]:
                for region in REGIONS[:1] if service in GLOBAL else REGIONS:
                    client = boto3.client(
                        service,
                        region_name=region,
                        endpoint_url=endpoints.get(service, endpoints["default"]),
                        aws_access_key_id="test",
                        aws_secret_access_key="test",
                        config=Config(s3={"addressing_style": "path"}),
                    )
                    found += [f"{service}: {one}" for one in getattr(client, operation)().get(key, [])]
        return found

    def processes(self) -> list[str]:
        """Command lines of every process that was started from this folder."""
        listed = subprocess.run(["ps", "-eo", "pid=,args="], capture_output=True, text=True, check=True).stdout
        return [line for line in listed.splitlines() if str(self.folder) in line and " ps " not in line]

    def keep_reports(self, folder: Path) -> None:
        """Copy the reports to `folder`, whole or not at all: another worker may look for them."""
        beside = folder.with_name(f".{folder.name}")
        shutil.copytree(self.work / "reports", beside)
        beside.rename(folder)


def _await_end(pid: int) -> None:
    deadline = time.monotonic() + 10
    while Path(f"/proc/{pid}/stat").exists() and time.monotonic() < deadline:
        if ") Z" in Path(f"/proc/{pid}/stat").read_text("utf-8"):  # our own child, ended and not waited for
            return
        time.sleep(0.02)


@pytest.fixture(scope="session")
def start_localstack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., LocalStackServer]]:
    """Start a LocalStack on a Python; the package index is asked once, then the environment is there."""
    servers: dict[tuple[int, int], LocalStackServer] = {}

    def start(python: str = sys.executable, version: tuple[int, int] = sys.version_info[:2]) -> LocalStackServer:
        if version not in servers:
            servers[version] = LocalStackServer(tmp_path_factory.mktemp("localstack"), python, version)
        server = servers[version]
        try:
            server.start()
        except DeploymentError as exc:
            if "pip install" in str(exc):
                pytest.skip(f"LocalStack can't be installed here: {exc}")
            raise
        return server

    yield start
    for server in servers.values():
        server.stop()
        shutil.rmtree(server.folder, ignore_errors=True)


@pytest.fixture(scope="module", params=TARGETS)
def checkout(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    start_localstack: Callable[..., LocalStackServer],
) -> Iterator[Checkout]:
    """A fresh checkout, on a cloud that holds nothing."""
    localstack = None
    if request.param == "localstack":
        start_localstack().stop()  # what another module left in it goes with it
        localstack = start_localstack()
    checkout = Checkout(tmp_path_factory.mktemp("checkout"), request.param, localstack)
    yield checkout
    checkout.make("down")


@pytest.fixture(scope="session")
def new_checkout() -> type[Checkout]:
    return Checkout


@pytest.fixture(scope="session")
def kept_reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the reports of one target wait for another target's, also of another worker: ``<target>/<pipeline>/report.json``."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "kept-reports"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture
def succeeded() -> Callable[[Done], Done]:
    """Assert that a command went well, and show all of it where it did not."""

    def check(done: Done) -> Done:
        assert done.code == 0, f"make {done.command} ended with {done.code}\n{done.said}\n{done.output}"
        return done

    return check
