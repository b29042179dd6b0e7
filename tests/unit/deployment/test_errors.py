from pathlib import Path

import pytest

from deployment.errors import (
    CloudStartError,
    NotDeployedError,
    ProviderUnavailableError,
    TerraformCommandError,
    TerraformNotFoundError,
    TerraformTooOldError,
)
from deployment.plan import Diagnostic


@pytest.mark.parametrize(
    ("error", "message"),
    [
        pytest.param(
            TerraformCommandError(
                "apply",
                "apache-logs",
                1,
                [Diagnostic("error", "creating bucket", "BucketAlreadyExists", "aws_s3_bucket.this")],
            ),
            "terraform apply failed for apache-logs (exit code 1):\n  aws_s3_bucket.this: creating bucket -- BucketAlreadyExists\n"
            "The bucket name is taken by another account: set `bucket` in terraform/stacks/<pipeline>/<target>.tfvars.",
            id="diagnostics",
        ),
        pytest.param(
            TerraformCommandError("init", "apache-logs", 1, [], "line\nError: no module\n"),
            "terraform init failed for apache-logs (exit code 1):\n  line\n  Error: no module",
            id="end-of-the-output-without-diagnostics",
        ),
        pytest.param(
            TerraformCommandError("plan", "apache-logs", 1, []),
            "terraform plan failed for apache-logs (exit code 1):\n  it gave no reason",
            id="no-reason",
        ),
        pytest.param(
            NotDeployedError("Nothing is there.", "make deploy"),
            "Nothing is there. Run `make deploy` first.",
            id="next-step",
        ),
        pytest.param(
            CloudStartError("moto server", "ended with exit code 3 while starting", Path("/logs/moto.log"), "a\nb"),
            "moto server ended with exit code 3 while starting. The end of its log, /logs/moto.log:\n  a\n  b",
            id="log-tail",
        ),
    ],
)
def test_messages_say_what_happened_and_what_to_do(error: Exception, message: str) -> None:
    assert str(error) == message


@pytest.mark.parametrize(
    ("error", "words"),
    [
        pytest.param(
            TerraformNotFoundError("1.10"),
            ["not on PATH", "1.10", "developer.hashicorp.com/terraform/install"],
            id="missing",
        ),
        pytest.param(TerraformTooOldError("1.5.7", "1.10"), ["1.5.7", "1.10 or newer"], id="too-old"),
        pytest.param(
            ProviderUnavailableError("could not connect", [Path("/opt")]),
            ["could not connect", "/opt", "terraform providers mirror", "TF_PLUGIN_CACHE_DIR"],
            id="no-provider",
        ),
    ],
)
def test_what_is_missing_is_named_with_the_way_to_get_it(error: Exception, words: list[str]) -> None:
    assert [word for word in words if word not in str(error)] == []
