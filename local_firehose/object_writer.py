"""Which writer turns a stream's converted rows into an object.

Pure. Source: https://docs.aws.amazon.com/firehose/latest/APIReference/API_Serializer.html
"""

from collections.abc import Sequence
from typing import Protocol

import pyarrow as pa

from firehose_spec.glue_types import Column
from local_firehose.orc_writer import OrcOptions, OrcWriter
from local_firehose.parquet_writer import ParquetOptions, ParquetWriter
from local_firehose.stream_config import Conversion


class ObjectWriter(Protocol):
    """Writes tables into object bodies; `extension` and `content_encoding` go with the object."""

    extension: str
    content_encoding: str | None

    def write(self, table: pa.Table) -> bytes:
        """Return one object's body."""
        ...


def writer_for(conversion: Conversion, columns: Sequence[Column]) -> ObjectWriter:
    """Return the writer of a stream's conversion settings; keep it, it prepares what all objects share."""
    if conversion.serializer == "OrcSerDe":
        return OrcWriter(columns, OrcOptions.from_wire(conversion.serializer_options))
    return ParquetWriter(columns, ParquetOptions.from_wire(conversion.serializer_options))
