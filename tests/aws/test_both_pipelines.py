"""Both pipelines in a real account, from deploy to destroy, from a copy of this checkout that knows of no other deployment. Opt-in:
`ALLOWED_ACCOUNT=<id> pytest tests/aws`; about ten minutes, and less than a few cents: 20 MB as Firehose bills
them, about a thousand objects, some Athena queries of 10 MB, and three alarms for as long.

Names that something else has in the account (the roles FirehoseWorkshop and FirehoseApacheLogs, the streams) make deploy fail and stay untouched;
`terraform/stacks/<pipeline>/aws.tfvars` can set others.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
RECORDS = 2000
BAD = 6

pytestmark = [
    pytest.mark.aws,
    pytest.mark.skipif(
        not os.environ.get("ALLOWED_ACCOUNT"), reason="ALLOWED_ACCOUNT names the account that may be used"
    ),
]

Succeeded = Callable[..., str]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("copy") / "project"
    shutil.copytree(
        PROJECT,
        folder,
        ignore=shutil.ignore_patterns(
            ".git", ".venv*", ".pipeline", ".terraform", "*.tfstate*", "__pycache__", ".*_cache"
        ),
    )
    (folder / ".venv").symlink_to(PROJECT / ".venv")
    return folder


@pytest.fixture(scope="module")
def succeeded(folder: Path) -> Iterator[Succeeded]:
    """Run a verb on AWS and return what it printed. What was deployed is destroyed, also when half of it failed."""

    def make(*arguments: str) -> str:
        done = subprocess.run(
            ["make", "--no-print-directory", *arguments, "TARGET=aws", "CONFIRM=yes"],
            cwd=folder, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    try:
        make("deploy")
        yield make
    finally:
        make("destroy")


def test_the_second_plan_is_empty(succeeded: Succeeded) -> None:
    assert succeeded("plan") == "Nothing to do: what is deployed is what the code says.\n"


def test_everything_that_was_sent_is_delivered_or_quarantined(succeeded: Succeeded) -> None:
    succeeded("produce", f"RECORDS={RECORDS}")
    output = succeeded("verify")
    rows = {
        name: [int(number.replace(",", "")) for number in numbers.split()]
        for name, numbers in re.findall(
            r"^\s*(store-inventory|apache-logs)((?:\s+[\d,]+){6})\s*$", output, re.MULTILINE
        )
    }
    submitted, accepted, delivered, quarantined, lost, duplicated = rows["store-inventory"]
    assert (submitted, accepted, quarantined, lost) == (RECORDS, RECORDS, BAD, 0)
    assert delivered == RECORDS - BAD + duplicated  # Firehose delivers at least once
    assert rows["apache-logs"][:2] == [RECORDS, RECORDS]
    assert rows["apache-logs"][4] == 0


def test_the_delivered_objects_answer_for_one_store(succeeded: Succeeded) -> None:
    assert "S001" in succeeded(
        "query", "SQL=select p_store_id, count(*) from store_events where p_store_id = 'S001' group by 1"
    )


def test_athena_finds_the_same_by_the_projection_of_the_query_table(succeeded: Succeeded, folder: Path) -> None:
    outputs = folder / ".pipeline/aws/outputs/store-inventory.json"
    bucket = json.loads(outputs.read_text("utf-8"))["bucket"]
    done = subprocess.run(
        [
            folder / ".venv/bin/python", "-m", "validators", "verify", "--outputs", outputs, "--manifest",
            folder / ".pipeline/aws/runs/store-inventory", "--engine", "athena", "--athena-output", f"s3://{bucket}/athena-results/",
            "--ignore", "athena-results/",
        ],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr + done.stdout
