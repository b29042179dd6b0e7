"""Both pipelines in a real account, from deploy to destroy. Opt-in: `ALLOWED_ACCOUNT=<id> pytest tests/aws`; about ten minutes, a few cents."""

import os
import re
import subprocess
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


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["make", "--no-print-directory", *arguments, "TARGET=aws"]
    return subprocess.run(
        command, cwd=PROJECT, env={**os.environ, "CONFIRM": "yes"}, capture_output=True, text=True, check=False
    )


def succeeded(*arguments: str) -> str:
    done = make(*arguments)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


@pytest.fixture(scope="module", autouse=True)
def deployed() -> object:
    succeeded("deploy")
    yield
    succeeded("destroy")


def test_the_second_plan_is_empty() -> None:
    assert succeeded("plan") == "Nothing to do: what is deployed is what the code says.\n"


def test_everything_that_was_sent_is_delivered_or_quarantined() -> None:
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


def test_the_projection_answers_for_one_store() -> None:
    assert "S001" in succeeded(
        "query", "SQL=select p_store_id, count(*) from store_events where p_store_id = 'S001' group by 1"
    )
