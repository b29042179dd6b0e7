"""Read a partition query: which key it yields by which jq expression, and whether a column alone decides the value.

Pure. The query of a stream is a jq object constructor, ``{store_id:.store_id,year:.event_timestamp|strftime("%Y")}``. An expression that
is a path with a few well-defined filters is turned into SQL over the delivered columns; any other is left to jq itself.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from firehose_spec.glue_types import Column, GlueType, Primitive, Struct

_KEY = re.compile(r"\s*(?:(?P<bare>[A-Za-z_][A-Za-z0-9_]*)|\"(?P<quoted>(?:[^\"\\]|\\.)*)\")\s*")
_PATH = re.compile(r"(?=\.)(?:\.(?:[A-Za-z_][A-Za-z0-9_]*|\"[^\"\\]+\"|\[\"[^\"\\]+\"\])|\[\"[^\"\\]+\"\])+")
_STEP = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|\"[^\"\\]+\"")
_STRFTIME = re.compile(r"strftime\(\s*\"(?P<format>[^\"\\]*)\"\s*\)")
_FIELD_OF_ANY = re.compile(
    r"(?<![\w)\]\"])\.([A-Za-z_][A-Za-z0-9_]*)|(?<![\w)\]])\.\"([^\"\\]+)\"|\.\[\"([^\"\\]+)\"\]"
)
_OPENERS, _CLOSERS = "([{", ")]}"

# Both strftime functions agree on these for years 1000 to 9999.
_SAFE_DIRECTIVES = frozenset("YmdHMSjyFT%")


@dataclass(frozen=True, slots=True)
class KeyQuery:
    """A partition query taken apart: key to expression, in order."""

    text: str
    expressions: Mapping[str, str]


def parse_query(query: str) -> KeyQuery | None:
    """Read an object constructor; None when the program is anything else.

    >>> parse_query('{a: .x, day:.t|strftime("%d"), "c"}').expressions
    {'a': '.x', 'day': '.t|strftime("%d")', 'c': '."c"'}
    """
    text = query.strip()
    if not (text.startswith("{") and text.endswith("}")):
        return None
    parts = _split(text[1:-1], ",")
    if parts is None:
        return None
    expressions: dict[str, str] = {}
    for part in parts:
        match = _KEY.match(part)
        if match is None:
            return None
        name = match["bare"] or match["quoted"]
        rest = part[match.end() :]
        if not rest:
            expressions[name] = f".{name}" if match["bare"] else f'."{name}"'
        elif rest.startswith(":") and rest[1:].strip():
            expressions[name] = rest[1:].strip()
        else:
            return None
    return KeyQuery(query, expressions)


def normal_expression(expression: str) -> str:
    """Return the expression without white space outside strings, for comparing two spellings of one program."""
    pieces = re.split(r"(\"(?:[^\"\\]|\\.)*\")", expression)
    return "".join(
        piece if index % 2 else re.sub(r"\s+", " ", piece).replace(" ", "") for index, piece in enumerate(pieces)
    )


def bare_expression(expression: str) -> str:
    """Return an expression in normal spelling, without parentheses around the whole of it."""
    text = normal_expression(expression)
    while text.startswith("(") and text.endswith(")") and _wraps(text):
        text = text[1:-1]
    return text


def _wraps(text: str) -> bool:
    depth = 0
    for position, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if depth == 0:
            return position == len(text) - 1
    return False


def fields_read(expression: str) -> frozenset[str]:
    """Return the names of the top-level fields that an expression may read."""
    return frozenset(name for match in _FIELD_OF_ANY.findall(expression) for name in match if name)


def duckdb_time_text(sql: str, time_format: str) -> str:
    """Return DuckDB's expression for a timestamp as text; `time_format` is C's."""
    return f"strftime({sql}, '{time_format}')"


def to_sql(
    expression: str, columns: Mapping[str, Column], time_text: Callable[[str, str], str] = duckdb_time_text
) -> str | None:
    """Return a SQL expression (text, or NULL where jq gives null) over the columns, or None when only jq can tell.

    `columns` maps the JSON key, as the deserialiser reads it, to the column; `time_text` formats a timestamp in the engine's own SQL.
    """
    steps = [step.strip() for step in (_split(bare_expression(expression), "|") or [])]
    if not steps or not _PATH.fullmatch(steps[0]):
        return None
    found = _column_sql(steps[0], columns)
    if found is None:
        return None
    sql, kind = found
    for step in steps[1:]:
        applied = _apply(step, sql, kind, time_text)
        if applied is None:
            return None
        sql, kind = applied
    if kind == Primitive("string"):
        return sql
    if kind in (
        Primitive("int"),
        Primitive("bigint"),
        Primitive("smallint"),
        Primitive("tinyint"),
        Primitive("boolean"),
    ):
        return f"cast({sql} as varchar)"
    return None


def _apply(step: str, sql: str, kind: GlueType, time_text: Callable[[str, str], str]) -> tuple[str, GlueType] | None:
    strftime = _STRFTIME.fullmatch(step)
    if strftime is not None and kind == Primitive("timestamp"):
        directives = re.findall(r"%(.)", strftime["format"])
        if set(directives) <= _SAFE_DIRECTIVES and "'" not in strftime["format"]:
            return time_text(sql, strftime["format"]), Primitive("string")
        return None
    if step == "tostring" and kind in (
        Primitive("string"),
        Primitive("int"),
        Primitive("bigint"),
        Primitive("boolean"),
    ):
        return f"cast({sql} as varchar)", Primitive("string")
    return None


def _column_sql(path: str, columns: Mapping[str, Column]) -> tuple[str, GlueType] | None:
    names = [step.strip('"') for step in _STEP.findall(path)]
    column = columns.get(names[0].lower())
    if column is None:
        return None
    sql, kind = quoted(column.name), column.type
    for name in names[1:]:
        member = dict(kind.members).get(name.lower()) if isinstance(kind, Struct) else None
        if member is None:
            return None
        sql, kind = f"{sql}.{quoted(name.lower())}", member
    return sql, kind


def key_steps(expressions: Iterable[str], columns: Mapping[str, Column]) -> dict[str, str] | None:
    """Return column name to the SQL that has to be equal in two rows for all these expressions to be equal.

    None where an expression reads inside a struct or needs jq. A column that is formatted as a time no finer than its hour counts by its
    hour, so that an object that holds one hour is seen to be one partition by its first and last time alone.
    """
    steps: dict[str, str] = {}
    for expression in expressions:
        path, *filters = [step.strip() for step in (_split(bare_expression(expression), "|") or [])]
        column = columns.get(path.lstrip(".").strip('[]"').lower())
        if column is None or to_sql(expression, columns) is None:
            return None
        sql = quoted(column.name)
        formatted = _STRFTIME.fullmatch(filters[0]) if filters else None
        if formatted is not None and set(re.findall(r"%(.)", formatted["format"])) <= set("YmdHjF%"):
            steps.setdefault(column.name, f"date_trunc('hour', {sql})")
        else:
            steps[column.name] = sql
    return steps


def quoted(name: str) -> str:
    """Return a SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _split(text: str, separator: str) -> list[str] | None:
    """Split at `separator` outside brackets and strings; None when they do not balance."""
    parts: list[str] = []
    depth, start, position = 0, 0, 0
    while position < len(text):
        char = text[position]
        if char == '"':
            end = re.compile(r'"(?:[^"\\]|\\.)*"').match(text, position)
            if end is None:
                return None
            position = end.end()
            continue
        depth += (char in _OPENERS) - (char in _CLOSERS)
        if depth < 0:
            return None
        if char == separator and depth == 0:
            parts.append(text[start:position])
            start = position + 1
        position += 1
    parts.append(text[start:])
    return parts if depth == 0 else None
