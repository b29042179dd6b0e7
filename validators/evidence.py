"""What the suite judges: the declaration, the descriptions, the manifests, the bucket; and within which bounds.

Pure data.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from firehose_spec.glue_types import Column
from validators.bucket import ObjectReader
from validators.decompression import EXTENSIONS
from validators.manifests import Manifest
from validators.object_key import KeyGrammar
from validators.stack_outputs import Declaration
from validators.stream_description import Stream, Table


@dataclass(frozen=True, slots=True)
class Scope:
    """Which objects and runs count.

    `every_run` says that the manifests name all that was ever sent into the bucket: rows of any other run are then invented, else they are
    left alone. `since` and `until` (aware) bound the time in an object's name; `prefix` and `ignore` are key prefixes.
    """

    every_run: bool = True
    since: datetime | None = None
    until: datetime | None = None
    prefix: str = ""
    ignore: tuple[str, ...] = ()
    depth: Literal["footers", "rows"] = "rows"

    @property
    def is_partial(self) -> bool:
        """Whether objects are left out, so that completeness cannot be judged."""
        return bool(self.prefix or self.since or self.until)


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known before the bucket is read. A table that could not be read is its error message; None is not wanted."""

    declared: Declaration
    stream: Stream | None
    conversion_table: Table | str | None
    query_table: Table | str | None
    bucket: ObjectReader
    bucket_answers: bool
    manifests: tuple[Manifest, ...]
    now: datetime
    scope: Scope = field(default_factory=Scope)
    strict_freshness: bool = False

    @property
    def columns(self) -> tuple[Column, ...]:
        """Columns of the conversion table; empty without conversion."""
        return self.conversion_table.columns if isinstance(self.conversion_table, Table) else ()

    @property
    def is_parquet(self) -> bool:
        return self.declared.conversion is not None and self.declared.conversion.serializer == "ParquetSerDe"

    @property
    def json_keys(self) -> Mapping[str, Column]:
        """JSON key in lower case, as the deserializer reads it, to the column."""
        mappings: Mapping[str, str] = {}
        if self.stream is not None:
            mappings = self.stream.deserializer[1].get("ColumnToJsonKeyMappings") or {}
        by_column = {column.lower(): key.lower() for column, key in mappings.items()}
        return {by_column.get(column.name.lower(), column.name.lower()): column for column in self.columns}

    def grammar(self) -> KeyGrammar:
        """Return the grammar of the declared stream's keys."""
        declared = self.declared
        return KeyGrammar(
            stream_name=declared.stream_name, prefix=declared.prefix, error_output_prefix=declared.error_output_prefix,
            extension=self.extension,
        )  # fmt: skip

    @property
    def extension(self) -> str:
        """What the keys of delivered objects end in."""
        custom = str(self.stream.destination.get("FileExtension") or "") if self.stream is not None else ""
        if custom:
            return custom  # documented: FileExtension replaces the default extension
        if self.declared.conversion is not None:
            return ".parquet" if self.is_parquet else ".orc"
        return EXTENSIONS[self.declared.compression_format]
