from local_firehose.faults import Quotas
from local_firehose.throttling import Throttle


def test_the_first_records_fit_and_the_rest_wait_for_the_next_second() -> None:
    throttle = Throttle(Quotas(records=3), region="us-east-1")
    assert [throttle.admit([1] * 5, now_ms=now) for now in (0, 0, 1_000, 1_333)] == [3, 0, 3, 0]


def test_bytes_are_an_allowance_of_their_own() -> None:
    throttle = Throttle(Quotas(bytes=100), region="us-east-1")
    assert throttle.admit([60, 60, 1], now_ms=0) == 1
    assert throttle.admit([40], now_ms=0) == 1


def test_a_call_beyond_the_request_quota_has_no_record_that_fits() -> None:
    throttle = Throttle(Quotas(requests=1), region="us-east-1")
    assert [throttle.admit([1], now_ms=0) for _ in range(2)] == [1, 0]


def test_published_quotas_differ_by_region() -> None:
    large, other = Throttle(Quotas(), region="us-east-1"), Throttle(Quotas(), region="eu-north-1")
    sizes = [1_000_000] * 6
    assert (large.admit(sizes, now_ms=0), other.admit(sizes, now_ms=0)) == (5, 1)
