"""The environment of every child process: what a target's programs may see, and nothing else.

Pure. AWS's own variables are the whole switch between targets, so none may leak from the user's shell into a local target.
Source: https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html
"""

import os
from collections.abc import Mapping

PASSED_ON = frozenset(
    {
        "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TEMP", "TMP",
        "TERM", "COLORTERM", "COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "CI",
        "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR",
        "NODE_EXTRA_CA_CERTS",  # LocalStack fetches some of its services by npm
        "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "PYTHONWARNINGS", "XDG_CACHE_HOME", "XDG_DATA_HOME",
        "TF_LOG", "TF_LOG_PATH", "TF_PLUGIN_CACHE_DIR",
    }
)  # fmt: skip
PASSED_ON_PREFIXES = ("LC_", "TF_VAR_", "LOCAL_FIREHOSE_", "npm_config_")

# Terraform reads these and would then do something else than what it was asked to.
TERRAFORM_SWITCHES = (
    "TF_CLI_ARGS",
    "TF_WORKSPACE",
    "TF_DATA_DIR",
    "TF_INPUT",
    "TF_IN_AUTOMATION",
    "TF_CLI_CONFIG_FILE",
)

# how the AWS CLI prints; the rest says where, as whom, and how
FOR_THE_EYE = frozenset({"AWS_PAGER", "AWS_DEFAULT_OUTPUT"})

LOCAL_REGION = "us-east-1"  # for requests without a Region of their own; the stacks name theirs


def neutral(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the part of `environ` that says nothing about AWS; loopback is reached without a proxy."""
    kept = {name: value for name, value in environ.items() if name in PASSED_ON or name.startswith(PASSED_ON_PREFIXES)}
    given = environ.get("NO_PROXY") or environ.get("no_proxy")
    hosts = ",".join(filter(None, (given, "127.0.0.1,localhost")))
    return {**kept, "NO_PROXY": hosts, "no_proxy": hosts}


def aws_settings(endpoints: Mapping[str, str]) -> dict[str, str]:
    """Return AWS's own variables for a local target: `endpoints` by service, ``default`` for all others.

    The keys are made up: what answers at the endpoints is on this machine and checks none.
    """
    settings = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": LOCAL_REGION,
        "AWS_DEFAULT_REGION": LOCAL_REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,  # a profile's endpoint_url or role must not come in
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    for service, endpoint in endpoints.items():
        settings["AWS_ENDPOINT_URL" if service == "default" else f"AWS_ENDPOINT_URL_{service.upper()}"] = endpoint
    return settings


def local_environment(environ: Mapping[str, str], endpoints: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a local target's child process, built from nothing."""
    return {**neutral(environ), **aws_settings(endpoints)}


def terraform_environment(environment: Mapping[str, str], cli_config: str | None) -> dict[str, str]:
    """Return `environment` for Terraform: run by a program, no switches from outside, `cli_config` as its settings file."""
    kept = {name: value for name, value in environment.items() if not name.startswith(TERRAFORM_SWITCHES)}
    kept |= {"TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1"}
    return {**kept, "TF_CLI_CONFIG_FILE": cli_config} if cli_config else kept


def export_lines(environ: Mapping[str, str], endpoints: Mapping[str, str]) -> str:
    """Return lines for ``eval``: the shell with `environ` then speaks to a local target and to nothing else."""
    settings = aws_settings(endpoints)
    dropped = sorted(name for name in environ if name.startswith("AWS_") and name not in {*settings, *FOR_THE_EYE})
    lines = [f"unset {' '.join(dropped)}"] if dropped else []
    return "\n".join([*lines, *(f"export {name}={value}" for name, value in settings.items())])
