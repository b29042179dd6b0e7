"""Records into the rows of a Glue table, by the stream's deserializer; records that don't fit are told apart.

Pure. Source: https://docs.aws.amazon.com/firehose/latest/dev/record-format-conversion.html
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from firehose_spec.glue_types import Column
from local_firehose.columns import arrow_schema, arrow_table
from local_firehose.hive_serde import HiveSerde
from local_firehose.openx_serde import OpenXSerde
from local_firehose.serde_errors import ConversionError
from local_firehose.serde_options import HiveOptions, OpenXOptions
from local_firehose.stream_config import Conversion


@dataclass(frozen=True, slots=True)
class RefusedRecord:
    """A record that stays out of the table: its place in the batch, and AWS's lastErrorCode and lastErrorMessage."""

    index: int
    error_code: str
    error_message: str


@dataclass(frozen=True, slots=True)
class Converted:
    """`table` has the Glue columns; row i came from record `record_of_row[i]` (ascending). Every record is in one of the two."""

    table: pa.Table
    record_of_row: npt.NDArray[np.int64]
    failures: list[RefusedRecord]


class Serde(Protocol):
    """The exact path: one record into rows, or ConversionError."""

    def rows(self, record: bytes) -> list[list[object]]: ...


class Converter:
    """Converts batches of records; make one with `converter_for` and keep it, it caches what it compiles."""

    def __init__(self, columns: tuple[Column, ...], serde: Serde) -> None:
        self.schema: pa.Schema = arrow_schema(columns)
        self._serde = serde

    def convert(self, records: Sequence[bytes]) -> Converted:
        """Return the records' rows; one record's failure touches no other."""
        return self.convert_exactly(records)

    def convert_exactly(self, records: Sequence[bytes]) -> Converted:
        """Convert record by record, the rules in full. The bulk path is held to this by tests."""
        rows: list[list[object]] = []
        record_of_row: list[int] = []
        failures: list[RefusedRecord] = []
        for index, record in enumerate(records):
            try:
                found = self._serde.rows(record)
            except ConversionError as refusal:
                failures.append(RefusedRecord(index, refusal.code, refusal.message))
                continue
            rows.extend(found)
            record_of_row.extend([index] * len(found))
        return Converted(arrow_table(rows, self.schema), np.array(record_of_row, np.int64), failures)


def converter_for(conversion: Conversion, columns: tuple[Column, ...]) -> Converter:
    """Return the converter of a stream's conversion settings for the columns of its Glue table."""
    if conversion.deserializer == "HiveJsonSerDe":
        return Converter(columns, HiveSerde(columns, HiveOptions.from_wire(conversion.deserializer_options)))
    return Converter(columns, OpenXSerde(columns, OpenXOptions.from_wire(conversion.deserializer_options)))
