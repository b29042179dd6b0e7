from hypothesis import given
from hypothesis import strategies as st

from local_firehose.journal_block import (
    HEADER_BYTES,
    BlockBody,
    BlockHeader,
    PackedRecords,
    block_bytes,
    body_is_whole,
    encode_header,
    read_header,
)


def encode(*puts: list[bytes]) -> bytes:
    body = BlockBody.of([PackedRecords.of(records) for records in puts])
    header = encode_header(body, segment=7, sequence=42, arrived_ms=1_715_915_045_123)
    block = b"".join([header, *body.pieces])
    assert len(block) == body.total_bytes
    return block


@given(st.lists(st.lists(st.binary(max_size=50), min_size=1, max_size=20), min_size=1, max_size=3))
def test_a_block_states_its_own_length_and_content(puts: list[list[bytes]]) -> None:
    block, records = encode(*puts), [record for put in puts for record in put]
    header = read_header(block, 0)
    assert header is not None
    assert (header.segment, header.sequence, header.arrived_ms) == (7, 42, 1_715_915_045_123)
    assert (header.count, header.data_bytes) == (len(records), sum(map(len, records)))
    assert header.total_bytes == len(block) == block_bytes(header.count, header.data_bytes)
    assert len(block) % 8 == 0
    assert body_is_whole(block, 0, header)
    assert block[HEADER_BYTES + header.lengths_bytes :].startswith(b"".join(records))


@given(st.lists(st.binary(min_size=1, max_size=30), min_size=1, max_size=5), st.data())
def test_any_flipped_bit_is_noticed(records: list[bytes], data: st.DataObject) -> None:
    block = bytearray(encode(records))
    used = HEADER_BYTES + 4 * len(records) + sum(map(len, records))
    place = data.draw(st.integers(0, used * 8 - 1))
    block[place // 8] ^= 1 << (place % 8)
    header = read_header(bytes(block), 0)
    assert header is None or not body_is_whole(bytes(block), 0, header)


@given(st.lists(st.binary(min_size=1, max_size=30), min_size=1, max_size=5), st.data())
def test_a_block_cut_short_is_not_whole(records: list[bytes], data: st.DataObject) -> None:
    block = encode(records)
    used = HEADER_BYTES + 4 * len(records) + sum(map(len, records))
    cut = block[: data.draw(st.integers(0, used - 1))]
    header = read_header(cut, 0)
    assert header is None or not body_is_whole(cut, 0, header)


def test_what_is_not_a_header_is_none() -> None:
    assert read_header(bytes(4096), 8) is None
    assert isinstance(read_header(encode([b"x"]), 0), BlockHeader)
