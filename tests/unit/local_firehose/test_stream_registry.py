"""A disk that is full: callers are told to try again, and nothing has changed."""

import sqlite3
from typing import Any

import pytest

from local_firehose.errors import ResourceNotFoundError, ServiceUnavailableError

FULL = r"^The service is unavailable\. Back off and retry the operation\. \(state folder: database or disk is full\)$"


def fill(monkeypatch: pytest.MonkeyPatch, place: Any, method: str, error: Exception) -> None:
    def refuse(*_: Any) -> None:
        raise error

    monkeypatch.setattr(place, method, refuse)


@pytest.mark.parametrize(
    ("operation", "request_members"),
    [
        pytest.param("TagDeliveryStream", {"Tags": [{"Key": "k", "Value": "v"}]}, id="tag"),
        pytest.param(
            "UpdateDestination",
            {
                "CurrentDeliveryStreamVersionId": "1",
                "DestinationId": "destinationId-000000000001",
                "ExtendedS3DestinationUpdate": {"Prefix": "new/"},
            },
            id="update",
        ),
        pytest.param("DeleteDeliveryStream", {}, id="delete"),
    ],
)
def test_a_change_that_cannot_be_written_changes_nothing(
    service: Any, monkeypatch: pytest.MonkeyPatch, operation: str, request_members: dict[str, Any]
) -> None:
    service.create()
    before = service.describe()
    with monkeypatch.context() as full:
        for method in ("save", "delete"):
            fill(full, service.store, method, sqlite3.OperationalError("database or disk is full"))
        with pytest.raises(ServiceUnavailableError, match=FULL):
            service.call(operation, {"DeliveryStreamName": "s", **request_members})
    assert service.describe() == before
    service.call(operation, {"DeliveryStreamName": "s", **request_members})


def test_a_stream_without_room_for_its_journal_is_not_created(service: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as full:
        fill(full, service.engine, "configure", OSError(28, "No space left on device"))
        with pytest.raises(ServiceUnavailableError, match=r"\(state folder: \[Errno 28\] No space left on device\)$"):
            service.create()
    with pytest.raises(ResourceNotFoundError):
        service.describe()
    service.create()
    assert service.describe()["DeliveryStreamStatus"] == "ACTIVE"
