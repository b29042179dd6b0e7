"""The deserializer's options as the SerDes use them.

Pure. Source: https://docs.aws.amazon.com/firehose/latest/APIReference/API_OpenXJsonSerDe.html, API_HiveJsonSerDe.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast


@dataclass(frozen=True, slots=True)
class OpenXOptions:
    """`key_of_column` maps a column or struct member to the JSON key it is read from."""

    case_insensitive: bool = True  # documented: default true
    key_of_column: Mapping[str, str] = field(default_factory=dict)
    dots_to_underscores: bool = False

    @classmethod
    def from_wire(cls, options: Mapping[str, object]) -> "OpenXOptions":
        """Read OpenXJsonSerDe as the API spells it; an absent option has its documented default."""
        case_insensitive = options.get("CaseInsensitive") is not False
        mappings = cast("Mapping[str, str]", options.get("ColumnToJsonKeyMappings") or {})
        return cls(
            case_insensitive=case_insensitive,
            # observed: the mapped key is lowercased too, so SYM matches a mapping to sym (rcongiu/Hive-JSON-Serde getMappings)
            key_of_column={
                column.lower(): key.lower() if case_insensitive else key for column, key in mappings.items()
            },
            dots_to_underscores=bool(options.get("ConvertDotsInJsonKeysToUnderscores")),
        )


@dataclass(frozen=True, slots=True)
class HiveOptions:
    """`timestamp_formats` are Joda patterns or ``millis``; empty means java.sql.Timestamp.valueOf alone."""

    timestamp_formats: tuple[str, ...] = ()

    @classmethod
    def from_wire(cls, options: Mapping[str, object]) -> "HiveOptions":
        """Read HiveJsonSerDe as the API spells it."""
        return cls(timestamp_formats=tuple(cast("list[str]", options.get("TimestampFormats") or ())))
