"""What parts of a query say, put together."""

import numpy as np
import pytest

from local_firehose.key_answers import KeyAnswers, PartAnswers


def part(keys: str, *answers: tuple[str, ...] | str, codes: list[int]) -> PartAnswers:
    return PartAnswers(tuple(keys), np.array(codes, np.int64), answers)


def test_values_stand_in_the_order_of_the_names() -> None:
    found = KeyAnswers(("a", "b", "c"), 3)
    parts = [part("ca", ("C", "A"), ("unused", ""), ("c", "a"), codes=[0, 2, 0]), part("b", ("B",), codes=[0, 0, 0])]
    found.take(np.arange(3), parts, are_messages_final=False)
    codes, distinct, failures = found.result()
    assert [distinct[code] for code in codes] == [("A", "B", "C"), ("a", "B", "c"), ("A", "B", "C")]
    assert (len(distinct), failures) == (2, {})


def test_message_of_a_part_leaves_the_record_unanswered() -> None:
    found = KeyAnswers(("a", "b"), 2)
    found.take(
        np.arange(2),
        [part("a", ("A",), "bad", codes=[0, 1]), part("b", ("B",), codes=[0, 0])],
        are_messages_final=False,
    )
    assert found.unanswered().tolist() == [1]
    found.take(np.array([1]), [part("ab", "worse", codes=[0])], are_messages_final=True)
    codes, distinct, failures = found.result()
    assert (codes.tolist(), distinct, failures) == ([0, -1], [("A", "B")], {1: "worse"})


def test_places_are_those_in_the_batch() -> None:
    found = KeyAnswers(("a",), 4)
    found.take(np.array([3, 1]), [part("a", ("x",), ("y",), codes=[0, 1])], are_messages_final=True)
    assert found.unanswered().tolist() == [0, 2]
    found.take(np.array([0, 2]), [part("a", ("x",), codes=[0, 0])], are_messages_final=True)
    codes, distinct, _ = found.result()
    assert [distinct[code] for code in codes] == [("x",), ("y",), ("x",), ("x",)]


@pytest.mark.parametrize(
    "parts", [pytest.param(3, id="few"), pytest.param(12, id="more-combinations-than-an-int64-holds")]
)
def test_any_number_of_parts_with_many_answers_goes_together(parts: int) -> None:
    count = 300
    shuffled = [np.random.default_rng(number).permutation(count) for number in range(parts)]
    names = "abcdefghijkl"[:parts]
    given = [
        PartAnswers((name,), codes.astype(np.int64), [(f"{name}{at}",) for at in range(count)])
        for name, codes in zip(names, shuffled, strict=True)
    ]
    found = KeyAnswers(tuple(names), count)
    found.take(np.arange(count), given, are_messages_final=False)
    codes, distinct, _ = found.result()
    assert [distinct[code] for code in codes] == [
        tuple(f"{name}{order[row]}" for name, order in zip(names, shuffled, strict=True)) for row in range(count)
    ]


def test_no_records_no_answers() -> None:
    codes, distinct, failures = KeyAnswers(("a",), 0).result()
    assert (codes.tolist(), distinct, failures) == ([], [], {})
