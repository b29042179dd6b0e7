"""Walk the pages of a Parquet file by their headers, to see how large they are; decodes no value.

Pure: bytes in, sizes out. Source: https://parquet.apache.org/docs/file-format/data-pages/
"""

from collections.abc import Iterator
from typing import Any

from validators.findings import Finding
from validators.parquet_checks import ParquetRules
from validators.parquet_footer import Footer
from validators.thrift_compact import CompactReader, ThriftError

DATA_PAGE_TYPES = frozenset({0, 3})  # DATA_PAGE, DATA_PAGE_V2
OVERSHOOT = 2  # writers look at a page's size every so many rows, so it ends somewhat above the size asked for
_HEADER_BYTES = 64 * 1024


def data_page_bytes(data: Any, start: int, end: int) -> Iterator[int]:
    """Yield the size before compression of each data page between two offsets of a file; ends quietly at bytes that are no page."""
    view = memoryview(data)
    while start < end:
        reader = CompactReader(bytes(view[start : min(end, start + _HEADER_BYTES)]))
        try:
            header = reader.struct()
        except ThriftError:
            return
        kind, plain, packed = header.get(1), header.get(2), header.get(3)
        if not isinstance(plain, int) or not isinstance(packed, int) or packed < 0:
            return
        if kind in DATA_PAGE_TYPES:
            yield plain
        start += reader.position + packed


def check_pages(uri: str, data: Any, footer: Footer, rules: ParquetRules) -> Iterator[Finding]:
    """Yield a finding for each column chunk with a data page far beyond PageSizeBytes; chunks smaller than a page are not walked."""
    limit = OVERSHOOT * rules.page_bytes
    for chunk in footer.chunks():
        if chunk.uncompressed_bytes <= limit:
            continue
        largest = max(data_page_bytes(data, chunk.start, chunk.start + chunk.compressed_bytes), default=0)
        if largest > limit:
            yield Finding(
                "parquet.blocks",
                f"{uri}#{chunk.path}",
                expected=f"pages of about {rules.page_bytes:,} bytes",
                found=f"a page of {largest:,} bytes",
            )
