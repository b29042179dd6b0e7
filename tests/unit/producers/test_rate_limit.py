import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.rate_limit import RateLimit, RateLimiter


def test_no_limit_never_waits() -> None:
    limiter = RateLimiter(RateLimit())
    assert [limiter.reserve(500, 4_000_000, now=0.0) for _ in range(1000)] == [0.0] * 1000


@pytest.mark.parametrize(
    ("limit", "waits"),
    [
        pytest.param(RateLimit(records_per_second=1000), [0.0, 0.5, 1.0], id="records"),
        pytest.param(RateLimit(bytes_per_second=1_000_000), [0.0, 0.1, 0.2], id="bytes"),
        pytest.param(RateLimit(calls_per_second=5), [0.0, 0.2, 0.4], id="calls"),
        pytest.param(RateLimit(1000, 1_000_000, 5), [0.0, 0.5, 1.0], id="tightest-wins"),
    ],
)
def test_calls_are_paced(limit: RateLimit, waits: list[float]) -> None:
    limiter = RateLimiter(limit)
    assert [limiter.reserve(500, 100_000, now=0.0) for _ in range(3)] == pytest.approx(waits)


def test_idle_time_is_not_saved_up() -> None:
    limiter = RateLimiter(RateLimit(records_per_second=100))
    limiter.reserve(100, 1, now=0.0)
    assert [limiter.reserve(100, 1, now=60.0), limiter.reserve(100, 1, now=60.0)] == [0.0, 1.0]


@given(st.lists(st.tuples(st.floats(0, 0.5), st.integers(1, 500)), min_size=2, max_size=50))
def test_rate_holds_over_any_stretch_of_calls(calls: list[tuple[float, int]]) -> None:
    limiter = RateLimiter(RateLimit(records_per_second=1000))
    now, sent = 0.0, []
    for pause, records in calls:
        now += pause
        now += limiter.reserve(records, 1, now)
        sent.append((now, records))
    # Whatever stretch: what was sent before its last call fits the time that it took.
    for first in range(len(sent)):
        for last in range(first + 1, len(sent)):
            records = sum(count for _, count in sent[first:last])
            assert records <= 1000 * (sent[last][0] - sent[first][0]) + 1e-6


@pytest.mark.parametrize(
    ("region", "limit"),
    [
        pytest.param("us-east-1", RateLimit(500_000, 5 * 1024 * 1024, 2_000), id="large-region"),
        pytest.param("ap-southeast-1", RateLimit(100_000, 1024 * 1024, 1_000), id="other-region"),
    ],
)
def test_region_preset_is_the_published_quota(region: str, limit: RateLimit) -> None:
    assert RateLimit.of_region(region) == limit
