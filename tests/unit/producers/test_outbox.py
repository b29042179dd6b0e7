from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from firehose_spec.quotas import MAX_BATCH_BYTES, MAX_BATCH_RECORDS, MAX_RECORD_BYTES
from producers.backoff import Backoff
from producers.outbox import Batch, GivenUp, Outbox
from producers.put_result import ALL_ACCEPTED, CallFailure, EntryFailure

THROTTLED = CallFailure("ServiceUnavailableException", "Slow down.")
TIMEOUT = CallFailure("ReadTimeoutError", "no answer", outcome_unknown=True)
REFUSED = CallFailure("AccessDeniedException", "no", is_final=True)


def outbox(**changes: Any) -> Outbox:
    return Outbox(**{"backoff": Backoff(1.0, 8.0), "retry_budget_seconds": 60.0, "linger_seconds": 5.0,
                     "random": lambda: 0.5, **changes})  # fmt: skip


def failed(*indexes: int, code: str = "ServiceUnavailableException") -> list[EntryFailure]:
    return [EntryFailure(index, code, "Slow down.") for index in indexes]


def taken(box: Outbox, now: float, *, drain: bool = True) -> Batch:
    batch = box.take(now, drain=drain)
    assert batch is not None
    return batch


def test_partial_batch_waits_for_its_linger_time() -> None:
    box = outbox()
    box.add([b"a"], now=0.0)
    assert box.take(4.9) is None
    assert box.wait_seconds(1.0) == 4.0
    assert taken(box, 5.0, drain=False).records == [b"a"]


def test_full_batch_and_draining_do_not_wait() -> None:
    box = outbox()
    box.add([b"x"] * 501, now=0.0)
    assert len(taken(box, 0.0, drain=False).records) == 500
    assert box.take(0.0) is None
    assert taken(box, 0.0, drain=True).records == [b"x"]


def test_only_failed_entries_are_sent_again_in_order_and_topped_up() -> None:
    box = outbox()
    box.add([b"0", b"1", b"2", b"3", b"4"], now=0.0)
    batch = taken(box, 0.0)
    assert box.settle(batch, failed(3, 1), now=0.0) == []
    box.add([b"5"], now=0.0)
    again = taken(box, 0.5)
    assert (again.sequences, again.records) == ([1, 3, 5], [b"1", b"3", b"5"])
    assert box.counts.retried == 2
    assert (box.counts.accepted, box.counts.accepted_bytes) == (3, 3)


def test_retries_wait_with_full_jitter_and_double() -> None:
    box = outbox()
    box.add([b"0", b"1", b"2"], now=0.0)
    box.settle(taken(box, 0.0), failed(0), now=0.0)
    assert box.wait_seconds(0.0) == 0.5  # half of 1 s
    batch = taken(box, 0.5)
    box.add([b"3", b"4"], now=0.5)
    box.settle(batch, ALL_ACCEPTED, now=0.5)
    late = outbox()
    late.add([b"0", b"1", b"2"], now=0.0)
    late.settle(taken(late, 0.0), failed(0), now=0.0)
    late.add([b"3", b"4"], now=0.5)
    late.settle(taken(late, 0.5), failed(0), now=0.5)
    assert late.wait_seconds(0.5) == 1.0  # half of 2 s


def test_budget_is_time_not_attempts_and_ends_with_a_last_attempt() -> None:
    box = outbox(retry_budget_seconds=60.0)
    box.add([b"poor", b"rich", b"rich"], now=0.0)
    now, given_up = 0.0, []
    attempts = 0
    while not given_up:
        batch = taken(box, now)
        attempts += 1
        given_up = box.settle(batch, failed(0), now=now)
        if not given_up:
            wait = box.wait_seconds(now)
            assert wait is not None
            now += wait
            box.add([b"rich", b"rich"], now)
    assert now == 60.0
    assert given_up == [GivenUp(0, b"poor", "ServiceUnavailableException", "Slow down.", attempts)]
    assert attempts > 10


def test_entry_over_the_limit_is_given_up_and_its_neighbours_are_sent() -> None:
    box = outbox()
    largest, larger = b"x" * MAX_RECORD_BYTES, b"x" * (MAX_RECORD_BYTES + 1)
    (given_up,) = box.add([b"a", larger, largest], now=0.0)
    assert (given_up.sequence, given_up.code, given_up.attempts) == (1, "RecordTooLarge", 0)
    assert given_up.message == "1,024,001 bytes; Firehose takes 1,024,000 a record before base64"
    assert taken(box, 0.0).records == [b"a", largest]


