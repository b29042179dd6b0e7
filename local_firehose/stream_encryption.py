"""Server-side encryption of a Direct PUT stream: which states follow which, and what may start them.

Pure. Source: https://docs.aws.amazon.com/firehose/latest/APIReference/API_StartDeliveryStreamEncryption.html
"""

from collections.abc import Iterable, Mapping
from typing import Any

from local_firehose.errors import InvalidArgumentError, LimitExceededError, ResourceInUseError
from local_firehose.stream_record import DIRECT_PUT, StreamRecord

Document = dict[str, Any]

MAX_CHANGES_PER_DAY = 25  # documented: starts and stops together
# observed: cdk-preflight pf-firehose-encryption-kinesis-source, 2026-09-10
SSE_NEEDS_DIRECT_PUT = (
    "Server side encryption from firehose is only allowed for direct put delivery streams and database as a source "
    "delivery streams"
)
_DAY_MS = 24 * 3600 * 1000
_SETTLED = {"ENABLING": "ENABLED", "DISABLING": "DISABLED"}


def check_key_choice(wanted: Mapping[str, Any], *, region: str) -> None:
    """Refuse a key without its type, a type without its key, and a key of another Region than the stream's.

    Raises:
        InvalidArgumentError: as AWS words it.
    """
    if wanted["KeyType"] == "CUSTOMER_MANAGED_CMK" and "KeyARN" not in wanted:
        # observed: cdk-preflight pf-firehose-encryption-key-arn, 2026-09-10
        raise InvalidArgumentError("KeyARN has to be specified when KeyType is CUSTOMER_MANAGED_CMK")
    if wanted["KeyType"] == "AWS_OWNED_CMK" and "KeyARN" in wanted:
        # observed: cdk-preflight pf-firehose-encryption-owned-key-arn, 2026-09-10
        raise InvalidArgumentError("KeyARN cannot be specified when KeyType is AWS_OWNED_CMK")
    if "KeyARN" in wanted and wanted["KeyARN"].split(":")[3] != region:
        # observed: cdk-preflight pf-firehose-encryption-key-region, 2026-09-10
        raise InvalidArgumentError(
            "Cross-region keys are not allowed for SSE. Please provide CMKs in the same region as firehose"
        )


def initial(wanted: Mapping[str, Any] | None) -> Document:
    """Return a new stream's DeliveryStreamEncryptionConfiguration."""
    return {**wanted, "Status": "ENABLING"} if wanted else {"Status": "DISABLED"}  # observed


def started(record: StreamRecord, wanted: Mapping[str, Any] | None, *, now_ms: int) -> Document:
    """Return the configuration while encryption starts, or changes its key.

    Raises:
        InvalidArgumentError: not a Direct PUT stream, or a wrong choice of key.
        ResourceInUseError: a change is under way.
        LimitExceededError: 25 changes in 24 hours.
    """
    wanted = wanted or {"KeyType": "AWS_OWNED_CMK"}  # documented
    _check_change(record, now_ms)
    check_key_choice(wanted, region=record.region)
    return {**wanted, "Status": "ENABLING"}


def stopped(record: StreamRecord, *, now_ms: int) -> Document:
    """Return the configuration while encryption stops.

    Raises:
        InvalidArgumentError: not a Direct PUT stream.
        ResourceInUseError: a change is under way.
        LimitExceededError: 25 changes in 24 hours.
    """
    _check_change(record, now_ms)
    return {**record.encryption, "Status": "DISABLING"}


def settle(record: StreamRecord) -> None:
    """End a change that is under way."""
    status = record.encryption["Status"]
    record.encryption["Status"] = _SETTLED.get(status, status)
    if record.encryption["Status"] == "DISABLED":
        record.encryption = {"Status": "DISABLED"}


def recent(changes_ms: Iterable[int], *, now_ms: int) -> list[int]:
    """Return the changes of the last 24 hours."""
    return [change for change in changes_ms if change > now_ms - _DAY_MS]


def _check_change(record: StreamRecord, now_ms: int) -> None:
    if record.type != DIRECT_PUT:
        # documented: Direct PUT only. decided: docs/fidelity/control-plane.md#encryption, the words are those of create
        raise InvalidArgumentError(SSE_NEEDS_DIRECT_PUT)
    if record.encryption["Status"] in _SETTLED:
        raise ResourceInUseError(
            f"Firehose {record.name} under accountId {record.account_id} is changing its encryption "
            f"({record.encryption['Status']}); wait until that is over"
        )
    if len(recent(record.encryption_changes_ms, now_ms=now_ms)) >= MAX_CHANGES_PER_DAY:
        raise LimitExceededError(
            f"Encryption of {record.name} was started or stopped {MAX_CHANGES_PER_DAY} times in 24 hours; wait"
        )
