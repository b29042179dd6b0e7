import threading

import pytest

from deployment.errors import DeploymentError
from deployment.side_by_side import side_by_side
from deployment.stacks import STACKS, Stack

BOTH = tuple(STACKS.values())


def never() -> None:
    raise AssertionError("nobody interrupted")


def test_stacks_are_worked_on_at_the_same_time() -> None:
    meeting = threading.Barrier(2, timeout=10)
    assert side_by_side(BOTH, lambda stack: (meeting.wait(), stack.region)[1], on_interrupt=never) == {
        "store-inventory": "ap-southeast-1",
        "apache-logs": "us-east-2",
    }


def test_a_failure_does_not_stop_the_other_stack() -> None:
    finished = []

    def work(stack: Stack) -> None:
        if stack.pipeline == "store-inventory":
            raise DeploymentError("the bucket name is taken")
        finished.append(stack.pipeline)

    with pytest.raises(DeploymentError, match=r"^the bucket name is taken$"):
        side_by_side(BOTH, work, on_interrupt=never)
    assert finished == ["apache-logs"]


def test_several_failures_are_told_together_and_equal_ones_once() -> None:
    def fail(stack: Stack) -> None:
        raise DeploymentError(f"{stack.pipeline} failed")

    with pytest.raises(DeploymentError, match=r"^store-inventory failed\napache-logs failed$"):
        side_by_side(BOTH, fail, on_interrupt=never)

    def fail_alike(_: Stack) -> None:
        raise DeploymentError("no provider")

    with pytest.raises(DeploymentError, match=r"^no provider$"):
        side_by_side(BOTH, fail_alike, on_interrupt=never)


def test_a_bug_is_not_taken_for_a_failure() -> None:
    def bug(_: Stack) -> None:
        raise ZeroDivisionError("bug")

    with pytest.raises(ZeroDivisionError, match="bug"):
        side_by_side(BOTH, bug, on_interrupt=never)
