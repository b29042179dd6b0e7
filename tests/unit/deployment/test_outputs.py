import pytest

from deployment.errors import DeploymentError
from deployment.outputs import stack_outputs


def test_target_and_account_are_added_to_what_the_stack_declares() -> None:
    found = stack_outputs(
        {"pipeline": {"pipeline": "apache-logs", "bucket": "b"}}, target="local", account_id="123456789012"
    )
    assert found == {"pipeline": "apache-logs", "bucket": "b", "target": "local", "account_id": "123456789012"}


def test_a_stack_without_the_output_is_told_what_is_needed() -> None:
    with pytest.raises(DeploymentError, match=r"outputs are \[bucket\]; `pipeline` is needed"):
        stack_outputs({"bucket": "b"}, target="local", account_id="")
