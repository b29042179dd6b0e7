# ruff: noqa: S608 - names are quoted by `quoted`, texts by `literal`, nothing else comes from outside
"""The row checks as Athena SQL over the query table: the same totals that the row scan gives, one statement each.

Pure: rules in, statements out. Source: https://docs.aws.amazon.com/athena/latest/ug/ddl-sql-reference.html (Trino's dialect).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from firehose_spec.digest import COLUMN_SEPARATOR, NULL_TEXT
from firehose_spec.glue_types import Column, Decimal, GlueType, Primitive, Text
from validators.key_expressions import quoted
from validators.row_sql import largest_decimal
from validators.stack_outputs import TableName

PATH = '"$path"'  # documented: the S3 location of the row's file
EXAMPLES = 20
_DIRECTIVES = {"M": "i", "S": "s", "F": "Y-%m-%d"}  # C's strftime to Trino's date_format; the others are spelt alike


@dataclass(frozen=True, slots=True)
class AthenaRules:
    """What the statements are made of. `key_sql` maps partition key to SQL; `where` keeps injected partitions within their values."""

    table: TableName
    columns: tuple[Column, ...]
    key_sql: Mapping[str, str]
    id_column: str | None
    runs: tuple[str, ...]
    digest_columns: tuple[str, ...]
    where: str


def literal(text: str) -> str:
    """Return a SQL text."""
    return "'" + text.replace("'", "''") + "'"


def time_text(sql: str, time_format: str) -> str:
    """Return the expression for a timestamp as text; `time_format` is C's.

    >>> time_text("t", "%Y %M")
    "date_format(t, '%Y %i')"
    """
    out, index = [], 0
    while index < len(time_format):
        if time_format[index] == "%" and index + 1 < len(time_format):
            out.append("%" + _DIRECTIVES.get(time_format[index + 1], time_format[index + 1]))
            index += 2
        else:
            out.append(time_format[index])
            index += 1
    return f"date_format({sql}, {literal(''.join(out))})"


def totals_statement(rules: AthenaRules) -> str:
    """Rows, digest and keys by object and run: path, run, keys …, rows, digest."""
    keys = "".join(f", {sql}" for sql in rules.key_sql.values())
    positions = ", ".join(str(position + 1) for position in range(2 + len(rules.key_sql)))
    return (
        f"select {PATH}, {_run(rules)}{keys}, count(*), cast({digest_sum(rules)} as varchar) "
        f"from {_table(rules)}{rules.where} group by {positions}"
    )


def islands_statement(rules: AthenaRules) -> str:
    """Delivered sequence numbers as ranges: run, first, last, times; a complete run is one range."""
    counted = (
        f"select {_run(rules)} as run, {_sequence(rules)} as sequence, count(*) as times "
        f"from {_table(rules)}{rules.where} group by 1, 2"
    )
    islands = (
        f"select run, sequence, times, sequence - row_number() over (partition by run, times order by sequence) as island "
        f"from ({counted}) where run >= 0"
    )
    return f"select run, min(sequence), max(sequence), times from ({islands}) group by run, times, island order by 1, 2"


def odd_rows_statement(rules: AthenaRules, rule: str) -> str | None:
    """Rows that cannot be right: path, text, how many there are in all. `rule` is ``ids`` or a column's name."""
    if rule == "ids":
        if rules.id_column is None:
            return None
        text = f"coalesce({quoted(rules.id_column)}, 'null')"
        condition = f"not coalesce(regexp_like({quoted(rules.id_column)}, '^.+-[0-9]{{1,10}}$'), false)"
    else:
        column = next(column for column in rules.columns if column.name == rule)
        found = _out_of_range(column)
        if found is None:
            return None
        text, condition = f"cast({quoted(column.name)} as varchar)", found
    where = f"{rules.where} and {condition}" if rules.where else f" where {condition}"
    return f"select {PATH}, {text}, count(*) over () from {_table(rules)}{where} limit {EXAMPLES}"


