"""What one configuration of a stream amounts to: its stages, and how its objects are named and encoded.

Pure but for what it is given. Source: https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pyarrow as pa

from local_firehose.compression import compress
from local_firehose.delivery_pipeline import Pipeline
from local_firehose.delivery_rows import RAW, Identity
from local_firehose.journal_chunk import joined_bytes
from local_firehose.ledger import ObjectKind
from local_firehose.object_key import CompiledPrefix, compile_error_prefix, compile_prefix, extension_of, object_name
from local_firehose.object_writer import ObjectWriter
from local_firehose.stream_config import DeliveryConfig, S3Destination


@dataclass(frozen=True, slots=True)
class Body:
    """An object's bytes, and the Content-Encoding they are labelled with."""

    data: bytes
    content_encoding: str | None


class SetupError(Exception):
    """A stream cannot deliver for now (its schema cannot be read, say); `code` is the code of Firehose's error log."""

    def __init__(self, code: str, message: str) -> None:
        self.code, self.message = code, message
        super().__init__(f"{code}: {message}")


class Setup:
    """One configuration at work; `is_current` is false when buffered records must be processed anew."""

    def __init__(
        self,
        config: DeliveryConfig,
        *,
        pipeline: Pipeline,
        writer: ObjectWriter | None,
        random_string: Callable[[], str],
        new_uuid: Callable[[], UUID],
        is_current: Callable[[], bool] = lambda: True,
    ) -> None:
        self.config = config
        self.pipeline = pipeline
        self.is_current = is_current
        self._writer = writer
        self._random_string = random_string
        self._new_uuid = new_uuid
        self._error_prefix = compile_error_prefix(config.s3.error_output_prefix, config.s3.prefix)
        self._backup_prefix: CompiledPrefix | None = compile_prefix(config.backup.prefix) if config.backup else None

    def destination(self, kind: ObjectKind) -> S3Destination:
        """Return where objects of that kind go."""
        if kind == "backup" and self.config.backup is not None:
            return self.config.backup
        return self.config.s3

    def key(self, kind: ObjectKind, identity: Identity, *, arrived_ms: int) -> str:
        """Return a new object's key; `arrived_ms` is the arrival of its oldest record."""
        destination = self.destination(kind)
        arrived_at = datetime.fromtimestamp(arrived_ms / 1000, ZoneInfo(destination.custom_time_zone or "UTC"))
        if kind == "data":
            folder = self.pipeline.folder(identity, arrived_at=arrived_at, random_string=self._random_string)
            serializer = self.config.conversion.serializer if self.config.conversion else None
            extension = extension_of(destination.compression_format, destination.file_extension, serializer)
        elif kind == "backup" and self._backup_prefix is not None:
            folder = self._backup_prefix.evaluate(arrived_at=arrived_at, random_string=self._random_string)
            extension = extension_of(destination.compression_format, destination.file_extension)
        else:
            folder = self._error_prefix.evaluate(
                arrived_at=arrived_at, random_string=self._random_string, error_output_type=identity[0]
            )
            extension = ""  # observed: error objects have none
        name = object_name(self.config.stream.name, self.config.version, arrived_at, self._new_uuid(), extension)
        return folder + name

    def encode(self, kind: ObjectKind, batches: Sequence[pa.RecordBatch]) -> Body:
        """Return the object of these rows, in order; there is a batch at least."""
        if kind == "data" and self._writer is not None:
            rows = batches[0] if len(batches) == 1 else pa.concat_batches(batches)
            return Body(self._writer.write(pa.Table.from_batches([rows])), self._writer.content_encoding)
        pieces = [joined_bytes(batch.column(RAW)) for batch in batches]
        # decided: docs/fidelity/delivery.md#error-object-compression, error objects are never compressed
        compression_format = self.destination(kind).compression_format if kind != "error" else "UNCOMPRESSED"
        if compression_format == "UNCOMPRESSED":
            return Body(b"".join(pieces), None)
        compressed = compress(b"".join(pieces), compression_format, entry_name=lambda: str(self._new_uuid()))
        return Body(compressed.body, compressed.content_encoding)
