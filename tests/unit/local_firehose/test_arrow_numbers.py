"""Numbers between Arrow and numpy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_firehose.arrow_numbers import numbered


@given(st.lists(st.integers(0, 99)))
@pytest.mark.parametrize("below", [pytest.param(100, id="by-table"), pytest.param(1 << 40, id="by-hash")])
def test_numbered_tells_the_same_values_apart(below: int, values: list[int]) -> None:
    places, different = numbered(np.array(values, np.int64), below)
    assert different[places].tolist() == values
    assert sorted(different.tolist()) == sorted(set(values))
