"""Records into the rows of a Glue table, by the stream's deserializer; records that don't fit are told apart.

Talks to: an in-memory DuckDB, as the parser of the bulk path. A batch is read in one pass as far as that provably gives the same
answer; the other records take the exact path one by one. Source: https://docs.aws.amazon.com/firehose/latest/dev/record-format-conversion.html
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol, cast

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from firehose_spec.glue_types import Column
from local_firehose.bulk_part import BulkRows, no_leaves
from local_firehose.bulk_rows import LEAST_RECORDS, BulkReader
from local_firehose.bulk_shape import ShapeReader
from local_firehose.bulk_values import Leniency
from local_firehose.columns import arrow_schema, arrow_table
from local_firehose.hive_serde import HiveSerde
from local_firehose.json_text import Json, JsonReader
from local_firehose.leaf_texts import LeafTexts
from local_firehose.openx_serde import OpenXSerde, reads
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


@dataclass(frozen=True, slots=True)
class Begun:
    """A batch of which the bulk path has read what it can; `bulk` is None where the batch is not for it."""

    records: pa.BinaryArray
    bulk: BulkRows | None

    @property
    def leaves(self) -> LeafTexts:
        """The values that were asked for, of the records read."""
        return no_leaves() if self.bulk is None else self.bulk.leaves


class Serde(Protocol):
    """The exact path: one record into rows, or ConversionError."""

    def rows(self, record: bytes, /) -> list[list[object]]: ...


class Converter:
    """Converts batches of records; make one with `converter_for` and keep it, it learns what the records look like.

    Use it from one thread at a time.
    """

    def __init__(self, columns: tuple[Column, ...], serde: Serde, bulk: BulkReader | None = None) -> None:
        """Without `bulk`, every record takes the exact path."""
        self.schema: pa.Schema = arrow_schema(columns)
        self._serde = serde
        self._bulk = bulk

    def convert(self, records: Sequence[bytes] | pa.BinaryArray) -> Converted:
        """Return the records' rows; one record's failure touches no other. An Arrow array spares making Python bytes."""
        array = records if isinstance(records, pa.Array) else pa.array(records, type=pa.binary())
        return self.complete(self.begin(array), np.arange(len(array), dtype=np.int64))

    def begin(self, records: pa.BinaryArray, leaf_keys: Sequence[str] = ()) -> Begun:
        """Read in bulk what can be read so; `leaf_keys` are top-level keys whose values are of interest beforehand."""
        if self._bulk is None or len(records) < self._bulk.least_records:
            return Begun(records, None)
        return Begun(records, self._bulk.read(records, leaf_keys))

    def complete(self, begun: Begun, kept: npt.NDArray[np.int64]) -> Converted:
        """Return rows and failures of the records at the places `kept` (ascending), numbered from 0 among these."""
        is_all = len(kept) == len(begun.records)
        if begun.bulk is None:
            return self.convert_exactly(begun.records if is_all else begun.records.take(pa.array(kept)))
        table, places = begun.bulk.table, begun.bulk.places
        if not is_all:
            number = np.full(len(begun.records), -1, np.int64)
            number[kept] = np.arange(len(kept))
            is_kept = number[places] >= 0
            if not is_kept.all():
                table = table.filter(pa.array(is_kept))
            places = number[places[is_kept]]
        if len(places) == len(kept):
            return Converted(table, places, [])
        is_left = np.ones(len(kept), np.bool_)
        is_left[places] = False
        left = np.flatnonzero(is_left)
        exact = self.convert_exactly(begun.records.take(pa.array(kept[left])))
        failures = [replace(failure, index=int(left[failure.index])) for failure in exact.failures]
        if exact.table.num_rows == 0:
            return Converted(table, places, failures)
        record_of_row = np.concatenate([places, left[exact.record_of_row]])
        order = np.argsort(record_of_row, kind="stable")
        return Converted(pa.concat_tables([table, exact.table]).take(pa.array(order)), record_of_row[order], failures)

    def convert_exactly(self, records: Sequence[bytes] | pa.BinaryArray) -> Converted:
        """Convert record by record, the rules in full. The bulk path is held to this by tests."""
        rows: list[list[object]] = []
        record_of_row: list[int] = []
        failures: list[RefusedRecord] = []
        for index, record in enumerate(records.to_pylist() if isinstance(records, pa.Array) else records):
            try:
                found = self._serde.rows(record)
            except ConversionError as error:
                failures.append(RefusedRecord(index, error.code, error.message))
                continue
            rows.extend(found)
            record_of_row.extend([index] * len(found))
        return Converted(arrow_table(rows, self.schema), np.array(record_of_row, np.int64), failures)


def converter_for(
    conversion: Conversion,
    columns: tuple[Column, ...],
    *,
    connection: duckdb.DuckDBPyConnection | None = None,
    least_bulk_records: int = LEAST_RECORDS,
) -> Converter:
    """Return the converter of a stream's conversion settings for the columns of its Glue table.

    The bulk path parses with `connection`, an in-memory DuckDB that may be shared; None takes the process's own.
    Batches below `least_bulk_records` don't take it.
    """
    if fault := _fault(conversion, columns):
        return Converter(columns, _NoSerde(fault))
    reader = JsonReader(dict)

    def learn(record: bytes) -> dict[str, Json] | None:
        try:
            documents = reader.documents(record)
        except ConversionError:
            return None
        return cast("dict[str, Json]", documents[0]) if len(documents) == 1 else None

    serde: Serde
    if conversion.deserializer == "HiveJsonSerDe":
        hive = HiveOptions.from_wire(conversion.deserializer_options)
        serde, finds = HiveSerde(columns, hive), OpenXOptions()
        leniency = Leniency(
            mixes_types=False,
            lowercases_keys=False,
            has_epoch_timestamps=False,
            has_sql_timestamps=not hive.timestamp_formats,
        )
    else:
        finds = OpenXOptions.from_wire(conversion.deserializer_options)
        serde = OpenXSerde(columns, finds)
        leniency = Leniency(
            mixes_types=True,
            lowercases_keys=finds.case_insensitive,
            has_epoch_timestamps=True,
            has_sql_timestamps=True,
        )
    bulk = BulkReader(
        arrow_schema(columns),
        ShapeReader(columns, finds),
        leniency,
        learn=learn,
        connection=connection,
        least_records=least_bulk_records,
    )
    return Converter(columns, serde, bulk)


class _NoSerde:
    """Stands in where the SerDe cannot read the table at all: every record is refused with the reason."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def rows(self, _: bytes) -> list[list[object]]:
        raise ConversionError("DataFormatConversion.InvalidSchema", f"The schema is invalid. {self._reason}")


def _fault(conversion: Conversion, columns: tuple[Column, ...]) -> str | None:
    # documented: the Hive JSON SerDe takes no dots in column names; decided: code and text, as for types that cannot be converted
    dotted = [column.name for column in columns if "." in column.name]
    if conversion.deserializer == "HiveJsonSerDe" and dotted:
        return f"Column {dotted[0]}: the Hive JSON SerDe takes no dots in column names."
    # observed: code and words, for a binary column; decided: docs/fidelity/conversion.md#binary-with-openx
    if conversion.deserializer == "OpenXJsonSerDe" and not all(reads(column.type) for column in columns):
        return "One or more columns have types that are not supported by org.openx.data.JsonSerDe"
    return None
