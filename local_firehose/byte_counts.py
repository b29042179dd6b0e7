"""How often a byte occurs in each of many values that lie end to end.

Pure. One bit a byte and running totals of 64-bit words: an eighth of what a substring count a value costs.
"""

import numpy as np
import numpy.typing as npt

_WORD_BITS = 64


def count_in_each(data: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int32], byte: int) -> npt.NDArray[np.int64]:
    """Return how often `byte` occurs in ``data[offsets[i]:offsets[i + 1]]``, for each i.

    >>> count_in_each(np.frombuffer(b"abaab", np.uint8), np.array([0, 2, 2, 5], np.int32), ord("a")).tolist()
    [1, 0, 2]
    """
    bits = np.packbits(data == byte, bitorder="little")
    words = np.zeros(len(data) // _WORD_BITS + 1, np.dtype("<u8"))
    words.view(np.uint8)[: len(bits)] = bits
    before_word = np.concatenate(([0], np.cumsum(np.bitwise_count(words), dtype=np.int64)))
    places = offsets.astype(np.int64)
    below = (np.uint64(1) << (places % _WORD_BITS).astype(np.uint64)) - np.uint64(1)
    word = places // _WORD_BITS
    return np.diff(before_word[word] + np.bitwise_count(words[word] & below))
