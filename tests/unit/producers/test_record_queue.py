from hypothesis import given, settings
from hypothesis import strategies as st

from firehose_spec.quotas import MAX_BATCH_BYTES, MAX_BATCH_RECORDS
from producers.record_queue import RecordQueue, Sizes


def test_batch_ends_at_500_records() -> None:
    queue = RecordQueue()
    queue.add(0, [b"x"] * 1201, now=0.0)
    sizes = []
    while queue.record_count:
        sizes.append(len(queue.take(MAX_BATCH_RECORDS, MAX_BATCH_BYTES)[1]))
    assert sizes == [500, 500, 201]


def test_batch_of_exactly_4_mib_is_one_call_and_one_byte_more_is_two() -> None:
    quarter = b"x" * (1000 * 1024)
    rest = MAX_BATCH_BYTES - 4 * len(quarter)
    queue = RecordQueue()
    queue.add(0, [quarter] * 4 + [b"y" * rest], now=0.0)
    assert queue.take(500, MAX_BATCH_BYTES)[0] == [0, 1, 2, 3, 4]
    queue.add(5, [quarter] * 4 + [b"y" * (rest + 1)], now=0.0)
    assert queue.take(500, MAX_BATCH_BYTES)[0] == [5, 6, 7, 8]
    assert queue.take(500, MAX_BATCH_BYTES)[0] == [9]


def test_queue_knows_when_waiting_is_useless() -> None:
    queue = RecordQueue()
    queue.add(0, [b"x"] * 499, now=0.0)
    assert not queue.fills_a_batch
    queue.add(499, [b"x"], now=0.0)
    assert queue.fills_a_batch
    large = RecordQueue()
    large.add(0, [b"x" * 1_000_000] * 4, now=0.0)
    assert not large.fills_a_batch
    large.add(4, [b"x" * 1_000_000], now=0.0)
    assert large.fills_a_batch


def test_oldest_record_keeps_its_age_when_its_group_is_split() -> None:
    queue = RecordQueue()
    queue.add(0, [b"a", b"b"], now=3.0)
    queue.add(2, [b"c"], now=9.0)
    queue.take(1, 100)
    assert (queue.first_sequence, queue.oldest_at) == (1, 3.0)
    queue.take(1, 100)
    assert (queue.first_sequence, queue.oldest_at) == (2, 9.0)


def test_sequences_stay_below_the_bound() -> None:
    queue = RecordQueue()
    queue.add(0, [b"a", b"b"], now=0.0)
    queue.add(7, [b"c", b"d"], now=0.0)
    assert queue.take(500, 100, below=8) == ([0, 1, 7], [b"a", b"b", b"c"])
    assert queue.take(500, 100, below=8) == ([], [])
    assert queue.take(500, 100) == ([8], [b"d"])


@settings(max_examples=40)
@given(
    st.lists(st.lists(st.integers(0, 9).map(lambda size: b"r" * size), max_size=6), max_size=8),
    st.lists(st.tuples(st.integers(1, 7), st.integers(9, 25)), min_size=60, max_size=60),
)
def test_batches_are_the_records_in_order_each_as_long_as_fits(
    groups: list[list[bytes]], limits: list[tuple[int, int]]
) -> None:
    queue, everything = RecordQueue(), [record for group in groups for record in group]
    first = 0
    for group in groups:
        queue.add(first, group, now=0.0)
        first += len(group)
    assert (queue.record_count, queue.byte_count) == (len(everything), sum(map(len, everything)))
    taken: list[bytes] = []
    for max_records, max_bytes in limits:
        sequences, records = queue.take(max_records, max_bytes)
        assert sequences == list(range(len(taken), len(taken) + len(records)))
        assert records == everything[len(taken) : len(taken) + len(records)]
        assert len(records) <= max_records
        assert sum(map(len, records)) <= max_bytes
        taken += records
        if len(taken) < len(everything) and len(records) < max_records:
            assert sum(map(len, records)) + len(everything[len(taken)]) > max_bytes
    assert taken == everything
    assert (queue.record_count, queue.byte_count, queue.first_sequence) == (0, 0, None)


def test_whole_batch_is_what_was_added_at_once() -> None:
    queue = RecordQueue()
    records = [b"x" * number for number in range(500)]
    queue.add(7, records, now=0.0)
    queue.add(507, [b"y"], now=0.0)
    assert queue.take_whole(below=506) is None
    assert queue.take_whole(below=507) == (range(7, 507), records, Sizes(500 * 499 // 2, 0, 499))
    assert (queue.record_count, queue.byte_count, queue.first_sequence) == (1, 1, 507)
    assert queue.take_whole() is None
    assert queue.take(500, 100) == ([507], [b"y"])
    assert queue.take_whole() is None


def test_whole_batch_is_never_over_4_mib() -> None:
    queue = RecordQueue()
    queue.add(0, [b"x" * (MAX_BATCH_BYTES // 500 + 1)] * 500, now=0.0)
    assert queue.take_whole() is None
    assert len(queue.take(500, MAX_BATCH_BYTES)[0]) == 499


@given(st.lists(st.lists(st.binary(max_size=9), min_size=1, max_size=9), min_size=1), st.lists(st.integers(1, 7)))
def test_bytes_add_up_however_the_queue_is_cut(groups: list[list[bytes]], cuts: list[int]) -> None:
    queue, left = RecordQueue(), [record for group in groups for record in group]
    for group in groups:
        queue.add(0, group, now=0.0)
    for cut in cuts:
        taken = queue.take(cut, 20)[1]
        left = left[len(taken) :]
        assert (queue.record_count, queue.byte_count) == (len(left), sum(map(len, left)))
