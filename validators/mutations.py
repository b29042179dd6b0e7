"""Ways to break a delivery, one for each thing that a check knows: what is changed, and which check has to say so.

Pure: objects in, changed objects out. `expected` are the checks whose business the damage is: all of them must fire. `consequences` are true
as well but follow from the damage (records in a deleted object are lost); nothing else may fire.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from validators.evidence import Evidence
from validators.memory_bucket import MemoryBucket, StoredObject
from validators.object_key import ParsedKey

Changes = Mapping[str, StoredObject | None]


@dataclass(frozen=True, slots=True)
class Specimen:
    """An intact delivery to be broken: its evidence and its objects, sorted into data and errors."""

    evidence: Evidence
    bucket: MemoryBucket
    data: tuple[ParsedKey, ...]
    errors: tuple[ParsedKey, ...]

    def stored(self, parsed: ParsedKey) -> StoredObject:
        """Return the object of a key."""
        return self.bucket.objects[parsed.key]

    def name_of(self, parsed: ParsedKey) -> str:
        """Return the object's name without its folder."""
        return parsed.key[len(parsed.folder) :]

    def fresh_name(self, parsed: ParsedKey) -> str:
        """Return a name like the object's with another UUID, the same for the same object."""
        name = self.name_of(parsed)
        stem = name.removesuffix(parsed.extension)
        return f"{stem[:-36]}{uuid.uuid5(uuid.NAMESPACE_URL, name)}{parsed.extension}"


@dataclass(frozen=True, slots=True)
class Broken:
    """A broken delivery: objects that differ, and evidence that differs."""

    changes: Changes = field(default_factory=dict)
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True)
class Mutation:
    """One way to break a delivery. `apply` returns None where the delivery has nothing to break in this way."""

    id: str
    title: str
    expected: frozenset[str]
    apply: Callable[[Specimen], Broken | None]
    consequences: frozenset[str] = frozenset()


def specimen(evidence: Evidence, bucket: MemoryBucket) -> Specimen:
    """Sort the objects of an intact delivery."""
    grammar = evidence.grammar()
    parsed = [grammar.parse(key) for key in sorted(bucket.objects)]
    return Specimen(
        evidence,
        bucket,
        tuple(key for key in parsed if key.kind == "data"),
        tuple(key for key in parsed if key.kind == "error"),
    )


def mutation(
    name: str, title: str, *expected: str, consequences: tuple[str, ...] = ()
) -> Callable[[Callable[[Specimen], Broken | None]], Mutation]:
    """Turn a function into a `Mutation`."""

    def wrap(function: Callable[[Specimen], Broken | None]) -> Mutation:
        return Mutation(name, title, frozenset(expected), function, frozenset(consequences))

    return wrap
