import pytest

from deployment.environment import aws_settings, export_lines, local_environment, neutral, terraform_environment

ENDPOINTS = {"default": "http://127.0.0.1:1", "firehose": "http://127.0.0.1:2"}


@pytest.mark.parametrize(
    "name",
    [
        "AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_ENDPOINT_URL_S3", "AWS_CA_BUNDLE", "AWS_ROLE_ARN", "AWS_DEFAULT_PROFILE",
        "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_USE_FIPS_ENDPOINT", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "LOCALSTACK_HOST", "BOTO_CONFIG", "TF_CLI_ARGS",
    ],
)  # fmt: skip
def test_nothing_of_the_users_aws_reaches_a_local_target(name: str) -> None:
    assert name not in local_environment({name: "theirs", "PATH": "/bin"}, ENDPOINTS)


def test_a_local_target_sees_its_endpoints_and_made_up_keys_only() -> None:
    environment = local_environment(
        {"PATH": "/bin", "AWS_ACCESS_KEY_ID": "theirs", "AWS_REGION": "eu-west-1"}, ENDPOINTS
    )
    assert {name: value for name, value in environment.items() if name.startswith("AWS_")} == {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_ENDPOINT_URL_FIREHOSE": "http://127.0.0.1:2",
    }


@pytest.mark.parametrize(
    ("given", "hosts"),
    [
        pytest.param({}, "127.0.0.1,localhost", id="none-given"),
        pytest.param({"NO_PROXY": "intra"}, "intra,127.0.0.1,localhost", id="added-to-what-is-given"),
        pytest.param({"no_proxy": "intra"}, "intra,127.0.0.1,localhost", id="lower-case-too"),
    ],
)
def test_loopback_is_reached_without_a_proxy(given: dict[str, str], hosts: str) -> None:
    environment = neutral({"HTTPS_PROXY": "http://proxy:3128", **given})
    assert environment == {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": hosts, "no_proxy": hosts}


def test_terraform_gets_our_settings_file_and_no_switches_from_outside() -> None:
    given = {
        "PATH": "/bin",
        "TF_CLI_ARGS_plan": "-refresh=false",
        "TF_WORKSPACE": "other",
        "TF_CLI_CONFIG_FILE": "/theirs",
        "TF_LOG": "info",
    }
    assert terraform_environment(given, "/ours") == {
        "PATH": "/bin",
        "TF_LOG": "info",
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "CHECKPOINT_DISABLE": "1",
        "TF_CLI_CONFIG_FILE": "/ours",
    }


@pytest.mark.parametrize(
    ("environ", "unset"),
    [
        pytest.param({"PATH": "/bin", "AWS_PAGER": ""}, [], id="nothing in the way"),
        pytest.param(
            {"AWS_SESSION_TOKEN": "t", "AWS_ENDPOINT_URL_LAMBDA": "https://elsewhere", "AWS_DEFAULT_PROFILE": "own"},
            ["unset AWS_DEFAULT_PROFILE AWS_ENDPOINT_URL_LAMBDA AWS_SESSION_TOKEN"],
            id="whatever is not ours goes",
        ),
        pytest.param({"AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL_GLUE": "x"}, [], id="what is set anew stays"),
    ],
)
def test_export_lines_set_what_a_child_would_see_and_drop_what_would_get_in_the_way(
    environ: dict[str, str], unset: list[str]
) -> None:
    endpoints = {"default": "http://127.0.0.1:1", "glue": "http://127.0.0.1:3"}
    exports = [f"export {name}={value}" for name, value in aws_settings(endpoints).items()]
    assert export_lines(environ, endpoints).splitlines() == [*unset, *exports]
