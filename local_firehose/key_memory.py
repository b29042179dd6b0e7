"""What libjq has answered, by what decides it.

Pure. An answer is the values of keys, or a message.
"""

from collections.abc import Callable, Sequence

import numpy as np

from local_firehose.journal_chunk import Int64Array
from local_firehose.jq_leaf_reader import Key

Answer = tuple[str, ...] | str

_UNKNOWN = -1


class KeyMemory:
    """Answers by key; the number of an answer is its place in `answers`, which only grows until all is forgotten."""

    def __init__(self, most: int) -> None:
        """Remember at most `most` keys; about 100 bytes each."""
        self._most = most
        self._by_key: dict[Key, int] = {}
        self._numbers: dict[Answer, int] = {}
        self.answers: list[Answer] = []

    def recall(self, keys: Sequence[Key], ask: Callable[[list[int]], Sequence[Answer]]) -> Int64Array:
        """Return the number of the answer to each key, none of which occurs twice; `ask` is given the places of those that are new.

        Numbers given before mean nothing any more.
        """
        if max(len(self._by_key), len(self._numbers)) > self._most:
            self._by_key.clear()
            self._numbers.clear()
            self.answers = []
        known = self._by_key.get
        codes = np.fromiter((known(key, _UNKNOWN) for key in keys), np.int64, len(keys))
        unknown = np.flatnonzero(codes == _UNKNOWN).tolist()
        if unknown:
            for place, answer in zip(unknown, ask(unknown), strict=True):
                number = self._numbers.setdefault(answer, len(self.answers))
                if number == len(self.answers):
                    self.answers.append(answer)
                codes[place] = self._by_key[keys[place]] = number
        return codes
