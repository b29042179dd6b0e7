import pytest

from benchmarks.bench_deploy import covered


@pytest.mark.parametrize(
    ("intervals", "seconds"),
    [
        pytest.param([], 0.0, id="none"),
        pytest.param([(5.0, 6.0), (0.0, 2.0), (1.0, 3.0)], 4.0, id="overlapping-and-apart"),
        pytest.param([(0.0, 9.0), (1.0, 2.0), (3.0, 4.0)], 9.0, id="one-within-another"),
    ],
)
def test_time_covered_counts_overlap_once(intervals: list[tuple[float, float]], seconds: float) -> None:
    assert covered(intervals) == seconds
