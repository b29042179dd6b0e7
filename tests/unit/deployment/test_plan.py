import json
from pathlib import Path

import pytest

from deployment.plan import Diagnostic, PlanResult, Progress, ResourceChange, read_event, read_output_changes

CHANGE = {
    "type": "planned_change",
    "change": {
        "resource": {"addr": "module.bucket.aws_s3_bucket.this", "resource_type": "aws_s3_bucket"},
        "action": "create",
    },
}
DIAGNOSTIC = {
    "type": "diagnostic",
    "diagnostic": {
        "severity": "error",
        "summary": "creating bucket",
        "detail": "BucketAlreadyExists:\n  taken",
        "address": "aws_s3_bucket.this",
    },
}
PROGRESS = {
    "type": "apply_progress",
    "hook": {"resource": {"addr": "aws_s3_bucket.this"}, "action": "create", "elapsed_seconds": 20},
}


@pytest.mark.parametrize(
    ("message", "event"),
    [
        pytest.param(
            CHANGE, ResourceChange("module.bucket.aws_s3_bucket.this", "aws_s3_bucket", "create"), id="planned-change"
        ),
        pytest.param(
            DIAGNOSTIC,
            Diagnostic("error", "creating bucket", "BucketAlreadyExists:\n  taken", "aws_s3_bucket.this"),
            id="error",
        ),
        pytest.param(PROGRESS, Progress("aws_s3_bucket.this", "create", "running", 20.0), id="progress"),
        pytest.param({"type": "version", "terraform": "1.11.4"}, None, id="version"),
    ],
)
def test_each_kind_of_message_becomes_its_event(message: dict[str, object], event: object) -> None:
    assert read_event(json.dumps(message)) == event


@pytest.mark.parametrize("line", ["", "There are some problems with the CLI configuration:", "{broken", "[1]", "{}"])
def test_lines_that_are_no_message_are_passed_over(line: str) -> None:
    assert read_event(line) is None


def test_only_outputs_that_change_are_named() -> None:
    outputs = {"type": "outputs", "outputs": {"pipeline": {"action": "create"}, "other": {"action": "noop"}}}
    assert read_output_changes([json.dumps(outputs), json.dumps(CHANGE)]) == ("pipeline",)


def test_outputs_after_an_apply_have_no_action_and_are_no_change() -> None:
    assert read_output_changes([json.dumps({"type": "outputs", "outputs": {"pipeline": {"value": 1}}})]) == ()


@pytest.mark.parametrize(
    ("changes", "outputs", "empty", "summary"),
    [
        pytest.param((), (), True, "0 to add, 0 to change, 0 to destroy", id="nothing"),
        pytest.param((), ("pipeline",), False, "0 to add, 0 to change, 0 to destroy", id="only-an-output"),
        pytest.param(
            ("create", "update", "delete"), (), False, "1 to add, 1 to change, 1 to destroy", id="one-of-each"
        ),
        pytest.param(("replace",), (), False, "1 to add, 0 to change, 1 to destroy", id="replace-counts-twice"),
    ],
)
def test_plan_counts_as_terraform_does(
    changes: tuple[str, ...], outputs: tuple[str, ...], empty: bool, summary: str
) -> None:
    plan = PlanResult(Path("plan"), tuple(ResourceChange("a", "t", action) for action in changes), outputs)
    assert (plan.is_empty, plan.summary()) == (empty, summary)


@pytest.mark.parametrize(
    ("action", "made"), [("create", True), ("replace", True), ("update", False), ("delete", False)], ids=str
)
def test_a_bucket_is_made_when_it_is_created_or_replaced(action: str, made: bool) -> None:
    plan = PlanResult(
        Path("plan"), (ResourceChange("b", "aws_s3_bucket", action), ResourceChange("r", "aws_iam_role", "create"))
    )
    assert plan.creates("aws_s3_bucket") is made


def test_a_diagnostic_reads_as_one_line() -> None:
    told = Diagnostic("error", "creating bucket", "BucketAlreadyExists:\n  taken", "aws_s3_bucket.this")
    assert str(told) == "aws_s3_bucket.this: creating bucket -- BucketAlreadyExists: taken"
