import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from local_firehose.thrift_compact import ThriftError, elements, fields, struct_end


def footer(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    file = sink.getvalue()
    return file[-8 - int.from_bytes(file[-8:-4], "little") : -8]


METADATA = footer(pa.table({"a": [1, 2], "b": ["x", None], "c": [[1.5], []], "d": [True, False]}))


def test_a_struct_is_walked_to_its_last_byte() -> None:
    assert struct_end(METADATA, 0) == len(METADATA)


def test_fields_of_a_footer_are_those_of_the_format() -> None:
    found = {field.id: field for field in fields(METADATA)}
    assert {1, 2, 3, 4} <= set(found)
    assert METADATA[found[3].begin : found[3].end] == b"\x04"  # two rows, zigzag
    row_groups = list(elements(METADATA, found[4].begin))
    assert len(row_groups) == 1
    columns = next(field for field in fields(METADATA, row_groups[0][0]) if field.id == 1)
    assert len(list(elements(METADATA, columns.begin))) == 4


@pytest.mark.parametrize("length", range(1, 40, 7))
def test_a_struct_cut_short_is_an_error(length: int) -> None:
    with pytest.raises(ThriftError, match="end inside a struct"):
        list(fields(METADATA[:length]))


def test_an_unknown_type_is_an_error() -> None:
    with pytest.raises(ThriftError, match="type 14"):
        list(fields(b"\x1e\x00"))


@pytest.mark.parametrize(
    ("value", "end"),
    [
        pytest.param(b"\x11\x00", 2, id="boolean-in-the-header"),
        pytest.param(b"\x13\x7f\x00", 3, id="byte"),
        pytest.param(b"\x17" + bytes(8) + b"\x00", 10, id="double"),
        pytest.param(b"\x1b\x00\x00", 3, id="empty-map"),
        pytest.param(b"\x1b\x01\x58\x02\x01x\x00", 7, id="map"),
        pytest.param(b"\x19\x21\x01\x02\x00", 5, id="list-of-booleans"),
        pytest.param(b"\x05\x80\x01\x0e\x00", 5, id="far-field-id"),
        pytest.param(b"\x19\xf5\x10" + b"\x02" * 16 + b"\x00", 20, id="long-list"),
    ],
)
def test_every_kind_of_value_is_stepped_over(value: bytes, end: int) -> None:
    assert struct_end(value, 0) == end == len(value)
