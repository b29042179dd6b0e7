import json

import pytest

from producers.put_result import CallFailure, EntryFailure, read_reply


def reply(*entries: dict[str, object], failed: int | None = None) -> bytes:
    count = sum("ErrorCode" in entry for entry in entries) if failed is None else failed
    return json.dumps({"FailedPutCount": count, "Encrypted": False, "RequestResponses": entries}).encode()


TAKEN = {"RecordId": "abc"}
SLOW = {"ErrorCode": "ServiceUnavailableException", "ErrorMessage": "Slow down."}


@pytest.mark.parametrize(
    ("body", "failures"),
    [
        pytest.param(reply(TAKEN, TAKEN), [], id="all-taken"),
        pytest.param(reply(SLOW, TAKEN), [(0, "ServiceUnavailableException", "Slow down.")], id="one-throttled"),
        pytest.param(reply(SLOW, TAKEN, failed=0), [(0, "ServiceUnavailableException", "Slow down.")], id="count-lies"),
        pytest.param(
            reply({"RecordId": "a", "ErrorCode": None}, {"RecordId": "b", "ErrorCode": None}), [], id="null-codes"
        ),
        pytest.param(
            reply({}, TAKEN, failed=0), [(0, "NoRecordId", "the entry has no RecordId")], id="entry-without-record-id"
        ),
    ],
)
def test_entries_decide_what_was_taken(body: bytes, failures: list[tuple[int, str, str]]) -> None:
    assert read_reply(body, 2) == tuple(EntryFailure(*failure) for failure in failures)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"<html>", id="not-json"),
        pytest.param(b'{"FailedPutCount": 0}', id="no-entries"),
        pytest.param(reply(TAKEN), id="too-few-entries"),
        pytest.param(reply(TAKEN, TAKEN, TAKEN), id="too-many-entries"),
        pytest.param(reply(TAKEN, TAKEN)[:-3], id="truncated"),
    ],
)
def test_unreadable_reply_leaves_the_outcome_unknown(body: bytes) -> None:
    result = read_reply(body, 2)
    assert isinstance(result, CallFailure)
    assert (result.code, result.outcome_unknown, result.is_final) == ("UnreadableReply", True, False)
