"""Answers are asked for once, and forgotten when they become too many."""

from local_firehose.jq_leaf_reader import Key
from local_firehose.key_memory import Answer, KeyMemory


def recalled(memory: KeyMemory, keys: list[Key], asked: list[Key]) -> list[Answer]:
    def ask(places: list[int]) -> list[Answer]:
        asked.extend(keys[place] for place in places)
        return [("even",) if keys[place][0] in {0, 2, 4} else "odd" for place in places]

    return [memory.answers[number] for number in memory.recall(keys, ask)]


def test_only_new_keys_are_asked_about() -> None:
    memory, asked = KeyMemory(10), list[Key]()
    assert recalled(memory, [(0,), (1,), (2,)], asked) == [("even",), "odd", ("even",)]
    assert recalled(memory, [(3,), (2,)], asked) == ["odd", ("even",)]
    assert asked == [(0,), (1,), (2,), (3,)]
    assert memory.answers == [("even",), "odd"]


def test_everything_is_forgotten_once_there_is_too_much() -> None:
    memory, asked = KeyMemory(2), list[Key]()
    recalled(memory, [(0,), (1,), (2,)], asked)
    assert recalled(memory, [(1,)], asked) == ["odd"]
    assert asked == [(0,), (1,), (2,), (1,)]
    assert memory.answers == ["odd"]
