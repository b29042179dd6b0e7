import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from validators.parquet_footer import FooterReader, NeedMoreBytesError, ParquetFileError


def written(table: pa.Table, **options: object) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return sink.getvalue()


NESTED = pa.table(
    {
        "i": pa.array([1], pa.int8()),
        "l": pa.array([[1, 2]], pa.list_(pa.int32())),
        "m": pa.array([[("k", 1.5)]], pa.map_(pa.string(), pa.float64())),
        "s": pa.array([{"a": {"b": True}}], pa.struct([("a", pa.struct([("b", pa.bool_())]))])),
        "d": pa.array([None], pa.decimal128(9, 2)),
        "t": pa.array([0], pa.timestamp("us")),
    }
)


def test_schema_is_read_as_a_tree() -> None:
    footer = FooterReader().read(written(NESTED, use_compliant_nested_type=False))
    assert (footer.root, footer.rows, footer.columns) == ("schema", 1, ("i", "l", "m", "s", "d", "t"))
    assert [str(element) for element in footer.elements] == [
        "OPTIONAL INT32 i (INT_8)",
        "OPTIONAL group l (LIST)",
        "REPEATED group l.list",
        "OPTIONAL INT32 l.list.item",
        "OPTIONAL group m (MAP)",
        "REPEATED group m.key_value",
        "REQUIRED BYTE_ARRAY m.key_value.key (UTF8)",
        "OPTIONAL DOUBLE m.key_value.value",
        "OPTIONAL group s",
        "OPTIONAL group s.a",
        "OPTIONAL BOOLEAN s.a.b",
        "OPTIONAL FIXED_LEN_BYTE_ARRAY(4) d (DECIMAL(9,2))",
        "OPTIONAL INT64 t (TIMESTAMP_MICROS)",
    ]


def test_tail_alone_is_enough() -> None:
    whole = written(NESTED)
    length = int.from_bytes(whole[-8:-4], "little")
    assert FooterReader().read(whole[-length - 8 :]).elements == FooterReader().read(whole).elements


def test_short_tail_says_what_it_needs() -> None:
    whole = written(NESTED)
    with pytest.raises(NeedMoreBytesError) as caught:
        FooterReader().read(whole[-100:])
    assert caught.value.size_bytes == int.from_bytes(whole[-8:-4], "little") + 8


def test_equal_schemas_are_decoded_once() -> None:
    reader = FooterReader()
    first, second = reader.read(written(NESTED)), reader.read(written(NESTED.slice(0, 0)))
    assert first.elements is second.elements


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(b"", "the last 4 bytes are b''", id="empty"),
        pytest.param(b"hello, world", "not b'PAR1'", id="text"),
        pytest.param(b"\x00" * 40 + (32).to_bytes(4, "little") + b"PAR1", "the footer", id="zeros"),
    ],
)
def test_other_bytes_are_refused(data: bytes, message: str) -> None:
    with pytest.raises(ParquetFileError, match=message):
        FooterReader().read(data)


@settings(deadline=None, max_examples=150)
@given(at=st.integers(0), value=st.integers(0, 255))
def test_damaged_footer_is_refused_or_read_never_worse(at: int, value: int) -> None:
    data = bytearray(written(NESTED))
    start = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    data[start + at % (len(data) - start)] = value
    try:
        FooterReader().read(bytes(data))
    except ParquetFileError:
        return
