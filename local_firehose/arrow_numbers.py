"""Arrow columns as numpy arrays, for what numpy says shorter or faster.

Pure. The columns have no nulls: Arrow would hand them out as objects.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa


def mask_of(values: pa.BooleanArray) -> npt.NDArray[np.bool_]:
    """Return truth values as a mask."""
    return np.asarray(values.to_numpy(zero_copy_only=False), dtype=np.bool_)


def whole_numbers_of(values: pa.Array) -> npt.NDArray[np.int64]:
    """Return whole numbers of any width, such as the codes of a dictionary, as 64 bits each."""
    return np.asarray(values.to_numpy(zero_copy_only=False), dtype=np.int64)