def test_timeout_is_counted_as_possible_duplicate_when_sent_again() -> None:
    box = outbox()
    box.add([b"a", b"b"], now=0.0)
    box.settle(taken(box, 0.0), TIMEOUT, now=0.0)
    assert box.counts.possible_duplicates == 0
    batch = taken(box, 10.0)
    assert (box.counts.possible_duplicates, box.counts.retried) == (2, 0)
    box.settle(batch, failed(0), now=10.0)
    taken(box, 20.0)
    assert (box.counts.possible_duplicates, box.counts.retried) == (2, 1)


def test_given_up_record_says_that_a_call_may_have_stored_it() -> None:
    box = outbox(retry_budget_seconds=10.0)
    box.add([b"a", b"b", b"c"], now=0.0)
    box.settle(taken(box, 0.0), TIMEOUT, now=0.0)
    (given_up,) = box.settle(taken(box, 10.0), failed(1), now=10.0)
    assert (given_up.record, given_up.may_be_stored, given_up.attempts) == (b"b", True, 2)


def test_final_refusal_gives_up_the_whole_call_at_once() -> None:
    box = outbox()
    box.add([b"a", b"b"], now=0.0)
    given_up = box.settle(taken(box, 0.0), REFUSED, now=0.0)
    assert given_up == [GivenUp(n, r, "AccessDeniedException", "no", 1) for n, r in enumerate([b"a", b"b"])]


@pytest.mark.parametrize(
    ("result", "holds"),
    [
        pytest.param(THROTTLED, True, id="whole-call"),
        pytest.param(failed(*range(300)), True, id="most-entries"),
        pytest.param(failed(*range(200)), False, id="some-entries"),
        pytest.param(ALL_ACCEPTED, False, id="none"),
    ],
)
def test_new_records_hold_off_while_most_of_a_call_fails(result: Any, holds: bool) -> None:
    box = outbox()
    box.add([b"x"] * 1500, now=0.0)
    box.settle(taken(box, 0.0), result, now=0.0)
    assert (box.take(0.1) is None) is holds
    assert box.take(0.5) is not None


def test_hold_grows_while_calls_fail_one_after_the_other_and_ends_with_a_good_one() -> None:
    box = outbox()
    box.add([b"x"] * 5000, now=0.0)
    holds, now = [], 0.0
    for _ in range(3):
        batch = taken(box, now)
        box.settle(batch, THROTTLED, now=now)
        wait = box.wait_seconds(now)
        assert wait is not None
        holds.append(wait)
        now += wait
    assert holds == [0.5, 1.0, 2.0]
    box.settle(taken(box, now), ALL_ACCEPTED, now=now)
    assert box.wait_seconds(now) == 0.0


def test_calls_that_fail_together_count_once() -> None:
    box = outbox()
    box.add([b"x"] * 5000, now=0.0)
    batches = [taken(box, 0.0) for _ in range(4)]
    for batch in batches:
        box.settle(batch, THROTTLED, now=1.0)
    assert box.wait_seconds(1.0) == 0.5


def test_window_bounds_how_far_sending_runs_ahead_of_the_oldest_unsettled_record() -> None:
    box = outbox(window_records=3)
    box.add([b"%d" % number for number in range(9)], now=0.0)
    first = taken(box, 0.0)
    assert first.sequences == [0, 1, 2]
    assert box.take(0.0, drain=True) is None
    box.settle(first, failed(1), now=0.0)
    second = taken(box, 1.0)
    assert second.sequences == [1, 3]
    box.settle(second, ALL_ACCEPTED, now=1.0)
    assert box.settled_below == 4
    assert taken(box, 1.0).sequences == [4, 5, 6]


def test_abandon_gives_up_all_that_is_not_in_a_call_in_order() -> None:
    box = outbox()
    box.add([b"0", b"1", b"2"], now=0.0)
    box.settle(taken(box, 0.0), failed(2), now=0.0)
    box.add([b"3"] * 500 + [b"4"], now=0.0)
    under_way = taken(box, 0.0)
    assert under_way.sequences[0] == 3
    given_up = box.abandon(code="Stopped", message="stopped")
    assert [(entry.sequence, entry.attempts) for entry in given_up] == [(2, 1), (503, 0)]
    assert given_up[0].message == "stopped (last answer: ServiceUnavailableException: Slow down.)"
    assert len(box.abandon(code="Stopped", message="stopped", in_flight_too=True)) == 500
    assert box.settle(under_way, ALL_ACCEPTED, now=1.0) == []  # too late, and booked once only
    assert (box.counts.accepted, box.counts.given_up, box.records_in_hand) == (2, 502, 0)


def test_billed_bytes_are_rounded_up_per_accepted_record() -> None:
    box = outbox()
    box.add([b"x", b"x" * 5121, b"x" * 10], now=0.0)
    box.settle(taken(box, 0.0), failed(2), now=0.0)
    assert box.counts.billed_bytes == 3 * 5120


