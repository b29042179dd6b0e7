"""Arrow columns as numpy arrays and back, for what the other says shorter or faster.

Pure. The columns have no nulls: Arrow would hand them out as objects.
"""

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


def numbered(values: npt.NDArray[np.int64], below: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return for each value (from 0, less than `below`) its place among the different ones, and these."""
    if below > _FEW:
        encoded = pa.array(values).dictionary_encode()
        return whole_numbers_of(encoded.indices), whole_numbers_of(encoded.dictionary)
    present = np.flatnonzero(np.bincount(values, minlength=below))
    place_of = np.zeros(below, np.int64)
    place_of[present] = np.arange(len(present))
    return place_of[values], present
