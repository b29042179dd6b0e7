"""What Firehose asks IAM, Glue and KMS before it takes a configuration.

Talks to: IAM, Glue and KMS at the endpoints of AWS's environment variables. A service that the endpoint does not offer is not asked again:
its check passes and a warning says so. Source: https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local_firehose.caller import Caller
from local_firehose.errors import BackingServiceError, InvalidArgumentError, InvalidKmsResourceError
from local_firehose.role_trust import trusts_firehose
from local_firehose.stream_config import StreamId

_log = logging.getLogger(__name__)

ClientFactory = Callable[[str, str], Any]  # service name and Region to a boto3 client

_ROLE_MISSING = {"NoSuchEntity", "NoSuchEntityException"}
_TABLE_MISSING = {"EntityNotFoundException"}
_ACCESS_DENIED = {"AccessDeniedException", "AccessDenied"}
_RAISED = {"glue": _TABLE_MISSING | _ACCESS_DENIED, "kms": _ACCESS_DENIED}  # what a check has words of its own for


class AwsBackingChecks:
    """Checks against real services, or local ones that answer like them."""

    def __init__(self, client: ClientFactory) -> None:
        self._client = client
        self._absent: set[str] = set()

    def check_roles(self, role_arns: Sequence[str], stream: StreamId, caller: Caller) -> None:
        """Refuse roles that are not there or that Firehose may not assume for the stream.

        Raises:
            InvalidArgumentError: AWS's words.
            BackingServiceError: IAM does not answer.
        """
        for role_arn in role_arns:
            role = self._ask("iam", caller, "get_role", _ROLE_MISSING, RoleName=role_arn.rpartition("/")[2])
            if role is None:
                continue
            if not role or not trusts_firehose(role["Role"], account_id=stream.account_id, stream_arn=stream.arn):
                # observed: hashicorp/terraform#4407
                raise InvalidArgumentError(
                    f"Firehose is unable to assume role {role_arn}. Please check the role provided."
                )

    def check_schema(self, schema: Mapping[str, Any], caller: Caller) -> None:
        """Refuse a schema whose Glue table is not there.

        Raises:
            InvalidArgumentError: wraps Glue's EntityNotFoundException.
            BackingServiceError: Glue does not answer.
        """
        wanted = {"DatabaseName": schema["DatabaseName"], "Name": schema["TableName"]}
        if "CatalogId" in schema:
            wanted["CatalogId"] = schema["CatalogId"]
        caller = Caller(caller.account_id, schema.get("Region", caller.region), caller.principal_arn)
        try:
            self._ask("glue", caller, "get_table", set(), **wanted)
        except ClientError as error:
            raise _schema_refusal(error) from error

    def check_key(self, key_arn: str, caller: Caller) -> None:
        """Refuse a key that cannot encrypt a stream: unknown, disabled or asymmetric.

        Raises:
            InvalidKmsResourceError: the key, and why.
            BackingServiceError: KMS does not answer.
        """
        try:
            found = self._ask("kms", caller, "describe_key", {"NotFoundException"}, KeyId=key_arn)
        except ClientError as error:
            reason = error.response["Error"].get("Message", "")
            raise InvalidKmsResourceError(
                f"Access to key {key_arn} was denied: {reason}", code="KMS.AccessDeniedException"
            ) from error
        if found is None:
            return
        # documented: symmetric keys only. decided: docs/fidelity/control-plane.md#kms, codes are KMS's, the words are ours
        if not found:
            raise InvalidKmsResourceError(f"Key {key_arn} does not exist", code="KMS.NotFoundException")
        key = found["KeyMetadata"]
        if not key.get("Enabled", True):
            raise InvalidKmsResourceError(f"Key {key_arn} is disabled", code="KMS.DisabledException")
        if key.get("KeySpec", "SYMMETRIC_DEFAULT") != "SYMMETRIC_DEFAULT":
            raise InvalidKmsResourceError(
                f"Key {key_arn} is {key['KeySpec']}; only symmetric keys are supported",
                code="KMS.InvalidStateException",
            )

    def _ask(
        self, service: str, caller: Caller, method: str, missing: set[str], **arguments: Any
    ) -> dict[str, Any] | None:
        """The answer; empty when the thing is missing, None when the service is not offered."""
        if service in self._absent:
            return None
        client = self._client(service, caller.region)
        try:
            answer: dict[str, Any] = getattr(client, method)(**arguments)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            if code in missing:
                return {}
            if code in _RAISED.get(service, set()):
                raise
            if status in {404, 501} or code in {"InternalFailure", "UnknownOperationException", "NotImplemented"}:
                self._do_without(service, client, str(error))
                return None
            raise BackingServiceError(service, client.meta.endpoint_url, str(error)) from error
        except BotoCoreError as error:
            raise BackingServiceError(service, client.meta.endpoint_url, str(error)) from error
        return answer

    def _do_without(self, service: str, client: Any, reason: str) -> None:
        self._absent.add(service)
        _log.warning(
            "endpoint lacks a service: its checks pass unasked service=%s endpoint=%s reason=%s",
            service,
            client.meta.endpoint_url,
            reason,
        )


class NoBackingChecks:
    """Takes every role, table and key unasked."""

    def check_roles(self, role_arns: Sequence[str], stream: StreamId, caller: Caller) -> None:
        """Take them."""

    def check_schema(self, schema: Mapping[str, Any], caller: Caller) -> None:
        """Take it."""

    def check_key(self, key_arn: str, caller: Caller) -> None:
        """Take it."""


def _schema_refusal(error: ClientError) -> InvalidArgumentError:
    code = error.response["Error"]["Code"]
    if code in _ACCESS_DENIED:
        # observed: hashicorp/terraform-provider-aws delivery_stream.go
        return InvalidArgumentError(
            "Access was denied when calling Glue. Please ensure that the role specified in the data format conversion "
            "configuration has the necessary permissions."
        )
    # observed: floci-io/floci docs; AWS wraps Glue's exception. decided: docs/fidelity/control-plane.md#glue, the words around it
    message = error.response["Error"].get("Message", "")
    return InvalidArgumentError(f"{message} (Service: AWSGlue; Status Code: 400; Error Code: {code})")
