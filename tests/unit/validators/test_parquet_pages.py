import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from validators.parquet_checks import ParquetRules
from validators.parquet_footer import FooterReader
from validators.parquet_pages import check_pages, data_page_bytes

TABLE = pa.table({"text": [f"{number:032}" for number in range(40_000)]})


def written(**options: object) -> bytes:
    sink = io.BytesIO()
    pq.write_table(TABLE, sink, use_dictionary=False, **options)
    return sink.getvalue()


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_pages_add_up_to_the_values(version: str) -> None:
    data = written(data_page_size=64 * 1024, data_page_version=version)
    (chunk,) = FooterReader().read(data).chunks()
    sizes = list(data_page_bytes(data, chunk.start, chunk.start + chunk.compressed_bytes))
    assert len(sizes) > 10
    assert 40_000 * 36 <= sum(sizes) <= 40_000 * 36 + len(sizes) * 64


@pytest.mark.parametrize(
    ("page_bytes", "findings"),
    [pytest.param(1024 * 1024, 0, id="within"), pytest.param(128 * 1024, 1, id="far-beyond")],
)
def test_page_far_beyond_its_size_is_a_finding(page_bytes: int, findings: int) -> None:
    data = written(data_page_size=1024 * 1024)
    rules = ParquetRules(elements=(), codec="SNAPPY", page_bytes=page_bytes)
    assert len(list(check_pages("s3://b/k", data, FooterReader().read(data), rules))) == findings


def test_bytes_that_are_no_page_end_the_walk() -> None:
    assert list(data_page_bytes(b"\xff" * 100, 0, 100)) == []
