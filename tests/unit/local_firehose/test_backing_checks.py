import logging
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from local_firehose.backing_checks import AwsBackingChecks
from local_firehose.caller import Caller
from local_firehose.errors import BackingServiceError, InvalidArgumentError, InvalidKmsResourceError
from local_firehose.stream_config import StreamId

CALLER = Caller("123456789012", "eu-west-1", "arn:aws:iam::123456789012:user/me")
ROLE = "arn:aws:iam::123456789012:role/path/firehose"
STREAM = StreamId("123456789012", "eu-west-1", "s")
KEY = "arn:aws:kms:eu-west-1:123456789012:key/k"
TRUSTING = {"Effect": "Allow", "Principal": {"Service": "firehose.amazonaws.com"}, "Action": "sts:AssumeRole"}


class Services:
    """Clients that answer every call with `answer`, or raise it."""

    def __init__(self, answer: object) -> None:
        self.answer, self.asked = answer, []

    def __call__(self, service: str, region: str) -> SimpleNamespace:
        def call(**arguments: object) -> object:
            self.asked.append((service, region, arguments))
            if isinstance(self.answer, Exception):
                raise self.answer
            return self.answer

        meta = SimpleNamespace(endpoint_url="http://127.0.0.1:1")
        return SimpleNamespace(meta=meta, get_role=call, get_table=call, describe_key=call)


def error(code: str, status: int = 400, message: str = "m") -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}, "Op"
    )


def role(statement: object) -> dict:
    return {"Role": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": statement}}}


def test_role_that_firehose_may_assume_is_looked_up_by_its_name() -> None:
    services = Services(role([TRUSTING]))
    AwsBackingChecks(services).check_roles([ROLE], STREAM, CALLER)
    assert services.asked == [("iam", "eu-west-1", {"RoleName": "firehose"})]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(error("NoSuchEntity", 404), id="missing"),
        pytest.param(
            role([{**TRUSTING, "Principal": {"Service": "lambda.amazonaws.com"}}]), id="trusts-another-service"
        ),
    ],
)
def test_role_that_firehose_cannot_assume(answer: object) -> None:
    with pytest.raises(InvalidArgumentError) as refusal:
        AwsBackingChecks(Services(answer)).check_roles([ROLE], STREAM, CALLER)
    assert refusal.value.message == f"Firehose is unable to assume role {ROLE}. Please check the role provided."


def test_service_that_is_away_is_an_error_and_not_a_pass() -> None:
    services = Services(EndpointConnectionError(endpoint_url="http://127.0.0.1:1"))
    with pytest.raises(BackingServiceError, match=r"^iam at http://127.0.0.1:1 does not answer "):
        AwsBackingChecks(services).check_roles([ROLE], STREAM, CALLER)


def test_role_that_may_not_be_looked_up_is_our_environments_trouble() -> None:
    with pytest.raises(BackingServiceError, match=r"^iam at http://127.0.0.1:1 does not answer .*AccessDenied"):
        AwsBackingChecks(Services(error("AccessDenied", 403))).check_roles([ROLE], STREAM, CALLER)


def test_service_that_the_endpoint_lacks_is_asked_once_and_passes(caplog) -> None:
    services = Services(error("NotImplemented", 501))
    checks = AwsBackingChecks(services)
    with caplog.at_level(logging.WARNING):
        checks.check_roles([ROLE], STREAM, CALLER)
        checks.check_roles([ROLE], STREAM, CALLER)
    assert len(services.asked) == 1
    assert "endpoint lacks a service" in caplog.text


def test_schema_is_looked_up_where_it_says() -> None:
    services = Services({"Table": {}})
    schema = {"RoleARN": ROLE, "DatabaseName": "db", "TableName": "t", "Region": "us-east-1", "CatalogId": "9"}
    AwsBackingChecks(services).check_schema(schema, CALLER)
    assert services.asked == [("glue", "us-east-1", {"DatabaseName": "db", "Name": "t", "CatalogId": "9"})]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        pytest.param(
            error("EntityNotFoundException", message="Table t not found."),
            "Table t not found. (Service: AWSGlue; Status Code: 400; Error Code: EntityNotFoundException)",
            id="missing",
        ),
        pytest.param(
            error("AccessDeniedException"),
            "Access was denied when calling Glue. Please ensure that the role specified in the data format conversion "
            "configuration has the necessary permissions.",
            id="denied",
        ),
    ],
)
def test_schema_that_cannot_be_read(answer: object, message: str) -> None:
    with pytest.raises(InvalidArgumentError) as refusal:
        AwsBackingChecks(Services(answer)).check_schema({"DatabaseName": "db", "TableName": "t"}, CALLER)
    assert refusal.value.message == message


def test_symmetric_key_is_taken() -> None:
    services = Services({"KeyMetadata": {"Enabled": True, "KeySpec": "SYMMETRIC_DEFAULT"}})
    AwsBackingChecks(services).check_key(KEY, CALLER)
    assert services.asked == [("kms", "eu-west-1", {"KeyId": KEY})]


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        pytest.param(error("AccessDeniedException"), "KMS.AccessDeniedException", id="access-denied"),
        pytest.param(error("NotFoundException"), "KMS.NotFoundException", id="missing"),
        pytest.param({"KeyMetadata": {"Enabled": False}}, "KMS.DisabledException", id="disabled"),
        pytest.param({"KeyMetadata": {"KeySpec": "RSA_2048"}}, "KMS.InvalidStateException", id="asymmetric"),
    ],
)
def test_key_that_cannot_encrypt_a_stream(answer: object, code: str) -> None:
    with pytest.raises(InvalidKmsResourceError, match=KEY) as refusal:
        AwsBackingChecks(Services(answer)).check_key(KEY, CALLER)
    assert refusal.value.code == code
