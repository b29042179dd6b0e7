"""Cut the records that are written by a template at their values, all at once.

Pure. A record fits if it has the template's quotes, each at the distance from its neighbours that the text between asks for, and that text
byte by byte: then nothing in it is left but the values.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from local_firehose.bulk_quotes import Offsets, Places, QuotePlaces
from local_firehose.bulk_template import Template
from local_firehose.bulk_texts import Bytes, Mask

_QUOTE = b'"'


@dataclass(frozen=True, slots=True)
class Split:
    """The records at `places` (ascending) fit; ``values[s][i]`` is what record i has in slot s, strings without their quotes.

    A value that is no string is at least one byte; what it is has to be looked at. ``quoted[s]`` are strings with their quotes.
    """

    places: Places
    values: list[pa.StringArray]
    quoted: dict[int, pa.StringArray]

    def __len__(self) -> int:
        return len(self.places)


def joined(splits: Sequence[Split]) -> Split:
    """Return what fits in several blocks of one batch, which follow each other."""
    if len(splits) == 1:
        return splits[0]
    return Split(
        np.concatenate([split.places for split in splits]),
        [pa.concat_arrays(values) for values in zip(*(split.values for split in splits), strict=True)],
        {slot: pa.concat_arrays([split.quoted[slot] for split in splits]) for slot in splits[0].quoted},
    )


@dataclass(frozen=True, slots=True)
class _Literal:
    """A literal's text, the numbers of its first and last quote within the record, and where these stand in it."""

    text: bytes
    first: int
    last: int
    head: int
    tail: int


class Splitter:
    """Splits by one template."""

    def __init__(self, template: Template) -> None:
        self.template = template
        self._literals: list[_Literal] = []
        number = 0
        for text in template.literals:
            quotes = text.count(_QUOTE)
            self._literals.append(
                _Literal(text, number, number + quotes - 1, text.find(_QUOTE), len(text) - text.rfind(_QUOTE))
            )
            number += quotes

    def split(self, block: QuotePlaces, left: Mask, quoted: Sequence[int] = ()) -> Split:
        """Return those of a block's records that fit; of those marked in `left` only. `quoted` are slots of strings."""
        template = self.template
        fits = left & (block.counts == template.quotes)
        if block.is_plain is not None:
            fits &= block.is_plain
        if block.controls is not None:
            fits &= block.controls == template.controls
        elif template.controls:
            fits[:] = False
        places = np.flatnonzero(fits)
        begins, starts, ends = self._cuts(block, places)
        right = self._distances(block, places, begins, starts)
        if not right.all():
            places = places[right]
            begins, starts, ends = ([each[right] for each in cuts] for cuts in (begins, starts, ends))
        wrong = self._misspelled(block, begins)
        if wrong is not None:
            places = places[~wrong]
            starts, ends = ([each[~wrong] for each in cuts] for cuts in (starts, ends))
        cutter = _Cutter(block.data, len(places))
        return Split(
            places + block.at,
            [cutter.values(start, end) for start, end in zip(starts, ends, strict=True)],
            {slot: cutter.values(starts[slot] - np.int32(1), ends[slot] + np.int32(1)) for slot in quoted},
        )

    def _cuts(self, block: QuotePlaces, places: Places) -> tuple[list[Offsets], list[Offsets], list[Offsets]]:
        """Return where each literal begins, and where each value begins and ends, as the quotes tell."""
        first, *others = self._literals
        is_all = len(places) == len(block)
        # where all records have as many quotes, the quote of a number stands in a column of its own
        numbers = block.quotes.reshape(len(block), -1) if is_all else None

        def quotes(number: int) -> Offsets:
            if numbers is not None:
                return numbers[:, number]
            return block.quotes.take(block.first[places] + number)

        begins = [block.begins if is_all else block.begins[places]]
        starts = [quotes(first.last) + np.int32(first.tail)]
        for literal in others[:-1]:
            begins.append(quotes(literal.first) - np.int32(literal.head))
            starts.append(quotes(literal.last) + np.int32(literal.tail))
        closing = others[-1]
        begins.append((block.ends if is_all else block.ends[places]) - np.int32(len(closing.text)))
        return begins, starts, begins[1:]

    def _distances(self, block: QuotePlaces, places: Places, begins: list[Offsets], starts: list[Offsets]) -> Mask:
        """Tell which records have room for each literal, no more and no less, and for each value."""
        right = np.ones(len(places), np.bool_)
        for literal, begin, start in zip(self._literals, begins, starts, strict=False):
            right &= start - begin == len(literal.text)
        for slot, start, end in zip(self.template.slots, starts, begins[1:], strict=True):
            if not slot.is_string:
                right &= start < end
        if self.template.slots[-1].is_string:
            right &= block.quotes.take(block.first[places] + self._literals[-1].first) == begins[-1]
        return right

    def _misspelled(self, block: QuotePlaces, begins: list[Offsets]) -> Mask | None:
        """Tell which records have other bytes than a literal's at its place; None: none has."""
        wrong: Mask | None = None
        for literal, begin in zip(self._literals, begins, strict=True):
            found = _pieces(block.data, begin, len(literal.text))
            wanted = np.frombuffer(literal.text * len(begin), np.uint8)
            if not np.array_equal(found, wanted):
                differs: Mask = (found != wanted).reshape(len(begin), -1).any(axis=1)
                wrong = differs if wrong is None else wrong | differs
        return wrong


def _pieces(data: npt.NDArray[np.uint8], begins: Offsets, size: int) -> npt.NDArray[np.uint8]:
    """Return `size` bytes from each place on, end to end."""
    if len(begins) == 0:
        return np.zeros(0, np.uint8)
    windows: npt.NDArray[np.void] = np.ndarray((len(data) - size + 1,), np.dtype((np.void, size)), data, strides=(1,))
    return windows[begins].view(np.uint8)


class _Cutter:
    """Takes values out of a block's data, by where each record's value begins and ends: they lie one behind another."""

    def __init__(self, data: Bytes, size: int) -> None:
        self._data = pa.py_buffer(data)
        self._size = size
        self._every_other = pa.array(np.arange(0, 2 * size, 2, dtype=np.int32))

    def values(self, starts: Offsets, ends: Offsets) -> pa.StringArray:
        """Return ``data[starts[i]:ends[i]]`` for each i."""
        if self._size == 0:
            return pa.array([], pa.string())
        # every other value of an array that takes the data as it lies
        bounds = np.empty(2 * self._size + 1, np.int32)
        bounds[:-1:2], bounds[1::2], bounds[-1] = starts, ends, ends[-1]
        pieces = pa.StringArray.from_buffers(2 * self._size, pa.py_buffer(bounds), self._data)
        return pieces.take(self._every_other)
