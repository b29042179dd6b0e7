"""Read the footer of a Parquet file: the schema as written, row groups, codecs, who wrote it.

Pure: bytes in, facts out. Source: https://parquet.apache.org/docs/file-format/
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from validators.thrift_compact import CompactReader, ThriftError

MAGIC = b"PAR1"
TAIL_BYTES = 16 * 1024  # one range request of this size holds the footer of an object with a few dozen columns

_PHYSICAL = ("BOOLEAN", "INT32", "INT64", "INT96", "FLOAT", "DOUBLE", "BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY")
_REPETITION = ("REQUIRED", "OPTIONAL", "REPEATED")
_CONVERTED = [
    "UTF8",
    "MAP",
    "MAP_KEY_VALUE",
    "LIST",
    "ENUM",
    "DECIMAL",
    "DATE",
    "TIME_MILLIS",
    "TIME_MICROS",
    "TIMESTAMP_MILLIS",
    "TIMESTAMP_MICROS",
    "UINT_8",
    "UINT_16",
    "UINT_32",
    "UINT_64",
    "INT_8",
    "INT_16",
    "INT_32",
    "INT_64",
    "JSON",
    "BSON",
    "INTERVAL",
]
_LOGICAL = {
    1: "UTF8",
    2: "MAP",
    3: "LIST",
    4: "ENUM",
    5: "DECIMAL",
    6: "DATE",
    7: "TIME",
    8: "TIMESTAMP",
    10: "INTEGER",
}


class ParquetFileError(ValueError):
    """Bytes that are not a whole Parquet file."""


@dataclass(frozen=True, slots=True)
class SchemaElement:
    """One node below the root. `physical` is empty for groups; `annotation` is the converted type's name with its parameters."""

    path: str
    repetition: str
    physical: str
    annotation: str

    def __str__(self) -> str:
        shown = " ".join(part for part in (self.repetition, self.physical or "group", self.path) if part)
        return f"{shown} ({self.annotation})" if self.annotation else shown


@dataclass(frozen=True, slots=True)
class ColumnChunk:
    """One column of one row group; sizes in bytes."""

    path: str
    codec: str
    start: int
    compressed_bytes: int
    uncompressed_bytes: int
    has_dictionary: bool


@dataclass(frozen=True, slots=True)
class Footer:
    """What a footer says; `elements` are the schema's nodes below the root, depth first."""

    root: str
    elements: tuple[SchemaElement, ...]
    rows: int
    created_by: str
    metadata: pq.FileMetaData

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the top-level columns in file order."""
        return tuple(element.path for element in self.elements if "." not in element.path)

    def chunks(self) -> Iterator[ColumnChunk]:
        """Yield every column chunk."""
        for group in range(self.metadata.num_row_groups):
            row_group = self.metadata.row_group(group)
            for index in range(row_group.num_columns):
                column = row_group.column(index)
                start = column.data_page_offset
                if column.has_dictionary_page and column.dictionary_page_offset is not None:
                    start = min(start, column.dictionary_page_offset)
                yield ColumnChunk(
                    column.path_in_schema,
                    column.compression,
                    start,
                    column.total_compressed_size,
                    column.total_uncompressed_size,
                    column.has_dictionary_page,
                )


class FooterReader:
    """Reads footers; the schema part, equal in all objects of a stream, is decoded once."""

    def __init__(self) -> None:
        self._known: dict[bytes, tuple[str, tuple[SchemaElement, ...]]] = {}

    def read(self, tail: Any) -> Footer:
        """Read the footer at the end of `tail`, which is a whole file or its last bytes.

        Raises:
            ParquetFileError: no magic, a length that does not fit, or bytes that are no footer.
            NeedMoreBytesError: `tail` is too short; it says how many bytes are needed.
        """
        view = memoryview(tail)
        if len(view) < 12 or bytes(view[-4:]) != MAGIC:
            raise ParquetFileError(f"the last 4 bytes are {bytes(view[-4:])!r}, not {MAGIC!r}")
        length = int.from_bytes(view[-8:-4], "little")
        if length + 8 > len(view):
            raise NeedMoreBytesError(length + 8)
        footer = bytes(view[-8 - length : -8])
        root, elements = self._schema(footer)
        try:
            whole = pa.BufferReader(b"".join((MAGIC, footer, length.to_bytes(4, "little"), MAGIC)))
            metadata = pq.read_metadata(whole)
            created_by = metadata.created_by or ""
        except (pa.ArrowException, OSError, ValueError) as exc:
            raise ParquetFileError(f"the footer cannot be decoded: {exc}") from exc
        return Footer(root, elements, metadata.num_rows, created_by, metadata)

    def _schema(self, footer: bytes) -> tuple[str, tuple[SchemaElement, ...]]:
        for start, decoded in self._known.items():
            if footer.startswith(start):
                return decoded
        try:
            reader = CompactReader(footer)
            field_id, kind = reader.field(0)
            while field_id < 2:
                reader.value(kind)
                field_id, kind = reader.field(field_id)
            nodes = reader.value(kind)
            root, elements = nodes[0][4].decode(), tuple(_elements(nodes))
        except (ThriftError, IndexError, KeyError, TypeError, AttributeError, UnicodeDecodeError) as exc:
            raise ParquetFileError(f"the footer's schema cannot be decoded: {exc}") from exc
        if len(self._known) < 64:
            self._known[footer[: reader.position]] = root, elements
        return root, elements


class NeedMoreBytesError(ParquetFileError):
    """The footer is longer than the bytes given; `size_bytes` is what is needed from the end."""

    def __init__(self, size_bytes: int) -> None:
        self.size_bytes = size_bytes
        super().__init__(f"the footer needs the last {size_bytes} bytes, more than the file has")


def _elements(nodes: list[dict[int, Any]]) -> Iterator[SchemaElement]:
    """Yield the elements below the root; the list is the tree depth first, each node with its number of children."""
    open_groups: list[tuple[str, int]] = [("", nodes[0].get(5, 0))]
    for node in nodes[1:]:
        while open_groups[-1][1] == 0:
            open_groups.pop()
        parent, left = open_groups[-1]
        open_groups[-1] = parent, left - 1
        path = f"{parent}{node[4].decode()}"
        physical = _PHYSICAL[node[1]] if 1 in node else ""
        if physical == "FIXED_LEN_BYTE_ARRAY":
            physical = f"{physical}({node.get(2, 0)})"
        yield SchemaElement(path, _REPETITION[node.get(3, 0)], physical, _annotation(node))
        if node.get(5):
            open_groups.append((f"{path}.", node[5]))


def _annotation(node: dict[int, Any]) -> str:
    """Name the annotation as the converted type; newer files may carry the logical type alone."""
    if 6 in node:
        name = _CONVERTED[node[6]]
        return f"DECIMAL({node.get(8, 0)},{node.get(7, 0)})" if name == "DECIMAL" else name
    if 10 not in node or not node[10]:
        return ""
    kind, value = next(iter(node[10].items()))
    if kind == 5:
        return f"DECIMAL({value.get(2, 0)},{value.get(1, 0)})"
    if kind == 10:
        return f"{'INT' if value.get(2) else 'UINT'}_{value.get(1)}"
    if kind in (7, 8):
        unit = {1: "MILLIS", 2: "MICROS", 3: "NANOS"}.get(next(iter(value.get(2, {})), 0), "?")
        return f"{_LOGICAL[kind]}_{unit}"
    return _LOGICAL.get(kind, f"logical type {kind}")
