"""Hold one Parquet footer against the Glue table and the serializer's options; reads no row.

Pure. Who wrote the file, its root name and its key-value metadata are not judged: a file with the same rows and options written by another
library is as good to every reader.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from validators.findings import Finding
from validators.parquet_footer import Footer, SchemaElement

MIB = 1024 * 1024
BLOCK_BYTES = 256 * MIB  # documented: default of ParquetSerDe.BlockSizeBytes
PAGE_BYTES = MIB  # documented: default of ParquetSerDe.PageSizeBytes


@dataclass(frozen=True, slots=True)
class ParquetRules:
    """What the stream's serializer and Glue table ask of every object. Sizes in bytes."""

    elements: tuple[SchemaElement, ...]
    codec: str
    block_bytes: int = BLOCK_BYTES
    page_bytes: int = PAGE_BYTES


class SchemaVerdicts:
    """Judges schemas; equal schemas, the normal case, are judged once."""

    def __init__(self, rules: ParquetRules) -> None:
        self._rules = rules
        self._good: set[int] = set()

    def judge(self, uri: str, footer: Footer) -> Iterator[Finding]:
        """Yield what is wrong with the footer's schema."""
        if id(footer.elements) in self._good or footer.elements == self._rules.elements:
            self._good.add(id(footer.elements))
            return
        yield from check_schema(uri, footer.elements, self._rules.elements)


def check_schema(uri: str, found: Sequence[SchemaElement], expected: Sequence[SchemaElement]) -> Iterator[Finding]:
    """Yield one finding for the column list and one for each column that is typed or nested otherwise."""
    wanted_columns, found_columns = _top(expected), _top(found)
    if wanted_columns != found_columns:
        yield Finding("parquet.columns", uri, expected=", ".join(wanted_columns), found=", ".join(found_columns))
    of_found = {name: _below(found, name) for name in found_columns}
    for name in wanted_columns:
        if name in of_found:
            yield from _column(f"{uri}#{name}", of_found[name], _below(expected, name))


def _column(where: str, found: list[SchemaElement], expected: list[SchemaElement]) -> Iterator[Finding]:
    shape = [(node.path, node.physical, node.annotation) for node in expected]
    if [(node.path, node.physical, node.annotation) for node in found] != shape:
        yield Finding("parquet.type", where, expected=_shown(expected), found=_shown(found))
        return
    for node, wanted in zip(found, expected, strict=True):
        if node.repetition != wanted.repetition:
            yield Finding("parquet.nullability", where, expected=str(wanted), found=str(node))


def check_codec(uri: str, footer: Footer, rules: ParquetRules) -> Iterator[Finding]:
    """Yield a finding for each codec that is not the serializer's."""
    found: dict[str, str] = {}
    for chunk in footer.chunks():
        if chunk.codec != rules.codec:
            found.setdefault(chunk.codec, chunk.path)
    for codec, path in found.items():
        yield Finding("parquet.codec", f"{uri}#{path}", expected=rules.codec, found=codec)


def check_blocks(uri: str, footer: Footer, rules: ParquetRules) -> Iterator[Finding]:
    """Yield a finding for an object without rows, and one for each row group beyond BlockSizeBytes."""
    if footer.rows == 0:
        yield Finding("parquet.blocks", uri, expected="at least one row", found="no rows")
    for group in range(footer.metadata.num_row_groups):
        size = footer.metadata.row_group(group).total_byte_size
        if size > rules.block_bytes:
            yield Finding(
                "parquet.blocks",
                f"{uri}#row_group={group}",
                expected=f"row groups of at most {rules.block_bytes / MIB:g} MiB",
                found=f"{size / MIB:.1f} MiB",
            )


def _top(elements: Sequence[SchemaElement]) -> list[str]:
    return [element.path for element in elements if "." not in element.path]


def _below(elements: Sequence[SchemaElement], name: str) -> list[SchemaElement]:
    return [element for element in elements if element.path == name or element.path.startswith(f"{name}.")]


def _shown(elements: Sequence[SchemaElement]) -> str:
    return "; ".join(
        " ".join(part for part in (node.physical or "group", node.path if index else "", node.annotation) if part)
        for index, node in enumerate(elements)
    )
