"""Numbers between Arrow and numpy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_firehose.arrow_numbers import first_places, numbered


@given(st.lists(st.integers(0, 99)))
@pytest.mark.parametrize("below", [pytest.param(100, id="by-table"), pytest.param(1 << 40, id="by-hash")])
def test_numbered_tells_the_same_values_apart(below: int, values: list[int]) -> None:
    places, different, firsts = numbered(np.array(values, np.int64), below)
    assert different[places].tolist() == values
    assert different.tolist() == list(dict.fromkeys(values))
    assert firsts.tolist() == [values.index(value) for value in different.tolist()]


@given(st.lists(st.integers(0, 9)))
def test_first_places_are_where_a_number_stands_first(values: list[int]) -> None:
    found = first_places(np.array(values, np.int64), 10).tolist()
    assert found == [values.index(number) if number in values else 0 for number in range(10)]
