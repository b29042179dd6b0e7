from hypothesis import given
from hypothesis import strategies as st

from firehose_spec.digest import digest
from producers.digest_sum import digest_sum


@given(st.lists(st.binary(max_size=80), max_size=60))
def test_sum_equals_the_digest_that_defines_it(items: list[bytes]) -> None:
    assert digest_sum(items) == digest(items)


def test_sum_is_exact_beyond_64_bits() -> None:
    items = [b"same"] * 5000
    assert digest_sum(items) == 5000 * digest([b"same"]) > 1 << 64
