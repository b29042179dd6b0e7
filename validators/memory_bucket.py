"""A bucket that lives in memory: what the self-test breaks on purpose, and what tests read.

Pure. An overlay over another bucket's objects costs nothing for objects that stay as they are.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from validators.bucket import ObjectBody, ObjectReader, ObjectSummary


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as a bucket keeps it."""

    data: bytes
    modified_at: datetime
    content_type: str = "application/octet-stream"
    content_encoding: str = ""

    def with_data(self, data: bytes) -> "StoredObject":
        """Return the same object with other bytes."""
        return replace(self, data=data)


@dataclass(frozen=True, slots=True)
class MemoryBucket:
    """Objects by key."""

    name: str
    objects: Mapping[str, StoredObject]

    @classmethod
    def copy_of(cls, bucket: ObjectReader, prefix: str = "") -> "MemoryBucket":
        """Copy every object of `bucket` below `prefix` into memory."""
        objects: dict[str, StoredObject] = {}
        for summary in bucket.list(prefix):
            body = bucket.read(summary.key)
            objects[summary.key] = StoredObject(
                bytes(body.data), summary.modified_at, body.content_type, body.content_encoding
            )
        return cls(bucket.name, objects)

    def changed(self, changes: Mapping[str, StoredObject | None]) -> "MemoryBucket":
        """Return a bucket in which the keys of `changes` are replaced, added, or (None) removed."""
        merged: dict[str, StoredObject | None] = {**self.objects, **changes}
        return MemoryBucket(self.name, {key: stored for key, stored in merged.items() if stored is not None})

    def list(self, prefix: str) -> Iterator[ObjectSummary]:
        """Yield every object below `prefix`, in key order."""
        for key in sorted(self.objects):
            if key.startswith(prefix):
                stored = self.objects[key]
                yield ObjectSummary(key, len(stored.data), stored.modified_at, f'"{hash(stored.data):x}"')

    def read(self, key: str) -> ObjectBody:
        """Return the whole object."""
        stored = self.objects[key]
        return ObjectBody(stored.data, stored.content_type, stored.content_encoding)

    def read_range(self, key: str, start: int, end: int) -> ObjectBody:
        """Return bytes [start, end) of the object."""
        stored = self.objects[key]
        return ObjectBody(stored.data[start:end], stored.content_type, stored.content_encoding)
