import os

import pytest

from validators.services import session_from_environment


@pytest.mark.parametrize(
    ("given", "read"),
    [
        pytest.param({}, None, id="system's own certificates"),
        pytest.param({"AWS_CA_BUNDLE": "/aws.pem"}, "/aws.pem", id="AWS's variable"),
        pytest.param({"AWS_CA_BUNDLE": "/aws.pem", "SSL_CERT_FILE": "/own.pem"}, "/own.pem", id="both"),
    ],
)
def test_objects_are_read_with_the_certificates_that_aws_settings_name(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], read: str | None
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "")  # so that it is put back afterwards
    monkeypatch.delenv("SSL_CERT_FILE")
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    session_from_environment()
    assert os.environ.get("SSL_CERT_FILE") == read
