"""Give a Parquet file that pyarrow wrote the footer that Hive writes: schema names, converted types, paths.

Pure. Pages and statistics stay as they are, only the metadata at the end of the file is spliced: its head (version and schema) is
the same for every file of a table and is kept ready; the paths of nested columns, whose repeated groups Hive names differently, are
replaced where they stand. Source: https://parquet.apache.org/docs/file-format/metadata/
"""

from collections.abc import Sequence

from firehose_spec.glue_types import Column
from local_firehose.parquet_schema import ARROW_NAMES, HIVE_NAMES, encoded_head, encoded_paths
from local_firehose.thrift_compact import elements, fields

MAGIC = b"PAR1"
_SCHEMA, _ROW_GROUPS = 2, 4  # fields of FileMetaData
_COLUMNS = 1  # of RowGroup
_META_DATA = 3  # of ColumnChunk
_PATH_IN_SCHEMA = 3  # of ColumnMetaData
_PATH_HEADER = b"\x19"  # in ColumnMetaData: one field on, a list


class HiveFooter:
    """Rewrites the footers of one table's files."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._head = encoded_head(columns)
        self._paths = encoded_paths(columns, HIVE_NAMES)
        written = encoded_paths(columns, ARROW_NAMES)
        self._renamed = [
            (_PATH_HEADER + old, _PATH_HEADER + new)
            for old, new in zip(written, self._paths, strict=True)
            if old != new
        ]
        self._writers_head: bytes | None = None

    def rewrite(self, file: bytes | memoryview, *, row_groups: int) -> bytes:
        """Return the file with Hive's footer; `file` has the table's columns and that many row groups."""
        view = memoryview(file)
        metadata_bytes = int.from_bytes(view[-8:-4], "little")
        metadata = bytes(view[-8 - metadata_bytes : -8])
        if self._writers_head is None or not metadata.startswith(self._writers_head):
            self._writers_head = metadata[: _head_end(metadata)]
        body = metadata[len(self._writers_head) :]
        if self._renamed:
            body = self._replaced(body, row_groups) or self._spliced(metadata)
        size = (len(self._head) + len(body)).to_bytes(4, "little")
        return b"".join((view[: -8 - metadata_bytes], self._head, body, size, MAGIC))

    def _replaced(self, body: bytes, row_groups: int) -> bytes | None:
        """Replace each path by its bytes if these occur once per row group, so that nothing else can be meant; else None."""
        for old, new in self._renamed:
            if body.count(old) != row_groups:
                return None
            body = body.replace(old, new)
        return body

    def _spliced(self, metadata: bytes) -> bytes:
        """Replace each path where the structure says it is: right for any file, and slower."""
        pieces = []
        at = _head_end(metadata)
        for row_groups in (field for field in fields(metadata) if field.id == _ROW_GROUPS):
            for row_group, _ in elements(metadata, row_groups.begin):
                for begin, end, path in zip(*_path_spans(metadata, row_group), self._paths, strict=True):
                    pieces += [metadata[at:begin], path]
                    at = end
        pieces.append(metadata[at:])
        return b"".join(pieces)


def _head_end(metadata: bytes) -> int:
    return next(field.end for field in fields(metadata) if field.id == _SCHEMA)


def _path_spans(metadata: bytes, row_group: int) -> tuple[list[int], list[int]]:
    begins, ends = [], []
    columns = next(field for field in fields(metadata, row_group) if field.id == _COLUMNS)
    for chunk, _ in elements(metadata, columns.begin):
        meta_data = next(field for field in fields(metadata, chunk) if field.id == _META_DATA)
        path = next(field for field in fields(metadata, meta_data.begin) if field.id == _PATH_IN_SCHEMA)
        begins.append(path.begin)
        ends.append(path.end)
    return begins, ends
