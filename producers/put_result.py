"""What one PutRecordBatch call came to: per entry, or as a whole.

Pure. Source: https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html
"""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec


@dataclass(frozen=True, slots=True)
class EntryFailure:
    """One entry that Firehose did not take; `index` is its place in the batch."""

    index: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class CallFailure:
    """A call that failed as a whole.

    `outcome_unknown`: Firehose may have stored the records (timeout, cut connection, 5xx), so sending them again may duplicate them.
    `is_final`: the same call will never succeed.
    """

    code: str
    message: str
    outcome_unknown: bool = False
    is_final: bool = False


PutResult = Sequence[EntryFailure] | CallFailure
ALL_ACCEPTED: PutResult = ()


class _Count(msgspec.Struct):
    FailedPutCount: int


class _Entry(msgspec.Struct):
    RecordId: str | None = None
    ErrorCode: str | None = None
    ErrorMessage: str | None = None


class _Reply(msgspec.Struct):
    RequestResponses: list[_Entry]


_decode_count = msgspec.json.Decoder(_Count).decode
_decode_reply = msgspec.json.Decoder(_Reply).decode


def read_reply(body: bytes, record_count: int) -> PutResult:
    """Read the body of a 200 answer to a batch of `record_count` records.

    The entries decide, not FailedPutCount: an entry with an ErrorCode, or without a RecordId, was not taken. When the count says that
    nothing failed and there is a RecordId for each record, the entries are not read one by one.
    """
    try:
        none_failed = _decode_count(body).FailedPutCount == 0 and b'"ErrorCode"' not in body
        if none_failed and body.count(b'"RecordId"') == record_count:
            return ALL_ACCEPTED
        entries = _decode_reply(body).RequestResponses
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return CallFailure("UnreadableReply", f"the reply is not PutRecordBatch's: {error}", outcome_unknown=True)
    if len(entries) != record_count:
        return CallFailure(
            "UnreadableReply", f"{len(entries)} entries answer {record_count} records", outcome_unknown=True
        )
    return tuple(
        EntryFailure(index, entry.ErrorCode or "NoRecordId", entry.ErrorMessage or "the entry has no RecordId")
        for index, entry in enumerate(entries)
        if entry.ErrorCode or not entry.RecordId
    )
