"""What only a LocalStack can do to us, on the newest one that this machine can run: its reports against local's, and its being paused and
lost half-way through delivery.
"""

import io
import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from deployment import firehose_admin
from deployment.errors import FlushError
from deployment.local_clients import local_client
from deployment.servers import is_alive

pytestmark = pytest.mark.slow

RECORDS, BAD = 2000, 6  # as in test_demo.py, whose reports are compared with
ONE = ("PIPELINE=store-inventory", f"RECORDS={RECORDS}")
BUCKET = "store-inventory-000000000000-ap-southeast-1"
PAUSE_SECONDS = 32  # local_firehose gives a PUT up after 30
PROJECT = Path(__file__).resolve().parents[2]


def python_313() -> str | None:
    """Return a Python 3.13 of this machine: on PATH, or under pyenv."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    for candidate in (*sorted(pyenv.glob("versions/3.13*/bin/python")), shutil.which("python3.13")):
        if candidate is not None:
            asked = subprocess.run([candidate, "-c", "import venv"], capture_output=True, check=False)
            if asked.returncode == 0:
                return str(candidate)
    return None


@pytest.fixture(scope="module")
def there(
    tmp_path_factory: pytest.TempPathFactory, start_localstack: Callable[..., Any], new_checkout: Callable[..., Any]
) -> Iterator[Any]:
    newest = python_313()
    localstack = start_localstack(newest, (3, 13)) if newest else start_localstack()
    checkout = new_checkout(tmp_path_factory.mktemp("checkout"), "localstack", localstack)
    yield checkout
    checkout.make("down")


def test_the_newest_localstack_passes_the_same_verify(
    there: Any, succeeded: Callable[[Any], Any], kept_reports: Path
) -> None:
    done = succeeded(there.make("demo", f"RECORDS={RECORDS}"))
    assert f"LocalStack {there.localstack.release} (" in done.said
    assert done.counts() == {
        "store-inventory": (RECORDS, RECORDS, RECORDS - BAD, BAD, 0, 0),
        "apache-logs": (RECORDS, RECORDS, RECORDS, 0, 0, 0),
    }
    there.keep_reports(kept_reports / "newest")


def test_nothing_but_names_and_times_differs_from_the_reports_of_local(
    there: Any,
    kept_reports: Path,
    tmp_path: Path,
    new_checkout: Callable[..., Any],
    succeeded: Callable[[Any], Any],
) -> None:
    if not (kept_reports / "local").exists():  # this file runs alone
        local = new_checkout(tmp_path, "local")
        try:
            succeeded(local.make("demo", f"RECORDS={RECORDS}"))
        finally:
            local.make("down")
        if not (kept_reports / "local").exists():
            local.keep_reports(kept_reports / "local")
    others = sorted(path.name for path in kept_reports.glob("[a-z]*") if path.name != "local")
    assert "newest" in others
    for other in others:
        for pipeline in ("store-inventory", "apache-logs"):
            reports = [kept_reports / name / pipeline / "report.json" for name in ("local", other)]
            assert [json.loads(path.read_text("utf-8"))["target"] for path in reports] == ["local", "localstack"]
            compared = subprocess.run(
                [PROJECT / ".venv/bin/python", "-m", "validators", "compare", *reports],
                cwd=PROJECT, capture_output=True, text=True, check=False,
            )  # fmt: skip
            told = compared.stdout + compared.stderr
            assert (compared.returncode, told.rstrip().endswith("no difference but names and times")) == (0, True), told


def test_the_second_plan_is_empty(there: Any, succeeded: Callable[[Any], Any]) -> None:
    assert succeeded(there.make("plan")).output == "Nothing to do: what is deployed is what the code says.\n"


def test_destroy_after_down_starts_what_it_needs_and_deploy_mends_what_went_with_our_glue(
    there: Any, succeeded: Callable[[Any], Any]
) -> None:
    succeeded(there.make("down"))
    told = there.make("verify")
    assert (told.code, told.said.splitlines()[0]) == (
        2,
        "verify: What runs beside it was stopped. Run `make deploy TARGET=localstack` first.",
    )
    succeeded(there.make("destroy", "PIPELINE=apache-logs"))
    succeeded(there.make("deploy", "PIPELINE=store-inventory"))
    assert [
        name for name in there.holds({"s3", "iam"}) if "store-inventory" not in name and "FirehoseWorkshop" not in name
    ] == []


def test_paused_half_way_through_delivery_it_gets_everything_once_it_goes_on(
    there: Any, succeeded: Callable[[Any], Any]
) -> None:
    succeeded(there.make("produce", *ONE))
    before = delivered(stream(there))
    verifying = there.begin("verify", *ONE)
    half_way(there, before)
    there.localstack.signal(signal.SIGSTOP)
    try:
        time.sleep(PAUSE_SECONDS)
        assert verifying.poll() is None
        assert 0 < stream(there)["buffered_records"] < RECORDS
    finally:
        there.localstack.signal(signal.SIGCONT)
    sent, bad = 2 * RECORDS, 2 * BAD
    assert succeeded(there.end(verifying)).counts() == {"store-inventory": (sent, sent, sent - bad, bad, 0, 0)}


def test_lost_half_way_through_delivery_what_was_acknowledged_is_delivered_or_still_journalled_and_arrives(
    there: Any, succeeded: Callable[[Any], Any]
) -> None:
    succeeded(there.make("produce", *ONE))
    held = stream(there)
    assert (held["accepted_records"], held["buffered_records"]) == (3 * RECORDS, RECORDS)
    lost = there.localstack.start()  # it runs: this is its process
    refused: list[str] = []

    def flush() -> None:
        try:
            firehose_admin.flush(there.record()["endpoints"]["firehose"], timeout_seconds=15)
        except FlushError as exc:
            refused.append(str(exc))

    flushing = threading.Thread(target=flush)
    flushing.start()
    half_way(there, delivered(held))
    there.localstack.kill()
    flushing.join()
    assert "stays in the journal" in refused[0]
    assert not is_alive(lost)
    done = there.make("verify", *ONE)
    assert (done.code, done.said.splitlines()[0]) == (
        2,
        f"verify: No LocalStack answers at {lost.endpoint} ({lost.endpoint}/_localstack/health: [Errno 111] Connection refused). Start one in either way:",
    )
    then = stream(there)
    assert then["accepted_records"] == delivered(then) + then["buffered_records"]
    assert 0 < then["buffered_records"] < RECORDS
    there.kill("local_firehose")  # now the journal alone knows
    there.localstack.start()
    done = there.make("verify", *ONE)
    assert done.code == 2
    assert "does not hold what was deployed there (any more). Run `make deploy TARGET=localstack` first." in done.said
    local_client("s3", there.localstack.endpoint).create_bucket(Bucket=BUCKET)  # a LocalStack that keeps its buckets
    flushed = succeeded(there.make("flush"))
    assert "local_firehose has ended; starting it again over the same journal" in flushed.said
    now = stream(there)
    assert (delivered(now), now["buffered_records"]) == (3 * RECORDS, 0)
    assert sum(rows(there, key) for key in objects(there)) == then["buffered_records"]


def delivered(held: dict[str, Any]) -> int:
    return int(held["delivered_records"]) + int(held["quarantined_records"])


def rows(checkout: Any, key: str) -> int:
    body = local_client("s3", checkout.localstack.endpoint).get_object(Bucket=BUCKET, Key=key)["Body"].read()
    return body.count(b"\n") if key.startswith("error") else int(parquet.read_metadata(io.BytesIO(body)).num_rows)


def objects(checkout: Any) -> list[str]:
    pages = local_client("s3", checkout.localstack.endpoint).get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    return [entry["Key"] for page in pages for entry in page.get("Contents", [])]


def half_way(checkout: Any, before: int) -> None:
    """Return once some of what is on its way has arrived, and most has not; listing LocalStack's bucket would take too long to see it."""
    deadline = time.monotonic() + 30
    while delivered(stream(checkout)) < before + RECORDS // 20:
        assert time.monotonic() < deadline, "nothing is delivered"
        time.sleep(0.01)


def stream(checkout: Any) -> dict[str, Any]:
    streams = firehose_admin.status(checkout.record()["endpoints"]["firehose"])["streams"]
    return dict(next(one for one in streams if one["name"] == "SI-Firehose"))
