"""What DuckDB does with the same records: the reference of the bulk path, and the judge of what was delivered.

Talks to: files in the folders that it is given. Judging goes over text of every value, so that the two sides' types may differ in form
(INT96 against microseconds) and not in content.
"""

import time
from dataclasses import dataclass
from pathlib import Path

import duckdb

from benchmarks.events import EventPlan
from benchmarks.failures import WrongResultError
from firehose_spec.glue_types import Array, GlueType, Map, Primitive, Struct, parse

_PRIMITIVES = {"string": "VARCHAR", "int": "INTEGER", "double": "DOUBLE"}
THREADS = 2
_KEYS = (
    "store_id AS p_store_id, strftime(event_timestamp, '%Y') AS p_year, strftime(event_timestamp, '%m') AS p_month, "
    "strftime(event_timestamp, '%d') AS p_day, strftime(event_timestamp, '%H') AS p_hour"
)


@dataclass(frozen=True, slots=True)
class Content:
    """What a set of events is: how many, in how many partitions, and the sum of the MD5s of their values."""

    rows: int
    partitions: int
    digest: int


def sql_type(kind: GlueType) -> str:
    """Return DuckDB's name of a Glue type; a timestamp at the top is read as epoch seconds."""
    match kind:
        case Primitive("timestamp"):
            return "BIGINT"
        case Primitive(name):
            return _PRIMITIVES[name]
        case Array(element):
            return f"{sql_type(element)}[]"
        case Map(key, value):
            return f"MAP({sql_type(key)}, {sql_type(value)})"
        case Struct(members):
            return f"STRUCT({', '.join(f'{name} {sql_type(member)}' for name, member in members)})"
    raise ValueError(f"{kind} has no name in DuckDB here")


def _read_json(plan: EventPlan, source: Path) -> str:
    columns = ", ".join(f"{name}: '{sql_type(parse(kind))}'" for name, kind in plan.columns)
    fields = ", ".join(
        f"make_timestamp({name} * 1000000) AS {name}" if kind == "timestamp" else name for name, kind in plan.columns
    )
    return f"SELECT {fields} FROM read_json('{source}', format = 'newline_delimited', columns = {{{columns}}})"


def copy_partitioned(plan: EventPlan, source: Path, target: Path) -> float:
    """Write the NDJSON file as Parquet, one folder a partition; return the seconds it took."""
    with duckdb.connect(config={"threads": THREADS}) as connection:
        connection.execute("SET preserve_insertion_order = false")
        started = time.perf_counter()
        connection.execute(
            f"COPY (SELECT *, {_KEYS} FROM ({_read_json(plan, source)})) TO '{target}' "
            "(FORMAT parquet, COMPRESSION snappy, PARTITION_BY (p_store_id, p_year, p_month, p_day, p_hour))"
        )
        return time.perf_counter() - started


def content_of_source(plan: EventPlan, source: Path) -> Content:
    """Return what the NDJSON file holds."""
    return _content(plan, _read_json(plan, source), f"SELECT DISTINCT {_KEYS} FROM ({_read_json(plan, source)})")


def content_of_copy(plan: EventPlan, folder: Path) -> Content:
    """Return what `copy_partitioned` wrote."""
    rows = f"SELECT * FROM read_parquet('{folder}/*/*/*/*/*/*.parquet', hive_partitioning = true)"
    return _content(plan, rows, f"SELECT DISTINCT p_store_id, p_year, p_month, p_day, p_hour FROM ({rows})")


def content_of_objects(plan: EventPlan, folder: Path) -> Content:
    """Return what was delivered, from a folder of objects under quoted names.

    Raises:
        WrongResultError: an object that is no data object, or rows under a key that is not theirs.
    """
    strays = [path.name for path in folder.iterdir() if "store-data%2F" not in path.name]
    if strays:
        raise WrongResultError(f"{len(strays)} objects are no data objects, such as {strays[0]}")
    rows = f"SELECT * FROM read_parquet('{folder}/*', filename = true)"
    own = "'store-data/store_id=' || store_id || '/' || strftime(event_timestamp, '%Y/%m/%d/%H') || '/'"
    with duckdb.connect(config={"threads": THREADS}) as connection:
        (foreign,) = connection.execute(
            f"SELECT count(*) FROM ({rows}) WHERE NOT contains(replace(replace(filename, '%2F', '/'), '%3D', '='), {own})"
        ).fetchall()[0]
    if foreign:
        raise WrongResultError(f"{foreign} rows lie under a key that is not their own partition's")
    return _content(plan, rows, f"SELECT DISTINCT regexp_extract(filename, '(store-data.*%2F)', 1) FROM ({rows})")


def _content(plan: EventPlan, rows: str, partitions: str) -> Content:
    texts = ", ".join(_text_of(name, kind) for name, kind in plan.columns)
    with duckdb.connect(config={"threads": THREADS}) as connection:
        count, digest = connection.execute(
            f"SELECT count(*), sum(md5_number_upper(concat_ws(chr(31), {texts}))) FROM ({rows})"
        ).fetchall()[0]
        (found,) = connection.execute(f"SELECT count(*) FROM ({partitions})").fetchall()[0]
    return Content(int(count), int(found), int(digest or 0))


def _text_of(name: str, kind: str) -> str:
    if kind == "timestamp":
        value = f"epoch({name})::BIGINT::VARCHAR"
    elif kind == "double":
        value = f"printf('%.6f', {name})"
    elif "<" in kind:
        value = f"to_json({name})::VARCHAR"
    else:
        value = f"{name}::VARCHAR"
    return f"coalesce({value}, chr(1))"


def require_same(expected: Content, found: Content, *, side: str) -> None:
    """Do nothing when both are the same.

    Raises:
        WrongResultError: they are not.
    """
    if expected != found:
        raise WrongResultError(f"{side} holds {found}; {expected} was sent")
