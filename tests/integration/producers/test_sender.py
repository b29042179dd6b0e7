"""The sender against a server that fails by script."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from producers.backoff import Backoff
from producers.errors import DeadLetterError, SendRefusedError
from producers.outbox import GivenUp
from producers.put_client import PutClient
from producers.put_result import ALL_ACCEPTED, CallFailure
from producers.rate_limit import RateLimit
from producers.sender import Sender, SenderSettings

QUICK = Backoff(first_seconds=0.01, cap_seconds=0.1)


@pytest.fixture
def given_up() -> list[GivenUp]:
    return []


@pytest.fixture
def sender(session, firehose, given_up) -> Iterator[Callable[..., Sender]]:
    clients = []

    def make(*, read_timeout_seconds: float = 0.5, **settings: Any) -> Sender:
        client = PutClient("events", session=session, region="ap-southeast-1", endpoint_url=firehose.endpoint,
                           read_timeout_seconds=read_timeout_seconds,
                           connections=settings.get("connections", 4))  # fmt: skip
        clients.append(client)
        return Sender("events", client.put, on_given_up=given_up.extend,
                      settings=SenderSettings(**{"backoff": QUICK, "linger_seconds": 0.05, **settings}))  # fmt: skip

    yield make
    for client in clients:
        client.close()


def numbered(count: int, *, start: int = 0, size: int = 200) -> list[bytes]:
    return [f"{number}-".encode().ljust(size, b"x") for number in range(start, start + count)]


def test_failed_entries_alone_are_sent_again(firehose, sender) -> None:
    firehose.script("fail:1,3", "ok")
    with sender() as one:
        one.put_many([b"0", b"1", b"2", b"3"])
    assert firehose.ledger == [[b"0", b"2"], [b"1", b"3"]]
    assert (one.counts.accepted, one.counts.retried, one.counts.possible_duplicates) == (4, 2, 0)


@pytest.mark.parametrize(
    ("action", "copies", "retried", "possible_duplicates"),
    [
        pytest.param("throttle", 1, 2, 0, id="throttled"),
        pytest.param("500", 1, 0, 2, id="internal-failure"),
        pytest.param("cut", 1, 0, 2, id="cut-before-storing"),
        pytest.param("cut-after-storing", 2, 0, 2, id="cut-after-storing"),
        pytest.param("hang-after-storing", 2, 0, 2, id="timeout-after-storing"),
    ],
)
def test_failed_call_is_sent_again_and_its_possible_duplicates_counted(
    firehose, sender, action, copies, retried, possible_duplicates
) -> None:
    firehose.script(action)
    with sender() as one:
        one.put_many([b"a", b"b"])
    assert sorted(firehose.records) == sorted([b"a", b"b"] * copies)
    counts = one.counts
    assert (counts.accepted, counts.retried, counts.possible_duplicates) == (2, retried, possible_duplicates)


def test_record_that_is_never_taken_is_given_up_after_the_budget(firehose, sender, given_up) -> None:
    firehose.script(entry=1.0)
    started = time.monotonic()
    with sender(retry_budget_seconds=0.3) as one:
        one.put(b"poor")
    assert 0.3 <= time.monotonic() - started < 3
    (entry,) = given_up
    assert (entry.record, entry.code, entry.message) == (b"poor", "ServiceUnavailableException", "Slow down.")
    assert entry.attempts > 2
    assert (one.counts.accepted, one.counts.given_up) == (0, 1)


def test_refusal_stops_the_run_and_gives_up_what_is_in_hand(firehose, sender, given_up) -> None:
    firehose.script(*["refuse:ResourceNotFoundException"] * 9)
    one = sender(connections=1)
    one.put_many(numbered(1200))
    with pytest.raises(
        SendRefusedError, match=r"stream events: ResourceNotFoundException: scripted refuse\. Deploy the stream"
    ):
        one.flush()
    with pytest.raises(SendRefusedError, match="ResourceNotFoundException"):
        one.put(b"more")
    counts = one.close()
    assert (counts.submitted, counts.accepted, counts.given_up) == (1200, 0, 1200)
    assert [entry.record for entry in given_up] == numbered(1200)
    assert one.refusal is not None


def test_record_over_the_limit_is_given_up_and_the_rest_is_sent(firehose, sender, given_up) -> None:
    with sender() as one:
        one.put_many([b"a", b"x" * 1_024_001, b"b"])
    assert firehose.records == [b"a", b"b"]
    assert [(entry.sequence, entry.code) for entry in given_up] == [(1, "RecordTooLarge")]


def test_lone_record_is_sent_after_its_linger_time_without_a_flush(firehose, sender) -> None:
    one = sender(linger_seconds=0.05)
    one.put(b"lone")
    deadline = time.monotonic() + 5
    while one.counts.accepted < 1 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert firehose.records == [b"lone"]
    one.close()


def test_several_calls_are_in_flight_at_once(firehose, sender) -> None:
    firehose.script(delay_seconds=0.05)
    with sender(connections=4, read_timeout_seconds=5) as one:
        one.put_many(numbered(5000))
    assert 2 <= firehose.summary["most_in_flight"] <= 4
    assert sorted(firehose.records) == sorted(numbered(5000))


def test_one_connection_keeps_the_order_of_the_source(firehose, sender) -> None:
    with sender(connections=1) as one:
        for start in range(0, 3000, 70):
            one.put_many(numbered(min(70, 3000 - start), start=start))
    assert firehose.records == numbered(3000)


def test_caller_waits_while_too_much_is_in_hand(firehose, sender) -> None:
    firehose.script(delay_seconds=0.02)
    with sender(connections=1, max_records_in_hand=600, read_timeout_seconds=5) as one:
        most = 0
        for start in range(0, 6000, 100):
            one.put_many(numbered(100, start=start))
            most = max(most, one.records_in_hand)
    assert most <= 600 + 100 + 500
    assert one.counts.accepted == 6000


def test_rate_limit_holds(firehose, sender) -> None:
    started = time.monotonic()
    with sender(rate_limit=RateLimit(records_per_second=5000), linger_seconds=0.0) as one:
        one.put_many(numbered(3000))
    assert 0.5 <= time.monotonic() - started < 3  # the first call needs no wait, the other five 0.1 s each
    assert one.counts.accepted == 3000


def test_close_with_a_time_limit_gives_up_the_rest_truthfully(firehose, sender, given_up) -> None:
    firehose.script(throttle=1.0)
    one = sender()
    one.put_many(numbered(700))
    counts = one.close(timeout_seconds=0.2)
    assert (counts.accepted, counts.given_up, len(given_up)) == (0, 700, 700)
    assert {entry.code for entry in given_up} == {"Stopped"}


def test_abandoned_call_is_given_up_with_an_unknown_outcome(firehose, sender, given_up) -> None:
    firehose.script("hang-after-storing")
    one = sender(read_timeout_seconds=1.0)
    one.put(b"lost sight of")
    until = time.monotonic() + 0.5
    one.close(abandoned=lambda: time.monotonic() > until)
    assert [(entry.record, entry.may_be_stored) for entry in given_up] == [(b"lost sight of", True)]


def test_failing_dead_letter_file_ends_the_run_with_its_error() -> None:
    def full(_: list[GivenUp]) -> None:
        raise DeadLetterError("disk full")

    one = Sender("events", lambda _: CallFailure("AccessDenied", "no", is_final=True), on_given_up=full)
    one.put(b"a")
    with pytest.raises(DeadLetterError, match="disk full"):
        one.close()


def test_settled_watermark_never_passes_an_unsettled_record() -> None:
    gate = threading.Event()
    marks: list[int] = []

    def put(records):
        if records[0].startswith(b"0-"):
            assert gate.wait(10)
        return ALL_ACCEPTED

    one = Sender(
        "events", put, on_given_up=lambda _: None, on_settled=marks.append, settings=SenderSettings(connections=2)
    )
    one.put_many(numbered(1500))
    deadline = time.monotonic() + 10
    while one.counts.accepted < 1000 and time.monotonic() < deadline:
        time.sleep(0.005)
    assert set(marks) == {0}
    gate.set()
    one.close()
    assert marks[-1] == 1500


@pytest.mark.parametrize("seed", [1, 2], ids=["seed-1", "seed-2"])
def test_nothing_is_lost_or_sent_twice_whatever_fails(firehose, sender, given_up, seed) -> None:
    records = 60_000
    shares = {"entry": 0.3, "throttle": 0.05, "500": 0.02, "cut": 0.02, "cut-after-storing": 0.02, "hang": 0.005}
    firehose.script(seed=seed, keep_ledger=False, **shares)
    with sender(connections=6, retry_budget_seconds=60.0) as one:
        for start in range(0, records, 500):
            one.put_many(numbered(500, start=start))
        one.put(b"0-" + b"x" * 1_024_000)
    summary, counts = firehose.summary, one.counts
    assert (counts.submitted, counts.accepted, counts.given_up) == (records + 1, records, 1)
    assert [entry.code for entry in given_up] == ["RecordTooLarge"]
    assert summary["distinct"] == records
    assert summary["sent_again_after_acknowledgement"] == 0
    assert summary["calls_out_of_order"] == 0
    assert 0 < summary["duplicates"] <= counts.possible_duplicates
    assert summary["failed_entries"] > 0.2 * records
