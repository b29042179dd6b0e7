"""The order-free digest by which producers and validators compare what was sent with what was delivered.

Pure. A digest is the sum, over all items, of the first 8 bytes of MD5(item) read as a little-endian unsigned integer. A sum does not depend
on order, sees duplicates (unlike XOR), and a columnar engine can compute it (DuckDB: ``sum(md5_number_upper(text))``, held to this by
a test). It guards against accidents, not against an adversary.

An item is either a record's bytes as sent (`over` = "bytes"), or one row's column values as text (`over` = "columns").
"""

import hashlib
from collections.abc import Iterable, Sequence

ALGORITHM = "md5-64-sum"
COLUMN_SEPARATOR = "\x1f"
NULL_TEXT = "\x00"


def item_value(item: bytes) -> int:
    """Return the 64-bit value of one item.

    >>> item_value(b"")
    338333539836370388
    """
    return int.from_bytes(hashlib.md5(item, usedforsecurity=False).digest()[:8], "little")


def column_text(value: str | float | bool | None) -> str:
    """Return one column value as digest text: floats with six decimals, booleans as true/false, timestamps as whole epoch seconds."""
    if value is None:
        return NULL_TEXT
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.6f}"
    return str(value)


def row_item(values: Sequence[str | int | float | bool | None]) -> bytes:
    """Return the item of one row, its values in the order of the Glue table's columns."""
    return COLUMN_SEPARATOR.join(map(column_text, values)).encode()


def digest(items: Iterable[bytes]) -> int:
    """Return the digest of all items; add the digests of parts to get the digest of the whole."""
    return sum(map(item_value, items))