class OutboxMachine(RuleBasedStateMachine):
    """Whatever Firehose answers and whenever: each record is accepted once or given up once, and limits and order hold."""

    @initialize(seed=st.integers(0, 9), window=st.sampled_from([None, 1, 7, 600]))
    def start(self, seed: int, window: int | None) -> None:
        self.now = 0.0
        self.box = outbox(random=Random(seed).random, window_records=window, retry_budget_seconds=30.0)
        self.window = window
        self.added: list[bytes] = []
        self.ends: dict[int, str] = {}
        self.open: list[Batch] = []

    @rule(count=st.integers(0, 600), size=st.sampled_from([0, 1, 9_000, 1_000_000]), too_large=st.booleans())
    def add(self, count: int, size: int, too_large: bool) -> None:
        records = [b"r" * size] * (count if size < 1_000_000 else count % 7)
        if too_large and records:
            records[len(records) // 2] = b"r" * (MAX_RECORD_BYTES + 1)
        given_up = self.box.add(records, self.now)
        self.added += records
        self.end(given_up)

    @rule(drain=st.booleans())
    def take(self, drain: bool) -> None:
        batch = self.box.take(self.now, drain=drain)
        if batch is None:
            return
        assert 1 <= len(batch.records) <= MAX_BATCH_RECORDS
        assert sum(map(len, batch.records)) <= MAX_BATCH_BYTES
        assert batch.sequences == sorted(set(batch.sequences))
        assert [self.added[sequence] for sequence in batch.sequences] == batch.records
        assert not set(batch.sequences) & self.ends.keys()
        if self.window is not None:
            assert batch.sequences[-1] < self.box.settled_below + self.window
        self.open.append(batch)

    @precondition(lambda self: self.open)
    @rule(
        data=st.data(),
        answer=st.sampled_from(["all", "none", "some", "timeout", "refused"]),
        which=st.integers(0, 99),
    )
    def settle(self, data: st.DataObject, answer: str, which: int) -> None:
        batch = self.open.pop(which % len(self.open))
        indexes = range(len(batch.records))
        result: Any = {"all": ALL_ACCEPTED, "none": THROTTLED, "timeout": TIMEOUT, "refused": REFUSED}.get(answer)
        bad = set() if answer == "all" else set(indexes)
        if answer == "some":
            bad = {index for index in indexes if index % data.draw(st.integers(1, 5)) == 0}
            result = failed(*bad)
        given_up = self.box.settle(batch, result, self.now)
        for index in indexes:
            if index not in bad:
                self.accept(batch.sequences[index])
        self.end(given_up)

    @rule(seconds=st.floats(0.0, 40.0))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def abandon(self) -> None:
        self.end(self.box.abandon(code="Stopped", message="stopped"))

    def accept(self, sequence: int) -> None:
        assert sequence not in self.ends
        self.ends[sequence] = "accepted"

    def end(self, given_up: list[GivenUp]) -> None:
        for entry in given_up:
            assert entry.sequence not in self.ends
            assert entry.record == self.added[entry.sequence]
            self.ends[entry.sequence] = "given up"

    @invariant()
    def books_balance(self) -> None:
        if not hasattr(self, "box"):
            return
        ends = [*self.ends.values()]
        counts = self.box.counts
        assert (counts.submitted, counts.accepted, counts.given_up) == (
            len(self.added), ends.count("accepted"), ends.count("given up"))  # fmt: skip
        assert self.box.records_in_hand == len(self.added) - len(ends)
        assert self.box.settled_below == next(
            (n for n in range(len(self.added)) if n not in self.ends), len(self.added)
        )
        waiting = len(self.added) - len(ends) - sum(len(batch.records) for batch in self.open)
        assert self.box.records_waiting == waiting
        assert (self.box.bytes_waiting > 0) <= (waiting > 0)

    def teardown(self) -> None:
        if not hasattr(self, "box"):
            return
        for batch in self.open:
            self.end(self.box.settle(batch, THROTTLED, self.now))
        for _ in range(3 * len(self.added) + 100):  # a healthy stream takes everything that is left
            if not self.box.records_in_hand:
                break
            batch = self.box.take(self.now, drain=True)
            if batch is None:
                wait = self.box.wait_seconds(self.now, drain=True)
                assert wait is not None, "records in hand, but nothing will ever be sent"
                self.now += max(wait, 0.001)
            else:
                self.box.settle(batch, ALL_ACCEPTED, self.now)
                for sequence in batch.sequences:
                    self.accept(sequence)
        assert len(self.ends) == len(self.added)
        assert self.box.bytes_waiting == 0


TestOutboxMachine: Callable[[], Any] = OutboxMachine.TestCase
OutboxMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
