"""TARGET=localstack after its cloud was lost, or seems to be: what is put aside, and what never is."""

import functools
import io
import json
import os
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from deployment import emulator
from deployment.console import Console
from deployment.errors import NotDeployedError, RecordFileError, TargetUnreachableError
from deployment.folders import TargetFolders
from deployment.local_clients import local_client
from deployment.localstack import LocalStack
from deployment.target_record import DeployedStack, TargetRecord, write_record

PROJECT = Path(__file__).resolve().parents[3]
LOCALSTACK = {
    "/_localstack/health": (200, {"services": {"s3": "available", "glue": "available"}}),
    "/_localstack/info": (200, {"session_id": "new"}),
    "glue": (200, {"DatabaseList": []}),
}
WITHOUT_SESSION = {"glue": (200, {"DatabaseList": []})}
Serve = Callable[[dict[str, Any]], str]
Make = Callable[..., LocalStack]


def state(*buckets: str) -> str:
    made = [{"attributes": {"bucket": name}} for name in buckets]
    return json.dumps({"resources": [{"mode": "managed", "type": "aws_s3_bucket", "instances": made}]})


@pytest.fixture
def deployed(tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    """A target with a journal, deployed to a cloud whose session was `session`; what answers now is up to the test."""
    for name in ("LOCALSTACK_HOST", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(emulator, "PAGE_SECONDS", 0.5)
    folders = TargetFolders(tmp_path, "localstack")
    targets: list[LocalStack] = []

    def make(
        answers: dict[str, Any], *, session: str | None = "old", states: dict[str, str] | None = None
    ) -> LocalStack:
        endpoint = serve(answers)
        for pipeline, text in (states or {"apache-logs": state("logs"), "store-inventory": state("events")}).items():
            folders.state(pipeline).parent.mkdir(parents=True, exist_ok=True)
            folders.state(pipeline).write_text(text, "utf-8")
        (folders.firehose / "journal").mkdir(parents=True)
        (folders.firehose / "journal" / "1").write_text("acknowledged", "utf-8")
        stacks = {"apache-logs": DeployedStack("2026-11-22T00:00:00.000Z", session, "us-east-2")}
        write_record(
            folders.record, TargetRecord("localstack", "000000000000", session, {"default": endpoint}, {}, stacks)
        )
        client = functools.partial(local_client, patience_seconds=0.3)
        console = Console(io.StringIO(), monotonic=lambda: 0.0)
        target = LocalStack(
            folders, os.environ, console, PROJECT, sys.executable, lambda: datetime.now(UTC), lambda: "id", client
        )
        targets.append(target)
        return target

    yield make
    for target in targets:
        target.stop()


def everything(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param({**LOCALSTACK, "bucket": "hang"}, id="bucket-hangs"),
        pytest.param({**LOCALSTACK, "bucket": 403}, id="bucket-403"),
        pytest.param({**LOCALSTACK, "bucket": 500}, id="bucket-500"),
        pytest.param({**LOCALSTACK, "/_localstack/info": "hang"}, id="info-hangs"),
        pytest.param({**LOCALSTACK, "/_localstack/health": "hang"}, id="health-hangs"),
        pytest.param({**LOCALSTACK, "/_localstack/health": 500}, id="health-500"),
        pytest.param({**LOCALSTACK, "glue": "hang"}, id="glue-hangs"),
        pytest.param({**LOCALSTACK, "sts": "hang"}, id="sts-hangs"),
    ],
)
@pytest.mark.parametrize("verb", ["start", "resume"])
def test_what_does_not_answer_changes_nothing(deployed: Make, answers: dict[str, Any], verb: str) -> None:
    target = deployed(answers)
    before = everything(target.folders.base)
    with pytest.raises(TargetUnreachableError, match=r"Nothing was changed|No LocalStack answers at"):
        getattr(target, verb)()
    assert everything(target.folders.base) == before


@pytest.mark.parametrize(
    ("answers", "session"),
    [
        pytest.param(LOCALSTACK, "old", id="another-session"),
        pytest.param(WITHOUT_SESSION, "made-up-by-us", id="without-sessions"),
    ],
)
def test_a_cloud_that_says_that_the_buckets_are_gone_is_another_one(
    deployed: Make, answers: dict[str, Any], session: str
) -> None:
    target = deployed({**answers, "bucket": 404}, session=session)
    before = everything(target.folders.base)
    with pytest.raises(NotDeployedError, match="does not hold what was deployed there"):
        target.resume()
    assert everything(target.folders.base) == before
    target.start()
    parked = everything(target.folders.parked(session))
    assert sorted(parked) == [
        "firehose/journal/1",
        "terraform/stacks/apache-logs/terraform.tfstate",
        "terraform/stacks/store-inventory/terraform.tfstate",
    ]
    assert parked["firehose/journal/1"] == b"acknowledged"
    assert not target.folders.state("apache-logs").exists()


@pytest.mark.parametrize(
    ("answers", "session", "states"),
    [
        pytest.param(LOCALSTACK, "new", {"apache-logs": state()}, id="the-same-session"),
        pytest.param({**LOCALSTACK, "bucket": 200}, "old", None, id="another-session-with-our-buckets"),
        pytest.param(
            {**WITHOUT_SESSION, "bucket": 200}, "id", {"apache-logs": state("half")}, id="a-deploy-that-failed-half-way"
        ),
        pytest.param(WITHOUT_SESSION, "id", {"apache-logs": state()}, id="nothing-to-tell-it-by-at-the-same-address"),
    ],
)
def test_the_same_cloud_keeps_state_and_journal(
    deployed: Make, answers: dict[str, Any], session: str, states: dict[str, str] | None
) -> None:
    target = deployed(answers, session=session, states=states)
    record = target.start()
    assert record.instance_id == session
    assert (target.folders.firehose / "journal" / "1").exists()
    assert target.folders.state("apache-logs").exists()
    assert not target.folders.parked("x").parent.exists()


def test_a_state_that_cannot_be_read_is_told_and_left_where_it_is(deployed: Make) -> None:
    target = deployed(LOCALSTACK, states={"apache-logs": "{torn"})
    before = everything(target.folders.base)
    with pytest.raises(
        RecordFileError, match=r"apache-logs/terraform\.tfstate can't be read .*terraform\.tfstate\.backup"
    ):
        target.start()
    assert everything(target.folders.base) == before
