"""Arrow columns as numpy arrays and back, for what the other says shorter or faster.

Pure. The columns have no nulls: Arrow would hand them out as objects.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

_FEW = 1 << 16  # a table of so many stays in the processor's cache: half the time of hashing


def mask_of(values: pa.BooleanArray) -> npt.NDArray[np.bool_]:
    """Return truth values as a mask."""
    return np.asarray(values.to_numpy(zero_copy_only=False), dtype=np.bool_)


def whole_numbers_of(values: pa.Array) -> npt.NDArray[np.int64]:
    """Return whole numbers of any width, such as the codes of a dictionary, as 64 bits each."""
    return np.asarray(values.to_numpy(zero_copy_only=False), dtype=np.int64)


class Numbered(NamedTuple):
    """Values of which `different` are all there are, as they come: value i is ``different[places[i]]``, `firsts` are where each stands first."""

    places: npt.NDArray[np.int64]
    different: npt.NDArray[np.int64]
    firsts: npt.NDArray[np.int64]


def numbered(values: npt.NDArray[np.int64], below: int) -> Numbered:
    """Return for each value (from 0, less than `below`) its place among the different ones."""
    if below > _FEW:
        encoded = pa.array(values).dictionary_encode()
        places, different = whole_numbers_of(encoded.indices), whole_numbers_of(encoded.dictionary)
        return Numbered(places, different, first_places(places, len(different)))
    present = np.flatnonzero(np.bincount(values, minlength=below))
    firsts = first_places(values, below)[present]
    order = np.argsort(firsts)
    different = present[order]
    place_of = np.zeros(below, np.int64)
    place_of[different] = np.arange(len(different))
    return Numbered(place_of[values], different, firsts[order])


def first_places(values: npt.NDArray[np.int64], below: int) -> npt.NDArray[np.int64]:
    """Return for each number from 0, less than `below`, where it stands first; 0 for one that is not there."""
    places = np.zeros(below, np.int64)
    places[values[::-1]] = np.arange(len(values) - 1, -1, -1)  # what is written last stays
    return places
