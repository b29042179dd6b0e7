"""Which encoding each column's values get: those that parquet-mr, Hive's writer, chooses by the writer version.

Pure. # observed: apache/parquet-java DefaultV1ValuesWriterFactory and DefaultV2ValuesWriterFactory. What pyarrow cannot do like them (when
a dictionary is given up, and for what) is in docs/fidelity/conversion.md#encodings.
"""

from collections.abc import Sequence
from typing import Any

from firehose_spec.glue_types import Column, Decimal, GlueType, Primitive
from local_firehose.parquet_schema import ARROW_NAMES, leaves

_PLAIN = "PLAIN"
_V2_OF_PRIMITIVE = {
    "tinyint": "DELTA_BINARY_PACKED",
    "smallint": "DELTA_BINARY_PACKED",
    "int": "DELTA_BINARY_PACKED",
    "bigint": "DELTA_BINARY_PACKED",
    "date": "DELTA_BINARY_PACKED",
    "boolean": "RLE",
    "float": _PLAIN,
    "double": _PLAIN,
    "timestamp": _PLAIN,  # INT96
}
_V2_OF_BYTES = "DELTA_BYTE_ARRAY"  # string, binary, char, varchar, decimal


def encoding_settings(columns: Sequence[Column], *, is_v2: bool, enable_dictionary: bool) -> dict[str, Any]:
    """Return `use_dictionary` and `column_encoding` as pyarrow's writer takes them: by leaf, in pyarrow's names."""
    kinds: dict[str, set[GlueType]] = {}
    for column in columns:
        for path, kind in leaves(column.name.lower(), column.type, ARROW_NAMES):
            # a column "a.b" and the member b of a struct a are one name to pyarrow; then what suits both is taken
            kinds.setdefault(".".join(path), set()).add(kind)
    has_dictionary = {
        name: enable_dictionary and all(_may_have_dictionary(kind, is_v2=is_v2) for kind in found)
        for name, found in kinds.items()
    }
    encodings = {
        name: encoding
        for name, found in kinds.items()
        if not has_dictionary[name] and (encoding := _common(found, is_v2=is_v2)) != _PLAIN
    }
    return {
        "use_dictionary": [name for name, has in has_dictionary.items() if has] or False,
        "column_encoding": encodings or None,
    }


def _may_have_dictionary(kind: GlueType, *, is_v2: bool) -> bool:
    if isinstance(kind, Decimal):
        return is_v2  # FIXED_LEN_BYTE_ARRAY has no dictionary in the first version
    return kind != Primitive("boolean")


def _common(kinds: set[GlueType], *, is_v2: bool) -> str:
    if not is_v2:
        return _PLAIN
    found = {
        _V2_OF_PRIMITIVE.get(kind.name, _V2_OF_BYTES) if isinstance(kind, Primitive) else _V2_OF_BYTES for kind in kinds
    }
    return found.pop() if len(found) == 1 else _PLAIN
