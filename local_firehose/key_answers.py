"""Put together what the parts of a query gave for the records of a batch.

Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from local_firehose.arrow_numbers import numbered
from local_firehose.journal_chunk import Int64Array
from local_firehose.key_memory import Answer

_UNANSWERED = -1
_MAX_COMBINATIONS = 1 << 62


@dataclass(frozen=True, slots=True)
class PartAnswers:
    """Record i has ``answers[codes[i]]``: the values of `keys`, or a message."""

    keys: tuple[str, ...]
    codes: Int64Array
    answers: Sequence[Answer]


class KeyAnswers:
    """The answer to each record of a batch, as far as it is known."""

    def __init__(self, names: tuple[str, ...], count: int) -> None:
        """Collect the values of `names` for `count` records."""
        self._names = names
        self._codes = np.full(count, _UNANSWERED, np.int64)
        self._numbers: dict[Answer, int] = {}

    def unanswered(self) -> Int64Array:
        """Return the places of the records without an answer."""
        return np.flatnonzero(self._codes == _UNANSWERED)

    def take(self, places: Int64Array, parts: Sequence[PartAnswers], *, are_messages_final: bool) -> None:
        """Take in what parts that have all keys between them say about some records.

        A message is an answer only if `are_messages_final`; else a record with one in any part stays unanswered.
        """
        combined, size = np.zeros(len(places), np.int64), 1
        compact = [_compact(part) for part in parts]
        for part in compact:
            if size * len(part.answers) > _MAX_COMBINATIONS:
                combined, found, _ = numbered(combined, size)
                size = len(found)
            combined = combined * len(part.answers) + part.codes
            size *= len(part.answers)
        combined, _, examples = numbered(combined, size)
        said = zip(*([part.answers[code] for code in part.codes[examples].tolist()] for part in compact), strict=True)
        where = {key: (number, at) for number, part in enumerate(compact) for at, key in enumerate(part.keys)}
        sources = [where[name] for name in self._names]
        numbers = [self._number(answers, sources, are_messages_final=are_messages_final) for answers in said]
        self._codes[places] = np.array(numbers, np.int64)[combined]

    def _number(
        self, answers: Sequence[Answer], sources: Sequence[tuple[int, int]], *, are_messages_final: bool
    ) -> int:
        """Return the number of what the parts say together; `sources` tell part and place of each name's value."""
        for answer in answers:
            if isinstance(answer, str):
                return self._numbers.setdefault(answer, len(self._numbers)) if are_messages_final else _UNANSWERED
        return self._numbers.setdefault(tuple([answers[part][at] for part, at in sources]), len(self._numbers))

    def result(self) -> tuple[npt.NDArray[np.int32], list[tuple[str, ...]], dict[int, str]]:
        """Return codes, the distinct values that they number, and messages by place; all records must have an answer."""
        answers = list(self._numbers)
        translation = np.full(len(answers), -1, np.int32)
        distinct: list[tuple[str, ...]] = []
        failures: dict[int, str] = {}
        for number in np.flatnonzero(np.bincount(self._codes, minlength=len(answers))).tolist():
            answer = answers[number]
            if isinstance(answer, str):
                failures |= dict.fromkeys(np.flatnonzero(self._codes == number).tolist(), answer)
            else:
                translation[number] = len(distinct)
                distinct.append(answer)
        return translation[self._codes], distinct, failures


def _compact(part: PartAnswers) -> PartAnswers:
    """Return the same with the answers that are used, counted anew from 0."""
    codes, used, _ = numbered(part.codes, len(part.answers))
    return PartAnswers(part.keys, codes, [part.answers[number] for number in used.tolist()])
