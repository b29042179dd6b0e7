"""Put a stream's stages together from its configuration.

Talks to: Glue for the table's columns, jq's worker, Lambda, all through what it is given.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from uuid import UUID

import numpy as np
import pyarrow as pa

from firehose_spec.glue_types import Column
from local_firehose.columns import arrow_schema
from local_firehose.conversion import Begun, Converted, RefusedRecord, converter_for
from local_firehose.delivery_partitions import KeyExtractor, Partitioner
from local_firehose.delivery_pipeline import Pipeline, RecordConverter
from local_firehose.delivery_setup import Setup, SetupError
from local_firehose.delivery_stages import lambda_hints
from local_firehose.error_records import error_line
from local_firehose.journal_chunk import Int64Array
from local_firehose.metrics import MetricBook
from local_firehose.object_key import compile_prefix, extension_of, object_name
from local_firehose.object_writer import ObjectWriter, writer_for
from local_firehose.processing import Process, record_delimiter
from local_firehose.schema_catalog import SchemaCatalog, SchemaError
from local_firehose.stream_config import DeliveryConfig

_ANY_INSTANT = datetime(2000, 1, 1, tzinfo=UTC)


class SetupFactory:
    """Makes setups of all streams; safe to use from several threads."""

    def __init__(
        self,
        *,
        catalog: SchemaCatalog,
        extractor_for: Callable[[DeliveryConfig], KeyExtractor | None],
        process_for: Callable[[DeliveryConfig], Process | None],
        random_string: Callable[[], str],
        new_uuid: Callable[[], UUID],
        metrics: MetricBook | None = None,
    ) -> None:
        self._catalog = catalog
        self._extractor_for = extractor_for
        self._process_for = process_for
        self._random_string = random_string
        self._new_uuid = new_uuid
        self._metrics = MetricBook() if metrics is None else metrics

    def prepare(self, config: DeliveryConfig) -> Setup:
        """Return the configuration at work.

        Raises:
            SetupError: not for now; Glue does not answer or denies access.
        """
        converter: RecordConverter | None = None
        writer: ObjectWriter | None = None
        columns: tuple[Column, ...] | SchemaError | None = None
        if config.conversion is not None:
            columns = self._columns(config)
            if isinstance(columns, SchemaError):
                converter = _RefusingConverter(columns)
            else:
                converter = converter_for(config.conversion, columns)
                writer = writer_for(config.conversion, columns)
        pipeline = Pipeline(
            partitioner=Partitioner(
                compile_prefix(config.s3.prefix),
                is_partitioned=config.is_partitioned,
                extractor=self._extractor_for(config),
                name_bytes=_name_bytes(config),
                on_extracted=lambda milliseconds: self._metrics.add(
                    config.stream, "JQProcessing.Duration", milliseconds, "Milliseconds"
                ),
            ),
            error_line=lambda failure, ended_ms: error_line(
                failure, attempt_ended_ms=ended_ms, conversion=config.conversion
            ),
            process=self._process_for(config),
            converter=converter,
            delimiter=record_delimiter(config),
            lambda_hints=lambda_hints(config),
        )
        return Setup(
            config,
            pipeline=pipeline,
            writer=writer,
            random_string=self._random_string,
            new_uuid=self._new_uuid,
            is_current=lambda: config.conversion is None or self._still(config, columns),
        )

    def _columns(self, config: DeliveryConfig) -> tuple[Column, ...] | SchemaError:
        """Return the columns, or why there are none for good."""
        try:
            return self._columns_now(config)
        except SchemaError as error:
            raise SetupError(error.code, error.message) from error

    def _still(self, config: DeliveryConfig, before: tuple[Column, ...] | SchemaError | None) -> bool:
        try:
            return _same(self._columns_now(config), before)
        except SchemaError:
            return True  # transient: go on with what was read

    def _columns_now(self, config: DeliveryConfig) -> tuple[Column, ...] | SchemaError:
        if config.conversion is None:
            raise ValueError("this stream converts nothing; ask only where conversion is on")
        try:
            return self._catalog.columns(config.conversion.schema)
        except SchemaError as error:
            if error.is_transient:
                raise
            return error


class _RefusingConverter:
    """Stands in where the table is missing or unusable: every record fails with the reason."""

    def __init__(self, reason: SchemaError) -> None:
        self._reason = reason

    def begin(self, records: pa.BinaryArray, leaf_keys: Sequence[str] = ()) -> Begun:
        """Read nothing."""
        del leaf_keys
        return Begun(records, None)

    def complete(self, begun: Begun, kept: Int64Array) -> Converted:
        """Refuse every record."""
        del begun
        refused = [RefusedRecord(index, self._reason.code, self._reason.message) for index in range(len(kept))]
        empty: pa.Table = arrow_schema(()).empty_table()
        return Converted(empty, np.empty(0, dtype=np.int64), refused)


def _name_bytes(config: DeliveryConfig) -> int:
    serializer = config.conversion.serializer if config.conversion else None
    extension = extension_of(config.s3.compression_format, config.s3.file_extension, serializer)
    return len(object_name(config.stream.name, config.version, _ANY_INSTANT, UUID(int=0), extension).encode())


def _same(now: tuple[Column, ...] | SchemaError, before: tuple[Column, ...] | SchemaError | None) -> bool:
    if isinstance(now, SchemaError) and isinstance(before, SchemaError):
        return (now.code, now.message) == (before.code, before.message)
    return now == before
