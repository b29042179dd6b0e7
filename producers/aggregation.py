"""Several events in one record, newline-delimited, filled up to a step of what AWS bills.

Pure. A stream must have RecordDeAggregation (JSON) on to split such records again; one with more than 500 events is not split.
Source: https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning-multirecord-deaggergation.html
"""

from collections.abc import Container, Iterator, Sequence

from firehose_spec.quotas import BILLING_STEP_BYTES, MAX_SUB_RECORDS

DELIMITER = b"\n"


def aggregate(
    events: Sequence[bytes], *, alone: Container[int] = (), max_bytes: int = BILLING_STEP_BYTES
) -> Iterator[tuple[int, bytes]]:
    r"""Yield (number of events, record): each record as full as fits `max_bytes`, at most 500 events.

    An event that is too big for `max_bytes` travels alone, and so does each whose index is in `alone`.

    >>> list(aggregate([b"1", b"22", b"333"], max_bytes=4))
    [(2, b'1\n22'), (1, b'333')]
    """
    held: list[bytes] = []
    size = 0
    for index, event in enumerate(events):
        is_alone = index in alone
        if held and (is_alone or size + len(DELIMITER) + len(event) > max_bytes or len(held) == MAX_SUB_RECORDS):
            yield len(held), DELIMITER.join(held)
            held, size = [], 0
        if is_alone:
            yield 1, event
            continue
        size += len(event) + (len(DELIMITER) if held else 0)
        held.append(event)
    if held:
        yield len(held), DELIMITER.join(held)
