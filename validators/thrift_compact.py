"""Decode Thrift's compact protocol into plain values: a struct is a dict of field id to value.

Pure. Only what Parquet footers and page headers use. A footer is read here and not through Arrow because Arrow shows leaf columns only,
while names, repetition and annotations of groups are what tells Hive's layout from others.
Source: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

import struct
from typing import Any


class ThriftError(ValueError):
    """Bytes that are not compact Thrift."""


class CompactReader:
    """Reads one value after the other; `position` is the place of the next byte."""

    __slots__ = ("_data", "position")

    def __init__(self, data: bytes, position: int = 0) -> None:
        self._data, self.position = data, position

    def struct(self) -> dict[int, Any]:
        """Read a struct up to its stop byte."""
        fields: dict[int, Any] = {}
        field_id = 0
        while True:
            field_id, kind = self.field(field_id)
            if kind == 0:
                return fields
            fields[field_id] = self.value(kind)

    def field(self, previous: int) -> tuple[int, int]:
        """Read a field header; returns (field id, type), type 0 at the end of the struct."""
        header = self._byte()
        kind = header & 0x0F
        if kind == 0:
            return 0, 0
        delta = header >> 4
        return (previous + delta if delta else self._zigzag()), kind

    def value(self, kind: int) -> Any:
        """Read one value of the compact type `kind`."""
        match kind:
            case 1 | 2:
                return kind == 1
            case 3:
                return struct.unpack("b", self._take(1))[0]
            case 4 | 5 | 6:
                return self._zigzag()
            case 7:
                return struct.unpack("<d", self._take(8))[0]
            case 8:
                return self._take(self._varint())
            case 9 | 10:
                return self._list()
            case 11:
                return self._map()
            case 12:
                return self.struct()
        raise ThriftError(f"type {kind} at byte {self.position}")

    def _list(self) -> list[Any]:
        header = self._byte()
        size, kind = header >> 4, header & 0x0F
        if size == 15:
            size = self._varint()
        if kind in (1, 2):
            return [self._byte() == 1 for _ in range(size)]
        return [self.value(kind) for _ in range(size)]

    def _map(self) -> dict[Any, Any]:
        size = self._varint()
        if size == 0:
            return {}
        kinds = self._byte()
        return {self.value(kinds >> 4): self.value(kinds & 0x0F) for _ in range(size)}

    def _byte(self) -> int:
        return self._take(1)[0]

    def _take(self, size: int) -> bytes:
        end = self.position + size
        if size < 0 or end > len(self._data):
            raise ThriftError(f"{size} bytes wanted at byte {self.position} of {len(self._data)}")
        taken = self._data[self.position : end]
        self.position = end
        return taken

    def _varint(self) -> int:
        result = shift = 0
        while True:
            byte = self._byte()
            result |= (byte & 0x7F) << shift
            if byte < 0x80:
                return result
            shift += 7
            if shift > 70:
                raise ThriftError(f"varint too long at byte {self.position}")

    def _zigzag(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)
