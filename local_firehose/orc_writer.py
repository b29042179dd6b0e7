"""A table as one ORC object.

Pure. Options: OrcSerDe, https://docs.aws.amazon.com/firehose/latest/APIReference/API_OrcSerDe.html. BlockSizeBytes, EnablePadding and
PaddingTolerance align stripes with HDFS blocks; the library does not pad, so they change nothing (docs/fidelity/conversion.md#orc).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pyarrow import orc

from firehose_spec.glue_types import Array, Column, GlueType, Map, Struct
from firehose_spec.quotas import MIB

_CODECS = {"SNAPPY": "snappy", "ZLIB": "zlib", "NONE": "uncompressed"}
_VERSIONS = {"V0_11": "0.11", "V0_12": "0.12"}


@dataclass(frozen=True, slots=True)
class OrcOptions:
    """OrcSerDe with its documented defaults; sizes in bytes."""

    compression: str = "SNAPPY"
    stripe_size_bytes: int = 64 * MIB
    row_index_stride: int = 10_000
    bloom_filter_columns: tuple[str, ...] = ()
    bloom_filter_probability: float = 0.05
    dictionary_key_threshold: float = 0.8  # decided: unstated by AWS, Hive's default
    format_version: str = "V0_12"

    @classmethod
    def from_wire(cls, options: Mapping[str, Any]) -> "OrcOptions":
        """Read OrcSerDe as the API spells it."""
        given: dict[str, Any] = {
            "compression": options.get("Compression"),
            "stripe_size_bytes": options.get("StripeSizeBytes"),
            "row_index_stride": options.get("RowIndexStride"),
            "bloom_filter_columns": tuple(options.get("BloomFilterColumns") or ()),
            "bloom_filter_probability": options.get("BloomFilterFalsePositiveProbability"),
            "dictionary_key_threshold": options.get("DictionaryKeyThreshold"),
            "format_version": options.get("FormatVersion"),
        }
        return cls(**{name: value for name, value in given.items() if value is not None})


class OrcWriter:
    """Writes tables of the given columns."""

    extension = ".orc"

    def __init__(self, columns: Sequence[Column], options: OrcOptions) -> None:
        self.content_encoding: str | None = None  # decided: docs/fidelity/conversion.md#content-encoding
        self._settings: dict[str, Any] = {
            "file_version": _VERSIONS[options.format_version],
            "compression": _CODECS[options.compression],
            "stripe_size": options.stripe_size_bytes,
            "row_index_stride": options.row_index_stride,
            "dictionary_key_size_threshold": options.dictionary_key_threshold,
            "bloom_filter_fpp": options.bloom_filter_probability,
        }
        if bloomed := _type_ids(columns, {name.lower() for name in options.bloom_filter_columns}):
            self._settings["bloom_filter_columns"] = bloomed

    def write(self, table: pa.Table) -> bytes:
        """Return the object's body; `table` has the writer's columns."""
        sink = pa.BufferOutputStream()
        orc.write_table(table, sink, **self._settings)
        return bytes(sink.getvalue())


def _type_ids(columns: Sequence[Column], names: set[str]) -> list[int]:
    """The columns' places in ORC's type tree, which counts the root as 0 and goes into every nested type; a column's are all of its tree.

    # observed: apache/orc OrcUtils.includeColumns
    """
    ids: list[int] = []
    at = 1
    for column in columns:
        width = _width(column.type)
        if column.name.lower() in names:
            ids.extend(range(at, at + width))
        at += width
    return ids


def _width(kind: GlueType) -> int:
    match kind:
        case Array(element):
            return 1 + _width(element)
        case Map(key, value):
            return 1 + _width(key) + _width(value)
        case Struct(members):
            return 1 + sum(_width(member) for _, member in members)
        case _:
            return 1
