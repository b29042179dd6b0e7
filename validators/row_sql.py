"""The SQL by which rows are judged: digest text, partition values, value ranges.

Pure: column types in, DuckDB expressions out.
"""

from collections.abc import Sequence

from firehose_spec.digest import COLUMN_SEPARATOR, NULL_TEXT
from firehose_spec.glue_types import Column, Decimal, GlueType, Primitive, Text
from validators.key_expressions import quoted

_INTEGER_BITS = {"tinyint": 8, "smallint": 16}


def digest_text(columns: Sequence[Column]) -> str | None:
    """Return the expression for `firehose_spec.digest.row_item` over these columns; None when a type has no digest text."""
    texts = [_column_text(quoted(column.name), column.type) for column in columns]
    if not texts or None in texts:
        return None
    null = f"chr({ord(NULL_TEXT)})"
    return f"concat_ws(chr({ord(COLUMN_SEPARATOR)}), {', '.join(f'coalesce({text}, {null})' for text in texts)})"


def largest_decimal(precision: int, scale: int) -> str:
    """Return the largest decimal(p,s) as SQL; a whole number above it could not be compared with one.

    >>> largest_decimal(5, 2)
    "cast('999.99' as decimal(5,2))"
    """
    digits = "9" * precision
    text = f"{digits[: precision - scale] or '0'}.{digits[precision - scale :]}" if scale else digits
    return f"cast('{text}' as decimal({precision},{scale}))"


def _column_text(sql: str, kind: GlueType) -> str | None:
    match kind:
        case Primitive("string") | Text():
            return sql
        case Primitive("tinyint" | "smallint" | "int" | "bigint" | "boolean"):
            return f"cast({sql} as varchar)"
        case Primitive("float" | "double"):
            # Amounts with two decimals, the normal case, are cheaper as decimals and print the same.
            is_amount = f"{sql} = round({sql}, 2) and abs({sql}) between 0.01 and 1e8"
            return f"(case when {is_amount} then cast(cast({sql} as decimal(18,6)) as varchar) else printf('%.6f', {sql}) end)"
        case Primitive("timestamp"):
            return f"cast(epoch_us({sql}) // 1000000 as varchar)"
    return None


def out_of_range(column: Column) -> str | None:
    """Return the condition under which a value cannot have come out of a SerDe for this column type; None when any value can.

    The physical types are wider than the Glue types: INT32 holds every tinyint, and a BINARY any varchar(3).
    """
    name = quoted(column.name)
    match column.type:
        case Primitive("tinyint" | "smallint" as kind):
            limit = 2 ** (_INTEGER_BITS[kind] - 1)
            return f"{name} not between {-limit} and {limit - 1}"
        case Text(length=length):
            return f"length({name}) > {length}"
        case Decimal(precision, scale):
            return f"abs({name}) > {largest_decimal(precision, scale)}"
        case Primitive("timestamp"):
            # An epoch in milliseconds read as seconds lands beyond year 9999.
            return f"{name} < timestamp '0001-01-01' or {name} > timestamp '9999-12-31 23:59:59.999999'"
    return None
