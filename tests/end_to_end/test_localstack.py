"""The same verbs on a real LocalStack, in an environment of its own: both pipelines, the same reports as on local, and LocalStack lost
between sending and delivery.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from deployment import localstack_server
from deployment.errors import DeploymentError
from deployment.local_clients import local_client
from deployment.servers import is_alive
from deployment.target_record import ServerProcess

pytestmark = pytest.mark.slow

RECORDS, BAD = 2000, 6  # as in test_demo.py, whose reports are compared with
TARGET = "TARGET=localstack"


@pytest.fixture(scope="module")
def localstack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], ServerProcess]]:
    """Start LocalStack, or say that it runs; the package index is asked once, then the environment is there."""
    folder = tmp_path_factory.mktemp("localstack")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    def start() -> ServerProcess:
        return localstack_server.start(folder, port, os.environ)

    try:
        start()
    except DeploymentError as exc:
        if "uv pip install" in str(exc) or "pip install" in str(exc):
            pytest.skip(f"LocalStack can't be installed here: {exc}")
        raise
    yield start
    localstack_server.stop(folder)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def there(checkout: Any, localstack: Callable[[], ServerProcess]) -> Iterator[Any]:
    checkout.environment["LOCALSTACK_HOST"] = f"localhost:{localstack().port}"
    checkout.environment.pop("AWS_ENDPOINT_URL_S3", None)
    yield checkout
    checkout.make("down", TARGET)


def test_both_pipelines_pass_the_same_verify_as_on_local(there: Any, succeeded: Callable[[Any], Any]) -> None:
    done = succeeded(there.make("demo", TARGET, f"RECORDS={RECORDS}"))
    assert "account 000000000000" in done.said
    assert done.counts() == {
        "store-inventory": (RECORDS, RECORDS, RECORDS - BAD, BAD, 0, 0),
        "apache-logs": (RECORDS, RECORDS, RECORDS, 0, 0, 0),
    }


def test_nothing_but_names_and_times_differs_from_the_reports_of_local(
    there: Any, kept_reports: Path, succeeded: Callable[[Any], Any]
) -> None:
    local = kept_reports / f"local-{RECORDS}"
    if not local.exists():  # this file runs alone
        succeeded(there.make("demo", f"RECORDS={RECORDS}"))
        shutil.copytree(there.work / "reports", local)
        succeeded(there.make("down"))
    for pipeline in ("store-inventory", "apache-logs"):
        reports = [
            local / pipeline / "report.json",
            there.folder / ".pipeline/localstack/reports" / pipeline / "report.json",
        ]
        assert [json.loads(path.read_text("utf-8"))["target"] for path in reports] == ["local", "localstack"]
        compared = subprocess.run(
            [there.folder / ".venv/bin/python", "-m", "validators", "compare", *reports],
            cwd=there.folder, env=there.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        told = compared.stdout + compared.stderr
        assert (compared.returncode, told.rstrip().endswith("no difference but names and times")) == (0, True), told


def test_the_second_plan_is_empty_there_too(there: Any, succeeded: Callable[[Any], Any]) -> None:
    assert succeeded(there.make("plan", TARGET)).output == "Nothing to do: what is deployed is what the code says.\n"


def test_destroy_after_down_starts_what_it_needs_and_leaves_nothing_in_localstack(
    there: Any, localstack: Callable[[], ServerProcess], succeeded: Callable[[Any], Any]
) -> None:
    succeeded(there.make("down", TARGET))
    told = there.make("verify", TARGET)
    assert (told.code, told.said.splitlines()[0]) == (
        2,
        "verify: What runs beside it was stopped. Run `make deploy TARGET=localstack` first.",
    )
    succeeded(there.make("destroy", "PIPELINE=apache-logs", TARGET))
    succeeded(there.make("deploy", "PIPELINE=store-inventory", TARGET))  # the tables that went with our Glue
    endpoint = localstack().endpoint
    assert [bucket["Name"] for bucket in local_client("s3", endpoint).list_buckets()["Buckets"]] == [
        "store-inventory-000000000000-ap-southeast-1"
    ]
    assert [role["RoleName"] for role in local_client("iam", endpoint).list_roles()["Roles"]] == ["FirehoseWorkshop"]


def test_what_was_acknowledged_is_still_journalled_when_localstack_is_lost(
    there: Any, localstack: Callable[[], ServerProcess], succeeded: Callable[[Any], Any]
) -> None:
    succeeded(there.make("produce", "PIPELINE=store-inventory", TARGET, f"RECORDS={RECORDS}"))
    lost = localstack()
    os.killpg(lost.pid, signal.SIGKILL)
    done = there.make("verify", "PIPELINE=store-inventory", TARGET)
    assert (done.code, done.said.splitlines()[0]) == (
        2,
        f"verify: No LocalStack answers at {lost.endpoint} ({lost.endpoint}/_localstack/health: [Errno 111] Connection refused). Start one in either way:",
    )
    assert not is_alive(lost)
    localstack()
    done = there.make("verify", "PIPELINE=store-inventory", TARGET)
    assert done.code == 2
    assert "does not hold what was deployed there (any more). Run `make deploy TARGET=localstack` first." in done.said
    journal: Path = there.folder / ".pipeline" / "localstack" / "firehose"
    assert sum(path.stat().st_size for path in journal.rglob("*") if path.is_file()) > RECORDS * 100
