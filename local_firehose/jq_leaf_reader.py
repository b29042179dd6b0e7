"""Read the leaves that decide a query's result out of records, a batch at a time.

Pure. A record gets a key only if it is beyond doubt one JSON object for libjq too: strict JSON (msgspec takes less than libjq does), scalar
leaves, no nesting near libjq's limit. All others get None, and libjq itself looks at them.
"""

from collections.abc import Hashable, Sequence
from operator import attrgetter
from typing import Any

import msgspec

from local_firehose.jq_leaves import Leaf, Prefix, Seconds

_SCALAR = str | int | float | bool | None
_PLAIN = frozenset({str, int, type(None)})  # Python tells these apart; True from 1 and 1.0 from 1 it does not
_LONG_BYTES, _MAX_BRACKETS = 400, 200  # libjq refuses documents nested 256 deep, which takes more bytes than this

Key = tuple[Hashable, ...]


class LeafReader:
    """Reads keys: records with the same key have the same result."""

    def __init__(self, leaves: Sequence[Leaf]) -> None:
        self._columns = [(_Column(place, leaf)) for place, leaf in enumerate(leaves)]
        self._decoder = msgspec.json.Decoder(_struct({leaf.path: place for place, leaf in enumerate(leaves)}, ()))

    def keys(self, records: Sequence[bytes]) -> list[Key | None]:
        """Return each record's key, None where libjq must look at the record itself."""
        decode = self._decoder.decode
        objects: list[Any]
        try:
            objects = [decode(record) for record in records]
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return self._one_by_one(records)
        keys: list[Key | None] = list(zip(*(column.read(objects) for column in self._columns), strict=True))
        if not self._columns:
            keys = [()] * len(records)
        for place in self._doubtful(records, keys):
            keys[place] = None
        return keys

    def _one_by_one(self, records: Sequence[bytes]) -> list[Key | None]:
        good: list[int] = []
        for place, record in enumerate(records):
            try:
                self._decoder.decode(record)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                continue
            good.append(place)
        keys: list[Key | None] = [None] * len(records)
        if good:
            for place, key in zip(good, self.keys([records[place] for place in good]), strict=True):
                keys[place] = key
        return keys

    def _doubtful(self, records: Sequence[bytes], keys: Sequence[Key | None]) -> list[int]:
        found = []
        if max(map(len, records), default=0) > _LONG_BYTES:
            found = [
                place
                for place, record in enumerate(records)
                if len(record) > _LONG_BYTES and record.count(b"[") + record.count(b"{") > _MAX_BRACKETS
            ]
        # -0 is read as 0, but jq prints it otherwise
        for at, column in enumerate(self._columns):
            if column.has_zero:
                found += [
                    place
                    for place, key in enumerate(keys)
                    if key is not None and key[at] == 0 and b"-0" in records[place]
                ]
        return found


class _Column:
    """The values of one leaf, reduced to what decides."""

    def __init__(self, place: int, leaf: Leaf) -> None:
        self._path = [_member(place, depth, leaf.path) for depth in range(1, len(leaf.path) + 1)]
        self._reduction = leaf.reduction
        self.has_zero = False

    def read(self, objects: Sequence[Any]) -> list[Hashable]:
        values = list(map(attrgetter(self._path[0]), objects))
        for name in self._path[1:]:
            values = [None if value is None else getattr(value, name) for value in values]
        kinds = set(map(type, values))
        if not kinds <= _PLAIN:
            values = [value if type(value) in _PLAIN else (type(value).__name__, repr(value)) for value in values]
        self.has_zero = int in kinds and 0 in values
        return self._reduced(values, kinds)

    def _reduced(self, values: list[Any], kinds: set[type]) -> list[Hashable]:
        match self._reduction:
            case Seconds(step, limit) if kinds == {int}:
                self.has_zero = False  # strftime takes -0 for 0
                return [value // step if 0 <= value <= limit else ("whole", value) for value in values]
            case Seconds(step, limit) if int in kinds:
                self.has_zero = False
                return [
                    value // step if type(value) is int and 0 <= value <= limit else ("whole", value)
                    for value in values
                ]
            case Prefix(characters) if str in kinds:
                return [value[:characters] if type(value) is str else value for value in values]
        return values


def _member(place: int, depth: int, path: tuple[str, ...]) -> str:
    return f"leaf{place}" if depth == len(path) else "inner_" + "_".join(name.encode().hex() for name in path[:depth])


def _struct(places: dict[tuple[str, ...], int], below: tuple[str, ...]) -> type[msgspec.Struct]:
    """Make the type that reads the leaves below a path; members have names of ours, for keys may be any text."""
    depth = len(below) + 1
    fields: list[tuple[str, Any, Any]] = []
    renamed: dict[str, str] = {}
    kind: Any
    for name in dict.fromkeys(path[depth - 1] for path in places if path[: depth - 1] == below):
        path = (*below, name)
        if path in places:
            member, kind = _member(places[path], depth, path), _SCALAR
        else:
            member, kind = _member(0, depth, (*path, "")), _struct(places, path) | None
        fields.append((member, kind, None))
        renamed[member] = name
    return msgspec.defstruct("Leaves", fields, rename=renamed, frozen=True, gc=False)
