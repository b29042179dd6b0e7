"""Take the partition keys of dynamic partitioning out of records, or say why a record has none.

Talks to: the jq processes of the `JqPool` it is given. libjq alone decides keys and messages. Where a part of a query reads a few leaves
only, it is asked once for all records that agree in them; or for each record, where few agree, but about these leaves and nothing else.
Source: https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning.html
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from firehose_spec.error_documents import METADATA_EXTRACTION_CODE, METADATA_EXTRACTION_FAILED
from local_firehose.journal_chunk import Int64Array
from local_firehose.jq import JqKeys, JqPool
from local_firehose.jq_keys import query_keys
from local_firehose.jq_leaf import joint_leaves
from local_firehose.jq_leaf_kinds import leaf_keys, text_table
from local_firehose.jq_leaf_reader import LeafReader, LeafTable
from local_firehose.jq_parts import Part, QueryParts
from local_firehose.key_answers import KeyAnswers, PartAnswers
from local_firehose.key_memory import Answer, KeyMemory
from local_firehose.leaf_texts import LeafTexts
from local_firehose.records import Failure, Record

__all__ = ["Extracted", "PartitionKeyExtractor", "extraction_failure", "query_keys"]

_MAX_REMEMBERED = 200_000  # distinct keys; about 100 bytes each
_FEW_KINDS = 2000  # in a small batch many may be new, and yet come again


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
        self._jq = jq
        self._query = QueryParts(query, self.names)
        known = [part.leaves for part in (*self._query.parts, self._query.whole) if part.leaves is not None]
        self._leaves = tuple(dict.fromkeys(leaf for leaves in known for leaf in leaves))
        self._reader = LeafReader(self._leaves) if known else None
        parts = {*self._query.parts, self._query.whole}
        self._memories = {part: KeyMemory(_MAX_REMEMBERED // len(parts)) for part in parts}
        self.leaf_keys = leaf_keys(self._leaves)

    def extract(self, records: Sequence[bytes]) -> Extracted:
        """Return the keys of each record; every record is one JSON document."""
        found = KeyAnswers(self.names, len(records))
        self._read(records, np.arange(len(records)), found)
        return self._completed(found, lambda places: [records[place] for place in places.tolist()])

    def extract_read(self, records: pa.BinaryArray, read: LeafTexts) -> Extracted:
        """Return the same of records whose values of `leaf_keys` were read already, all or some."""
        table = text_table(self._leaves, records, read)
        if table is None:
            return self.extract(records.to_pylist())

        def taken(places: Int64Array) -> list[bytes]:
            return list(records.take(pa.array(places)).to_pylist())

        found = KeyAnswers(self.names, len(records))
        self._answer(table, table.places, taken, found)
        is_left = np.ones(len(records), np.bool_)
        is_left[table.places] = False
        left = np.flatnonzero(is_left)
        if len(left):
            self._read(taken(left), left, found)
        return self._completed(found, taken)

    def _read(self, records: Sequence[bytes], places: Int64Array, found: KeyAnswers) -> None:
        """Answer what a reader can read; `places` are where the records stand in the batch."""
        if self._reader is None:
            return
        table = self._reader.table(records)
        of_row = dict(zip(places[table.places].tolist(), table.places.tolist(), strict=True))
        self._answer(
            table,
            places[table.places],
            lambda wanted: [records[of_row[place]] for place in wanted.tolist()],
            found,
        )

    def _answer(
        self, table: LeafTable, places: Int64Array, records: Callable[[Int64Array], list[bytes]], found: KeyAnswers
    ) -> None:
        """Answer the rows of a table part by part, as far as the parts tell; `places` are the rows' in the batch."""
        if not len(places):
            return
        parts, answers = self._query.parts, list[PartAnswers]()
        varied = []
        for part in parts:
            known = None if part.leaves is None else self._recalled(part, table, places, records)
            if known is None:
                varied.append(part)
            else:
                answers.append(known)
        if varied:
            answers.append(self._asked_each(varied, table, places, records))
        found.take(places, answers, are_messages_final=len(parts) == 1)

    def _recalled(
        self, part: Part, table: LeafTable, places: Int64Array, records: Callable[[Int64Array], list[bytes]]
    ) -> PartAnswers | None:
        """Answer from memory and ask about kinds that are new; None if there are too many kinds for that."""
        kinds = table.kinds(part.leaves or (), most=max(len(places) // 2, _FEW_KINDS))
        if kinds is None:
            return None
        memory, program = self._memories[part], self._query.program((part,))

        def ask(new: list[int]) -> list[Answer]:
            asked = _part_answers(part.keys, self._jq.keys(program, part.keys, records(places[kinds.examples[new]])))
            return [asked.answers[code] for code in asked.codes.tolist()]

        numbers = memory.recall(kinds.keys, ask)
        return PartAnswers(part.keys, numbers[kinds.codes], memory.answers)

    def _asked_each(
        self, parts: Sequence[Part], table: LeafTable, places: Int64Array, records: Callable[[Int64Array], list[bytes]]
    ) -> PartAnswers:
        keys = tuple(key for part in parts for key in part.keys)
        known = [part.leaves for part in parts if part.leaves is not None]
        program = self._query.program(parts)
        if len(known) < len(parts):
            return _part_answers(keys, self._jq.keys(program, keys, records(places)))
        read = joint_leaves([(leaf.path, None) for leaves in known for leaf in leaves], ())
        documents = table.documents([leaf.path for leaf in read])
        return _part_answers(keys, self._jq.keys(program, keys, documents, are_projected=True))

    def _completed(self, found: KeyAnswers, records: Callable[[Int64Array], list[bytes]]) -> Extracted:
        """Ask the whole query about the records that have no answer yet."""
        whole, left = self._query.whole, found.unanswered()
        if len(left) and len(self._query.parts) > 1 and whole.leaves is not None and self._reader is not None:
            table = self._reader.table(records(left))
            places = left[table.places]
            known = self._recalled(whole, table, places, records) if len(places) else None
            if known is not None:
                found.take(places, [known], are_messages_final=True)
                left = found.unanswered()
        if len(left):
            asked = self._jq.keys(self._query.program(self._query.parts), self.names, records(left))
            found.take(left, [_part_answers(self.names, asked)], are_messages_final=True)
        return Extracted(self.names, *found.result())


def _part_answers(keys: tuple[str, ...], asked: JqKeys) -> PartAnswers:
    answers: list[Answer] = list(asked.distinct)
    codes = asked.codes.astype(np.int64)
    messages: dict[str, int] = {}
    for place, message in asked.failures.items():
        codes[place] = len(answers) + messages.setdefault(message, len(messages))
    return PartAnswers(keys, codes, [*answers, *messages])


def extraction_failure(record: Record, message: str) -> Failure:
    """Return the failure of a record without partition keys."""
    return Failure(record, METADATA_EXTRACTION_FAILED, METADATA_EXTRACTION_CODE, message)
