import pytest

from deployment.plan import Diagnostic, Progress, ResourceChange
from deployment.progress import StackProgress


def done(address: str) -> Progress:
    return Progress(address, "create", "done", 1)


def running(seconds: float) -> Progress:
    return Progress("aws_s3_bucket_lifecycle_configuration.this", "create", "running", seconds)


def test_a_slow_resource_is_told_every_twenty_seconds_with_what_is_done() -> None:
    progress = StackProgress()
    events = [done("a"), done("b"), running(10), running(20), done("c"), running(30), running(40)]
    assert [line for event in events if (line := progress.line(event))] == [
        "2 resources done; aws_s3_bucket_lifecycle_configuration.this takes its time (20 s)",
        "3 resources done; aws_s3_bucket_lifecycle_configuration.this takes its time (40 s)",
    ]


def test_reading_is_no_progress() -> None:
    progress = StackProgress()
    progress.line(Progress("data.x", "read", "done", 0))
    assert (
        progress.line(running(20))
        == "0 resources done; aws_s3_bucket_lifecycle_configuration.this takes its time (20 s)"
    )


@pytest.mark.parametrize(
    ("event", "line"),
    [
        pytest.param(Diagnostic("warning", "Deprecated", "use x"), "warning: Deprecated -- use x", id="warning"),
        pytest.param(Diagnostic("error", "failed"), None, id="errors-come-with-the-exception"),
        pytest.param(ResourceChange("a", "t", "create"), None, id="planned-change"),
    ],
)
def test_warnings_are_shown_and_errors_are_left_to_the_exception(
    event: Diagnostic | ResourceChange, line: str | None
) -> None:
    assert StackProgress().line(event) == line
