import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.backoff import Backoff


@pytest.mark.parametrize(
    ("attempts", "seconds"),
    [
        pytest.param(1, 0.1, id="first"),
        pytest.param(2, 0.2, id="second-doubles"),
        pytest.param(4, 0.8, id="fourth"),
        pytest.param(7, 5.0, id="capped"),
        pytest.param(100_000, 5.0, id="no-overflow"),
    ],
)
def test_ceiling_doubles_up_to_the_cap(attempts: int, seconds: float) -> None:
    assert Backoff(0.1, 5.0).ceiling_seconds(attempts) == seconds


@given(st.integers(1, 1000), st.floats(0, 1, exclude_max=True))
def test_delay_is_anywhere_below_the_ceiling(attempts: int, fraction: float) -> None:
    backoff = Backoff(0.1, 10.0)
    assert 0 <= backoff.delay_seconds(attempts, fraction) <= backoff.ceiling_seconds(attempts)
    assert backoff.delay_seconds(attempts, 0.0) == 0.0
