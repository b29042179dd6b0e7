"""Take the partition keys of dynamic partitioning out of records, or say why a record has none.

Talks to: the jq processes of the `JqPool` it is given. libjq alone decides keys and messages; where a query reads a few leaves only, it is
asked once for all records that agree in them. Source: https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning.html
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from firehose_spec.error_documents import METADATA_EXTRACTION_CODE, METADATA_EXTRACTION_FAILED
from local_firehose.jq import JqPool
from local_firehose.jq_keys import query_keys
from local_firehose.jq_leaf_kinds import kinds, leaf_keys
from local_firehose.jq_leaf_reader import Key, LeafReader
from local_firehose.jq_leaves import leaves
from local_firehose.leaf_texts import LeafTexts
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
        self._leaves = leaves(query)
        self._reader = None if self._leaves is None else LeafReader(self._leaves)
        self._memory = _Memory()
        self.leaf_keys = leaf_keys(self._leaves)

    def extract(self, records: Sequence[bytes]) -> Extracted:
        """Return the keys of each record; every record is one JSON document."""
        if self._reader is None:
            return self._ask(records)
        self._memory.make_room()
        codes = self._answered(self._reader.keys(records), records.__getitem__)
        return self._memory.extracted(self.names, codes)

    def extract_read(self, records: pa.BinaryArray, read: LeafTexts) -> Extracted:
        """Return the same of records whose values of `leaf_keys` were read already, all or some."""
        found = None if self._leaves is None else kinds(self._leaves, read)
        if found is None or self._reader is None:
            return self.extract(records.to_pylist())
        self._memory.make_room()
        codes = np.full(len(records), _UNKNOWN, np.int64)
        codes[found.places] = 0
        left = np.flatnonzero(codes == _UNKNOWN)
        if len(left):
            others = records.take(pa.array(left)).to_pylist()
            codes[left] = self._answered(self._reader.keys(others), others.__getitem__)
        answers = self._answered(found.keys, lambda kind: records[int(found.examples[kind])].as_py())
        codes[found.places] = answers[found.codes]
        return self._memory.extracted(self.names, codes)

    def _answered(self, keys: Sequence[Key | None], record: Callable[[int], bytes]) -> npt.NDArray[np.int64]:
        """Return the number of the answer to each key; libjq is asked about one record of each that is new."""
        codes, unknown = self._memory.recall(keys)
        if unknown:
            self._memory.learn(keys, codes, unknown, self._ask([record(place) for place in unknown]))
        return codes

    def _ask(self, records: Sequence[bytes]) -> Extracted:
        found = self._jq.keys(self._query, self.names, records)
        return Extracted(self.names, found.codes, found.distinct, found.failures)


class _Memory:
    """What libjq has answered, by the leaves that decide it. An answer is a number: of key values, or of a message."""

    def __init__(self) -> None:
        self._by_key: dict[Key, int] = {}
        self._answers: dict[tuple[str, ...] | str, int] = {}

    def make_room(self) -> None:
        """Forget everything if it has become too much; numbers given before mean nothing after it."""
        if max(len(self._by_key), len(self._answers)) > _MAX_REMEMBERED:
            self._by_key.clear()
            self._answers.clear()

    def recall(self, keys: Sequence[Key | None]) -> tuple[npt.NDArray[np.int64], list[int]]:
        """Return the answers known, and one place of each key whose answer is not."""
        known = self._by_key.get
        codes = np.fromiter((_UNKNOWN if key is None else known(key, _UNKNOWN) for key in keys), np.int64, len(keys))
        asked: dict[Key, int] = {}
        unknown = []
        for place in np.flatnonzero(codes == _UNKNOWN).tolist():
            key = keys[place]
            if key is None or asked.setdefault(key, place) == place:
                unknown.append(place)
        return codes, unknown

    def learn(
        self, keys: Sequence[Key | None], codes: npt.NDArray[np.int64], asked: Sequence[int], answers: Extracted
    ) -> None:
        """Take in what libjq said about the places asked, and complete `codes`."""
        for at, place in enumerate(asked):
            code = int(answers.codes[at])
            answer = answers.failures[at] if code < 0 else answers.distinct[code]
            number = self._answers.setdefault(answer, len(self._answers))
            codes[place] = number
            key = keys[place]
            if key is not None:
                self._by_key[key] = number
        for place in np.flatnonzero(codes == _UNKNOWN).tolist():
            codes[place] = self._by_key[keys[place]]  # type: ignore[index]  # only a key like one that was asked about is left

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
