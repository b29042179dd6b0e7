"""The order in which Java's hash tables list names: it shows in AWS's messages.

Pure. AWS joins several violations, and prints enumerations, in neither declared nor alphabetical order. All thirteen orders that were
captured from AWS (floci-io/floci S3DestinationValidatorTest, 2026-09) are those of hash tables over the names.
"""

from collections.abc import Iterable

_FIRST_TABLE = 16
_LOAD = 0.75
_ENUM_TABLE = 32


def java_hash(text: str) -> int:
    """Return ``String.hashCode`` as an unsigned 32-bit number.

    >>> java_hash("GZIP")
    2203994
    """
    value = 0
    units = text.encode("utf-16-be")
    for high, low in zip(units[::2], units[1::2], strict=True):
        value = (31 * value + (high << 8 | low)) & 0xFFFFFFFF
    return value


def member_order(names: Iterable[str]) -> list[str]:
    """Return the names as a ``HashMap`` lists its keys; give them in the order of insertion.

    >>> member_order(["catalogId", "versionId"])
    ['versionId', 'catalogId']
    """
    given = list(names)
    size = _FIRST_TABLE
    while len(given) > size * _LOAD:
        size *= 2
    hashes = {name: java_hash(name) for name in given}
    return sorted(given, key=lambda name: (hashes[name] ^ hashes[name] >> 16) & (size - 1))


def enum_order(values: Iterable[str]) -> list[str]:
    """Return the values of an enumeration as AWS prints them; of two in one place of the table, the later one comes first.

    >>> enum_order(["UNCOMPRESSED", "GZIP", "SNAPPY"])
    ['SNAPPY', 'GZIP', 'UNCOMPRESSED']
    """
    latest_first = list(values)[::-1]
    return sorted(latest_first, key=lambda value: java_hash(value) % _ENUM_TABLE)
