import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_firehose.byte_counts import count_in_each


def counts(values: list[bytes], *, lead: bytes = b"", rest: bytes = b"") -> list[int]:
    data = np.frombuffer(lead + b"".join(values) + rest, np.uint8)
    offsets = (len(lead) + np.concatenate(([0], np.cumsum([len(value) for value in values])))).astype(np.int32)
    return count_in_each(data, offsets, ord("q")).tolist()


@given(
    st.lists(st.binary(max_size=200) | st.lists(st.sampled_from([b"q", b"qq", b"x"]), max_size=90).map(b"".join)),
    st.binary(max_size=130),
    st.binary(max_size=130),
)
def test_counts_are_those_of_each_value(values: list[bytes], lead: bytes, rest: bytes) -> None:
    assert counts(values, lead=lead, rest=rest) == [value.count(b"q") for value in values]


@pytest.mark.parametrize("length", [63, 64, 65, 128, 1000])
def test_counts_hold_at_the_edges_of_words(length: int) -> None:
    assert counts([b"q" * length, b"q", b"", b"q" * length]) == [length, 1, 0, length]


def test_no_values_have_no_counts() -> None:
    assert counts([]) == []
