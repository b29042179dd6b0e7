"""Records that are written alike, into rows, without parsing them.

Pure. Templates are learned from records that none fits yet; a stream that is written in too many ways is left to the parser. Held to the exact
path by tests/unit/local_firehose/test_bulk_conversion.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from firehose_spec.glue_types import Primitive
from local_firehose.bulk_part import BulkRows
from local_firehose.bulk_quotes import QuotePlaces, blocks_of
from local_firehose.bulk_scalars import proven_scalars
from local_firehose.bulk_shape import LeafShape, Member, ObjectShape, ShapeReader, is_readable
from local_firehose.bulk_split import Split, Splitter, joined
from local_firehose.bulk_template import template_of
from local_firehose.bulk_texts import JsonTexts, Mask
from local_firehose.bulk_values import Leniency, values_of
from local_firehose.columns import arrow_type
from local_firehose.leaf_texts import LeafTexts

_MOST_TEMPLATES = 8
_LEARNED_A_BATCH = 3
_MOST_IDLE_BATCHES = 64
_WORTHWHILE = 4  # at least every fourth record
_FRACTIONAL = (Primitive("float"), Primitive("double"))


@dataclass(frozen=True, slots=True)
class _Known:
    """A template at work: how the table sees its records, and which slot has which key."""

    splitter: Splitter
    shape: ObjectShape
    slots: dict[str, int]

    def split(self, block: QuotePlaces, left: Mask, leaf_keys: Sequence[str]) -> Split:
        """Split what is left of a block; strings of further interest are wanted with their quotes too."""
        quoted = [self.slots[key] for key in leaf_keys if key in self.slots and self.is_string(key)]
        return self.splitter.split(block, left[block.at : block.at + len(block)], quoted)

    def is_string(self, key: str) -> bool:
        return self.splitter.template.slots[self.slots[key]].is_string


class WrittenReader:
    """Reads what it can for one table and SerDe; keeps the templates that serve. One thread at a time."""

    def __init__(self, schema: pa.Schema, shapes: ShapeReader, leniency: Leniency, *, least_records: int) -> None:
        """A template must fit `least_records` of a batch to be worth its while."""
        self._schema = schema
        self._shapes = shapes
        self._leniency = leniency
        self._least_records = least_records
        self._known: list[_Known] = []
        self._idle = 0  # batches until the next attempt to learn
        self._patience = 1

    def read(self, records: pa.BinaryArray, leaf_keys: Sequence[str] = ()) -> list[BulkRows]:
        """Return rows of the records that fit a template, a part for each."""
        is_learning = self._idle == 0
        self._idle = max(self._idle - 1, 0)
        if not self._known:
            if not is_learning:
                return []
            quarter = len(records) // 4
            samples = [records[place].as_py() for place in (2 * quarter, quarter, 3 * quarter)]
            if not any(map(self._known_from, samples)):
                self._wait_longer()
                return []
        left = np.ones(len(records), np.bool_)
        blocks: list[QuotePlaces] = []
        splits: list[list[Split]] = [[] for _ in self._known]
        for block in blocks_of(records):
            blocks.append(block)
            for known, found in zip(self._known, splits, strict=True):
                found.append(known.split(block, left, leaf_keys))
                left[found[-1].places] = False
        if not blocks:
            return []
        parts: list[BulkRows] = []
        for place, known in enumerate(list(self._known)):
            if self._take(joined(splits[place]), left, known, leaf_keys, parts) and place:
                self._known.remove(known)  # what fitted last is tried first
                self._known.insert(0, known)
        if is_learning and np.count_nonzero(left) >= self._least_records:
            self._learn(records, blocks, left, leaf_keys, parts)
        if _WORTHWHILE * np.count_nonzero(left) > (_WORTHWHILE - 1) * len(records):
            self._known.clear()  # looking costs more than it saves
        return parts

    def _wait_longer(self) -> None:
        self._patience = min(2 * self._patience, _MOST_IDLE_BATCHES)
        self._idle = self._patience - 1

    def _learn(
        self,
        records: pa.BinaryArray,
        blocks: Sequence[QuotePlaces],
        left: Mask,
        leaf_keys: Sequence[str],
        parts: list[BulkRows],
    ) -> None:
        """Make templates of records that fit none; after attempts in vain, wait longer and longer."""
        self._wait_longer()
        tried = np.zeros(len(records), np.bool_)
        for _ in range(_LEARNED_A_BATCH):
            candidates = np.flatnonzero(left & ~tried)
            if len(candidates) < self._least_records:
                break
            sample = int(candidates[len(candidates) // 2])
            tried[sample] = True
            known = self._known_from(records[sample].as_py())
            if known is None:
                continue
            split = joined([known.split(block, left, leaf_keys) for block in blocks])
            if self._take(split, left, known, leaf_keys, parts) >= self._least_records:
                self._known = [known, *self._known[: _MOST_TEMPLATES - 1]]
                self._patience, self._idle = 1, 0

    def _known_from(self, record: bytes | None) -> _Known | None:
        template = None if record is None else template_of(record)
        if template is None:
            return None
        slots = {slot.key: place for place, slot in enumerate(template.slots)}
        shape = self._shapes.learn(dict.fromkeys(slots))
        is_flat = all(member.key is None or isinstance(member.shape, LeafShape) for member in shape.members)
        return _Known(Splitter(template), shape, slots) if is_flat and is_readable(shape) else None

    def _take(self, split: Split, left: Mask, known: _Known, leaf_keys: Sequence[str], parts: list[BulkRows]) -> int:
        """Read what fits one template, and take it out of `left`; return how many records."""
        cut = _Cut(split, known)
        arrays = [self._column(member, cut) for member in known.shape.members]
        for key in known.shape.extra_keys:
            cut.source(key, has_fractions=True)
        taken = np.flatnonzero(~cut.refused)
        left[split.places] = True
        if len(taken) == 0:
            return 0
        table = pa.Table.from_arrays(arrays, schema=self._schema)
        leaves = {key: cut.leaf(key) for key in leaf_keys if key in known.slots}
        places = split.places
        if len(taken) < len(places):
            places, table = places[taken], table.take(pa.array(taken))
            leaves = {key: texts.take(pa.array(taken)) for key, texts in leaves.items()}
        left[places] = False
        parts.append(BulkRows(table, places, LeafTexts(places, leaves)))
        return len(places)

    def _column(self, member: Member, cut: "_Cut") -> pa.Array:
        if member.key is None:
            return pa.nulls(len(cut.split), arrow_type(member.kind))
        parts = cut.source(member.key, has_fractions=member.kind in _FRACTIONAL)
        values = values_of(member.kind, parts, self._leniency)
        cut.refused |= values.is_refused
        return values.array


class _Cut:
    """Records of a batch, cut at their values by a template. `refused` marks those with a value that is not proven or does not fit."""

    def __init__(self, split: Split, known: _Known) -> None:
        self.split = split
        self.refused: Mask = np.zeros(len(split), np.bool_)
        self._known = known
        self._sources: dict[str, JsonTexts] = {}

    def source(self, key: str, *, has_fractions: bool) -> JsonTexts:
        """Return the values of a key; of fractions only if asked for, else they are refused."""
        texts = self.split.values[self._known.slots[key]]
        if self._known.is_string(key):
            found = JsonTexts.strings(texts)
        else:
            texts, unproven = proven_scalars(texts, has_fractions=has_fractions)
            self.refused |= unproven
            found = JsonTexts.scalars(texts)
        self._sources[key] = found
        return found

    def leaf(self, key: str) -> pa.StringArray:
        """Return a key's values as JSON texts, strings within their quotes; they have been read before."""
        return self.split.quoted.get(self._known.slots[key], self._sources[key].texts)
