"""The main job as a user runs it, in the order of this file, on each local target: one cloud, one deployment, both pipelines."""

import json
import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from firehose_spec import schemas

pytestmark = pytest.mark.slow

RECORDS = 2000
BAD = 6  # 0.003 of them


def test_before_anything_each_verb_names_the_first_step(checkout: Any) -> None:
    nothing = {"local": "The local cloud is not running.", "localstack": "Nothing is deployed on localstack."}
    for verb in ("produce", "verify", "query", "flush", "env"):
        done = checkout.make(verb)
        assert (done.code, done.said.splitlines()[0]) == (
            2,
            f"{verb}: {nothing[checkout.target]} Run `{checkout.named('deploy')}` first.",
        )
    for verb in ("status", "destroy", "down"):
        assert checkout.make(verb).code == 0


def test_demo_deploys_feeds_and_proves_both_pipelines(
    checkout: Any, succeeded: Callable[[Any], Any], kept_reports: Path
) -> None:
    done = succeeded(checkout.make("demo", f"RECORDS={RECORDS}"))
    assert ("account 000000000000" in done.said) is (checkout.target == "localstack")
    assert done.counts() == {
        "store-inventory": (RECORDS, RECORDS, RECORDS - BAD, BAD, 0, 0),
        "apache-logs": (RECORDS, RECORDS, RECORDS, 0, 0, 0),
    }
    assert done.seconds < 300
    checkout.keep_reports(kept_reports / checkout.target)


def test_files_that_others_read_keep_their_schemas(checkout: Any) -> None:
    work: Path = checkout.work
    jsonschema.validate(json.loads((work / "target.json").read_text("utf-8")), schemas.load("target"))
    for pipeline in ("store-inventory", "apache-logs"):
        jsonschema.validate(
            json.loads((work / "outputs" / f"{pipeline}.json").read_text("utf-8")), schemas.load("stack_outputs")
        )
        jsonschema.validate(
            json.loads((work / "reports" / pipeline / "report.json").read_text("utf-8")), schemas.load("report")
        )
        (manifest,) = (work / "runs" / pipeline).glob("*.json")
        jsonschema.validate(json.loads(manifest.read_text("utf-8")), schemas.load("manifest"))


def test_the_second_plan_is_empty(checkout: Any, succeeded: Callable[[Any], Any]) -> None:
    assert succeeded(checkout.make("plan")).output == "Nothing to do: what is deployed is what the code says.\n"


def test_the_exported_environment_reaches_the_cloud_from_a_shell(
    checkout: Any, succeeded: Callable[[Any], Any]
) -> None:
    lines = succeeded(checkout.make("env")).output
    script = f"{lines}\n{shlex.quote(str(checkout.folder / '.venv/bin/python'))} -c {shlex.quote(LIST_STREAMS)}"
    done = subprocess.run(["sh", "-c", script], env=checkout.environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "['SI-Firehose']\n"), done.stderr


LIST_STREAMS = "import boto3; print(boto3.client('firehose', region_name='ap-southeast-1').list_delivery_streams()['DeliveryStreamNames'])"


def test_killed_between_sending_and_delivery_it_loses_nothing(checkout: Any, succeeded: Callable[[Any], Any]) -> None:
    succeeded(checkout.make("produce", "PIPELINE=store-inventory", f"RECORDS={RECORDS}"))
    checkout.kill("local_firehose")
    done = succeeded(checkout.make("verify"))
    assert "local_firehose has ended; starting it again over the same journal" in done.said
    assert done.counts() == {
        "store-inventory": (2 * RECORDS, 2 * RECORDS, 2 * (RECORDS - BAD), 2 * BAD, 0, 0),
        "apache-logs": (RECORDS, RECORDS, RECORDS, 0, 0, 0),
    }


def test_a_query_counts_what_was_sent_to_each_store_and_hour(checkout: Any, succeeded: Callable[[Any], Any]) -> None:
    sent: dict[str, int] = {}
    for path in (checkout.work / "runs" / "store-inventory").glob("*.json"):
        for partition, count in json.loads(path.read_text("utf-8"))["partitions"].items():
            sent[partition] = sent.get(partition, 0) + count
    partition = max(sent, key=lambda name: sent[name])
    store, year, month, day, hour = re.fullmatch(r"store_id=(\w+)/(\d+)/(\d+)/(\d+)/(\d+)", partition).groups()  # type: ignore[union-attr]
    where = f"p_store_id = '{store}' and year = {int(year)} and month = {int(month)} and day = {int(day)} and hour = {int(hour)}"
    done = succeeded(checkout.make("query", f"SQL=select count(*) as events from store_events where {where}"))
    assert re.findall(r"\b\d+\b", done.output)[-1] == str(sent[partition])


def test_the_standing_question_is_answered(checkout: Any, succeeded: Callable[[Any], Any]) -> None:
    assert succeeded(checkout.make("query")).output.split()[:2] == ["store_id", "low_items"]


def test_a_second_demo_deploys_nothing_and_proves_all_runs(checkout: Any, succeeded: Callable[[Any], Any]) -> None:
    done = succeeded(checkout.make("demo", f"RECORDS={RECORDS}"))
    assert done.said.count("plan: nothing to do") == 2
    assert done.counts()["store-inventory"] == (3 * RECORDS, 3 * RECORDS, 3 * (RECORDS - BAD), 3 * BAD, 0, 0)
    assert done.seconds < 180


def test_destroy_leaves_nothing_and_down_no_process(checkout: Any, succeeded: Callable[[Any], Any]) -> None:
    held = checkout.holds({"s3", "iam", "firehose", "logs", "glue", "cloudwatch"})
    assert {one.partition(":")[0] for one in held} == {"s3", "iam", "firehose", "logs", "glue", "cloudwatch"}
    succeeded(checkout.make("destroy"))
    if checkout.localstack is None:
        assert checkout.holds() == []
    else:
        running = (
            checkout.localstack.running_services()
        )  # a service that never ran holds nothing, and asking would start it
        assert running >= {"s3", "iam", "logs", "cloudwatch"}
        assert checkout.holds(running | {"firehose", "glue"}) == []
    again = succeeded(checkout.make("destroy"))
    assert "nothing to destroy" in again.said
    produced = checkout.make("produce")
    assert (produced.code, produced.said.splitlines()[0]) == (
        2,
        f"produce: store-inventory and apache-logs not deployed on {checkout.target}. Run `{checkout.named('deploy')}` first.",
    )
    succeeded(checkout.make("down"))
    assert checkout.processes() == []
    assert {path.name for path in checkout.folder.iterdir()} - {"Makefile", "pyproject.toml", ".venv", "home"} == {
        ".pipeline", "deployment", "firehose_spec", "local_firehose", "producers", "requirements-dev.lock", "requirements.lock", "terraform",
        "validators",
    }  # fmt: skip
