"""Walk over Thrift compact-protocol bytes without decoding them: where each field of a struct begins and ends.

Pure. Source: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md. A footer is rewritten by splicing, so
whatever a later Parquet writer adds to it survives.
"""

from collections.abc import Iterator
from typing import NamedTuple

_BOOLEANS = (1, 2)
_VARINTS = (4, 5, 6)
_LIST_LIKE = (9, 10)
_BYTE, _DOUBLE, _BINARY, _LIST, _MAP, _STRUCT, _UUID = 3, 7, 8, 9, 11, 12, 13


class ThriftError(ValueError):
    """Bytes that are not a Thrift compact struct."""


class Field(NamedTuple):
    """Field `id` of a struct; its value is ``data[begin:end]``."""

    id: int
    type: int
    begin: int
    end: int


def fields(data: bytes, at: int = 0) -> Iterator[Field]:
    """Yield the fields of the struct that begins at `at`.

    Raises:
        ThriftError: the bytes are cut short or use an unknown type.
    """
    identifier = 0
    try:
        while header := data[at]:
            at += 1
            kind = header & 15
            if header >> 4:
                identifier += header >> 4
            else:
                number, at = varint(data, at)
                identifier = (number >> 1) ^ -(number & 1)
            end = _skip(data, at, kind)
            yield Field(identifier, kind, at, end)
            at = end
    except IndexError as exc:
        raise ThriftError(f"{len(data)} bytes end inside a struct") from exc


def struct_end(data: bytes, at: int) -> int:
    """Return the offset after the struct that begins at `at`."""
    while header := data[at]:
        at += 1
        if not header >> 4:
            at = varint(data, at)[1]
        at = _skip(data, at, header & 15)
    return at + 1


def elements(data: bytes, at: int) -> Iterator[tuple[int, int]]:
    """Yield begin and end of each element of the list that begins at `at`."""
    kind, size, at = _list_header(data, at)
    for _ in range(size):
        end = _skip_element(data, at, kind)
        yield at, end
        at = end


def varint(data: bytes, at: int) -> tuple[int, int]:
    """Return the unsigned number at `at` and the offset after it."""
    number = shift = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number, at
        shift += 7


def _list_header(data: bytes, at: int) -> tuple[int, int, int]:
    header = data[at]
    if header >> 4 < 15:
        return header & 15, header >> 4, at + 1
    size, at = varint(data, at + 1)
    return header & 15, size, at


def _skip(data: bytes, at: int, kind: int) -> int:
    if kind in _VARINTS:
        while data[at] > 127:
            at += 1
        return at + 1
    if kind == _BINARY:
        size, at = varint(data, at)
        return at + size
    if kind == _STRUCT:
        return struct_end(data, at)
    if kind in _BOOLEANS:
        return at
    if kind in _LIST_LIKE:
        element, size, at = _list_header(data, at)
        for _ in range(size):
            at = _skip_element(data, at, element)
        return at
    if kind == _MAP:
        return _skip_map(data, at)
    width = {_BYTE: 1, _DOUBLE: 8, _UUID: 16}.get(kind)
    if width is None:
        raise ThriftError(f"type {kind} at offset {at} is not one of the compact protocol")
    return at + width


def _skip_element(data: bytes, at: int, kind: int) -> int:
    return at + 1 if kind in _BOOLEANS else _skip(data, at, kind)


def _skip_map(data: bytes, at: int) -> int:
    size, at = varint(data, at)
    if size:
        kinds = data[at]
        at += 1
        for _ in range(size):
            at = _skip_element(data, _skip_element(data, at, kinds >> 4), kinds & 15)
    return at
