"""Take the partition keys of dynamic partitioning out of records, or say why a record has none.

Talks to: the jq processes of the `JqPool` it is given. libjq alone decides keys and messages; where a query reads a few leaves only, it is
asked once for all records that agree in them. Source: https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning.html
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firehose_spec.error_documents import METADATA_EXTRACTION_CODE, METADATA_EXTRACTION_FAILED
from local_firehose.jq import JqPool
from local_firehose.jq_keys import query_keys
from local_firehose.jq_leaf_reader import Key, LeafReader
from local_firehose.jq_leaves import leaves
from local_firehose.records import Failure, Record

__all__ = ["Extracted", "PartitionKeyExtractor", "extraction_failure", "query_keys"]

_MAX_REMEMBERED = 200_000  # distinct keys; about 100 bytes each
_UNKNOWN = -1


@dataclass(frozen=True, slots=True)
class Extracted:
    """The keys of a batch, dictionary-encoded so that grouping is cheap.

    `codes` holds for each record (int32) its place in `distinct`, or -1 where `failures` has the message for it; each entry of
    `distinct` has the values of `names`, in that order. Every entry of `distinct` is used, none occurs twice.
    """

    names: tuple[str, ...]
    codes: npt.NDArray[np.int32]
    distinct: list[tuple[str, ...]]
    failures: dict[int, str]

    def mapping(self, code: int) -> dict[str, str]:
        """Return the keys of one code by name, as a prefix expression wants them."""
        return dict(zip(self.names, self.distinct[code], strict=True))


class PartitionKeyExtractor:
    """Evaluates one MetadataExtractionQuery; use it from one thread at a time.

    >>> with JqPool(workers=1) as jq:
    ...     found = PartitionKeyExtractor("{store: .s}", jq=jq).extract([b'{"s":"S1"}', b"{}"])
    >>> found.codes.tolist(), found.distinct, found.failures
    ([0, -1], [('S1',)], {1: 'partitionKeys values must not be null or empty'})
    """

    def __init__(self, query: str, *, jq: JqPool, names: Sequence[str] | None = None) -> None:
        """Read `names` (default: all that the query's syntax names) out of the query's result.

        Raises:
            JqCompileError: `query` is not a jq 1.6 program.
        """
        self.names = tuple(query_keys(query) if names is None else names)
        self._query, self._jq = query, jq
        found = leaves(query)
        self._memory = None if found is None else _Memory(LeafReader(found))

    def extract(self, records: Sequence[bytes]) -> Extracted:
        """Return the keys of each record; every record is one JSON document."""
        if self._memory is None:
            return self._ask(records)
        codes, unknown = self._memory.recall(records)
        if unknown:
            answers = self._ask([records[place] for place in unknown])
            codes = self._memory.learn(codes, unknown, answers)
        return self._memory.extracted(self.names, codes)

    def _ask(self, records: Sequence[bytes]) -> Extracted:
        found = self._jq.keys(self._query, self.names, records)
        return Extracted(self.names, found.codes, found.distinct, found.failures)


class _Memory:
    """What libjq has answered, by the leaves that decide it. An answer is a number: of key values, or of a message."""

    def __init__(self, reader: LeafReader) -> None:
        self._reader = reader
        self._by_key: dict[Key, int] = {}
        self._answers: dict[tuple[str, ...] | str, int] = {}
        self._keys: list[Key | None] = []

    def recall(self, records: Sequence[bytes]) -> tuple[npt.NDArray[np.int64], list[int]]:
        """Return the answers known, and one record of each kind whose answer is not."""
        if len(self._by_key) > _MAX_REMEMBERED:
            self._by_key.clear()
            self._answers.clear()
        self._keys = self._reader.keys(records)
        known = self._by_key.get
        codes = np.fromiter(
            (_UNKNOWN if key is None else known(key, _UNKNOWN) for key in self._keys), np.int64, len(records)
        )
        asked: dict[Key, int] = {}
        unknown = []
        for place in np.flatnonzero(codes == _UNKNOWN).tolist():
            key = self._keys[place]
            if key is None or asked.setdefault(key, place) == place:
                unknown.append(place)
        return codes, unknown

    def learn(self, codes: npt.NDArray[np.int64], asked: Sequence[int], answers: Extracted) -> npt.NDArray[np.int64]:
        """Take in what libjq said of the records asked about, and return the answers of all."""
        for at, place in enumerate(asked):
            code = int(answers.codes[at])
            answer = answers.failures[at] if code < 0 else answers.distinct[code]
            number = self._answers.setdefault(answer, len(self._answers))
            codes[place] = number
            key = self._keys[place]
            if key is not None:
                self._by_key[key] = number
        for place in np.flatnonzero(codes == _UNKNOWN).tolist():
            codes[place] = self._by_key[self._keys[place]]  # type: ignore[index]  # only a record like one that was asked about is left
        return codes

    def extracted(self, names: tuple[str, ...], codes: npt.NDArray[np.int64]) -> Extracted:
        """Return answers as keys and failures; the numbers used are counted anew from 0."""
        answers = list(self._answers)
        used = np.flatnonzero(np.bincount(codes, minlength=len(answers)))
        translation = np.full(len(answers), -1, np.int32)
        distinct: list[tuple[str, ...]] = []
        failures: dict[int, str] = {}
        for number in used.tolist():
            answer = answers[number]
            if isinstance(answer, str):
                failures |= dict.fromkeys(np.flatnonzero(codes == number).tolist(), answer)
            else:
                translation[number] = len(distinct)
                distinct.append(answer)
        return Extracted(names, translation[codes], distinct, failures)


def extraction_failure(record: Record, message: str) -> Failure:
    """Return the failure of a record without partition keys."""
    return Failure(record, METADATA_EXTRACTION_FAILED, METADATA_EXTRACTION_CODE, message)
