import pytest

from deployment.errors import DeploymentError
from deployment.stacks import selected


@pytest.mark.parametrize(
    ("pipeline", "stacks"),
    [
        pytest.param("all", ["store-inventory", "apache-logs"], id="all"),
        pytest.param("apache-logs", ["apache-logs"], id="one"),
    ],
)
def test_a_pipeline_selects_its_stack(pipeline: str, stacks: list[str]) -> None:
    assert [stack.pipeline for stack in selected(pipeline)] == stacks


def test_an_unknown_pipeline_is_told_which_there_are() -> None:
    with pytest.raises(
        DeploymentError, match=r"^PIPELINE is 'logs'; store-inventory, apache-logs and all are known\.$"
    ):
        selected("logs")
