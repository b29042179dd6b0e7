import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from local_firehose.ledger_rows import UNCLAIMED, RowClaims, pack_rows, row_ids, sequence_of, unpack_rows

ids = st.lists(st.integers(0, 2**62), min_size=1, max_size=60).map(sorted)
whole_records = st.lists(st.integers(0, 2**40), min_size=1, max_size=60).map(
    lambda found: [n << 20 for n in sorted(found)]
)


@given(ids | whole_records)
def test_packed_rows_unpack_to_themselves(rows: list[int]) -> None:
    assert unpack_rows(pack_rows(np.array(rows, dtype=np.int64))).tolist() == rows


def test_a_run_of_whole_records_packs_into_its_head() -> None:
    rows = row_ids(np.arange(1_000_000, dtype=np.int64))
    assert len(pack_rows(rows)) < 20


def test_every_other_record_costs_one_byte() -> None:
    rows = row_ids(np.arange(0, 2_000, 2, dtype=np.int64))
    assert len(pack_rows(rows)) < 1_000 + 20


def test_a_sub_record_keeps_its_sequence_and_sorts_after_its_elder() -> None:
    rows = row_ids(np.array([5, 5, 6], dtype=np.int64), np.array([0, 499, 0], dtype=np.int64))
    assert rows.tolist() == sorted(rows.tolist())
    assert [sequence_of(row) for row in rows.tolist()] == [5, 5, 6]


@given(st.dictionaries(st.integers(0, 200), st.integers(0, 5), max_size=50), st.lists(st.integers(0, 220), max_size=50))
def test_claims_answer_as_a_dictionary_does(owned: dict[int, int], asked: list[int]) -> None:
    by_owner = {owner: sorted(row for row, other in owned.items() if other == owner) for owner in set(owned.values())}
    claims = RowClaims((owner, np.array(rows, dtype=np.int64)) for owner, rows in by_owner.items())
    assert claims.owners(np.array(asked, dtype=np.int64)).tolist() == [owned.get(row, UNCLAIMED) for row in asked]
