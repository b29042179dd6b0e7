import os

import pytest

from local_firehose.aws_clients import client_factory, has_credentials, sts_client


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")


def signing(client) -> tuple:
    credentials = client._request_signer._credentials
    return credentials.access_key, credentials.secret_key, credentials.token


def test_credentials_come_from_the_environment(monkeypatch) -> None:
    assert not has_credentials()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "own")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    assert has_credentials()


def test_client_is_made_once_for_each_service_and_region(monkeypatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "own")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_ENDPOINT_URL_GLUE", "http://127.0.0.1:2")
    make = client_factory()
    assert make("glue", "eu-west-1") is make("glue", "eu-west-1")
    assert make("glue", "us-east-1").meta.region_name == "us-east-1"
    assert make("glue", "eu-west-1").meta.endpoint_url == "http://127.0.0.1:2"
    assert make("iam", "eu-west-1").meta.endpoint_url == "http://127.0.0.1:1"


def test_identity_is_asked_in_the_name_of_the_caller_s_key(monkeypatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "own")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "own-token")
    assert signing(sts_client("own", None, "eu-west-1")) == ("own", "secret", "own-token")
    assert signing(sts_client("other", None, "eu-west-1")) == ("other", "secret", None)
    assert signing(sts_client("other", "theirs", "eu-west-1")) == ("other", "secret", "theirs")


def test_identity_is_asked_without_credentials_of_our_own() -> None:
    assert signing(sts_client("other", None, "eu-west-1")) == ("other", "not-checked-by-local-services", None)