def digest_sum(rules: AthenaRules) -> str:
    """Return the sum of the rows' digest values; '0' when a column type has no digest text.

    A digest value is the first 8 bytes of an MD5 read as a little-endian unsigned number; Trino reads signed big-endian ones.
    """
    by_name = {column.name.lower(): column for column in rules.columns}
    texts = [
        column_text(quoted(name.lower()), by_name[name.lower()].type) if name.lower() in by_name else None
        for name in rules.digest_columns
    ]
    if not texts or None in texts:
        return "0"
    parts = ", ".join(f"coalesce({text}, chr({ord(NULL_TEXT)}))" for text in texts)
    joined = f"concat_ws(chr({ord(COLUMN_SEPARATOR)}), {parts})"
    signed = f"from_big_endian_64(reverse(substr(md5(to_utf8({joined})), 1, 8)))"
    wrap = "cast('18446744073709551616' as decimal(38,0))"
    value = f"cast({signed} as decimal(38,0))"
    return f"sum({value} + case when {signed} < 0 then {wrap} else cast(0 as decimal(38,0)) end)"


def column_text(sql: str, kind: GlueType) -> str | None:
    """Return one column as digest text, as `firehose_spec.digest.column_text` writes it."""
    match kind:
        case Primitive("string") | Text():
            return sql
        case Primitive("tinyint" | "smallint" | "int" | "bigint" | "boolean"):
            return f"cast({sql} as varchar)"
        case Primitive("float" | "double"):
            # Amounts with two decimals are exact as decimals; Java's %.6f rounds a half up, C's to even.
            is_amount = f"{sql} = round({sql}, 2) and abs({sql}) between 0.01 and 1e8"
            return f"(case when {is_amount} then cast(cast({sql} as decimal(18,6)) as varchar) else format('%.6f', {sql}) end)"
        case Primitive("timestamp"):
            return f"cast(cast(floor(to_unixtime({sql})) as bigint) as varchar)"
    return None


def injected_filter(values: Mapping[str, Sequence[str]]) -> str:
    """Return the WHERE clause that names the values of each injected partition column, without which Athena refuses to scan.

    >>> print(injected_filter({"p_store_id": ["S001", "S002"]}))
     where "p_store_id" in ('S001', 'S002')
    """
    parts = [f"{quoted(name)} in ({', '.join(map(literal, texts))})" for name, texts in values.items() if texts]
    return f" where {' and '.join(parts)}" if parts else ""


def _out_of_range(column: Column) -> str | None:
    name = quoted(column.name)
    match column.type:
        case Primitive("tinyint" | "smallint" as kind):
            limit = 2 ** (7 if kind == "tinyint" else 15)
            return f"{name} not between {-limit} and {limit - 1}"
        case Text(length=length):
            return f"length({name}) > {length}"
        case Decimal(precision, scale):
            return f"abs({name}) > {largest_decimal(precision, scale)}"
        case Primitive("timestamp"):
            return f"(year({name}) < 1 or year({name}) > 9999)"
    return None


def _table(rules: AthenaRules) -> str:
    return f"{quoted(rules.table.database)}.{quoted(rules.table.table)}"


def _run(rules: AthenaRules) -> str:
    return _cases(rules, [str(index) for index in range(len(rules.runs))], "-1")


def _sequence(rules: AthenaRules) -> str:
    return _cases(rules, [_number(rules, run) for run in rules.runs], "null")


def _number(rules: AthenaRules, run: str) -> str:
    return f"try_cast(substr({quoted(rules.id_column or '')}, {len(run) + 2}) as bigint)"


def _cases(rules: AthenaRules, results: Sequence[str], otherwise: str) -> str:
    if rules.id_column is None or not rules.runs:
        return otherwise
    name = quoted(rules.id_column)
    cases = " ".join(
        f"when starts_with({name}, {literal(f'{run}-')}) and {_number(rules, run)} >= 0 then {result}"
        for run, result in zip(rules.runs, results, strict=True)
    )
    return f"case {cases} else {otherwise} end"
