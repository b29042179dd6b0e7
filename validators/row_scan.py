"""Judge delivered rows, hundreds of thousands at a time: whose run, which sequence number, which partition, what digest.

Pure in effect: Arrow tables in, numbers out; the work is done by DuckDB in memory. Memory is flat: rows leave after each chunk, what stays is
one counter byte a sequence number and one line of totals an object.
"""

# ruff: noqa: S608 - names are quoted by `quoted`, texts by `_literal`, nothing else comes from outside
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from firehose_spec.glue_types import Array, Column, Decimal, GlueType, Map, Primitive, Struct
from validators.key_expressions import quoted
from validators.row_sql import digest_text, out_of_range

CHUNK_ROWS = 30_000  # small, so that judging one chunk overlaps with fetching the next
OBJECT_COLUMN = "__object"
ROW_COLUMN = "__row"
MAX_SEQUENCE = 2**33

_ARROW = {
    "string": pa.string(),
    "tinyint": pa.int32(),
    "smallint": pa.int32(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "binary": pa.binary(),
    "timestamp": pa.timestamp("us"),
    "date": pa.date32(),
}


def arrow_type(kind: GlueType) -> pa.DataType:
    """Return the Arrow type in which the rows of a column are judged."""
    match kind:
        case Primitive(name):
            return _ARROW[name]
        case Decimal(precision, scale):
            return pa.decimal128(precision, scale)
        case Array(element):
            return pa.list_(arrow_type(element))
        case Map(key, value):
            return pa.map_(arrow_type(key), arrow_type(value))
        case Struct(members):
            return pa.struct([pa.field(name, arrow_type(member)) for name, member in members])
    return pa.string()


@dataclass(frozen=True, slots=True)
class RowGroupTotals:
    """Rows of one object, one run and one set of partition values: how many, and the sum of their digest values."""

    object_index: int
    run: int
    keys: tuple[str | None, ...]
    rows: int
    digest: int
    first_row: int


@dataclass(frozen=True, slots=True)
class OddRow:
    """A row whose id or value cannot be right; `rule` says which rule it breaks, `text` shows what was found."""

    object_index: int
    row: int
    rule: str
    text: str


@dataclass(slots=True)
class SequenceCounts:
    """How often each sequence number of one run was delivered, one saturating byte each."""

    counts: np.ndarray[tuple[int], np.dtype[np.uint8]] = field(default_factory=lambda: np.zeros(1024, np.uint8))

    def add(self, sequences: np.ndarray[tuple[int], np.dtype[np.int64]]) -> None:
        """Count `sequences`, none negative."""
        if not len(sequences):
            return
        self._hold(int(sequences.max()))
        found, times = np.unique(sequences, return_counts=True)
        self.counts[found] = np.minimum(self.counts[found].astype(np.int64) + times, 255)

    def add_range(self, first: int, last: int, *, times: int) -> None:
        """Count each number from `first` to `last` inclusive `times` times; numbers beyond `MAX_SEQUENCE` are left out."""
        if first > MAX_SEQUENCE:
            return
        last = min(last, MAX_SEQUENCE)
        self._hold(last)
        part = self.counts[first : last + 1].astype(np.int64) + times
        self.counts[first : last + 1] = np.minimum(part, 255)

    def _hold(self, last: int) -> None:
        """Make room for a number."""
        if last >= len(self.counts):
            grown = np.zeros(max(last + 1, 2 * len(self.counts)), np.uint8)
            grown[: len(self.counts)] = self.counts
            self.counts = grown


@dataclass(frozen=True, slots=True)
class RowRules:
    """What rows are judged by. `key_sql` maps partition key to SQL; `runs` are the known run ids, `id_column` where they are found.

    `key_steps` maps a column that keys are made of to the SQL, over the column, that has to be equal in two rows for their keys to be
    equal: the column itself, or its hour. Objects of one partition, the normal case, are then told by the least and greatest value of
    each column, and keys are evaluated once an object instead of once a row. None where no such columns are known.
    """

    columns: tuple[Column, ...]
    key_sql: Mapping[str, str]
    id_column: str | None
    runs: tuple[str, ...]
    digest_columns: tuple[str, ...]
    key_steps: Mapping[str, str] | None = None


class RowScan:
    """Takes the rows of one object after the other and adds up what they say."""

    def __init__(self, rules: RowRules, *, record_keys: Callable[[pa.Table], pa.Table] | None = None) -> None:
        """`record_keys`, where the key query needs jq itself, adds the columns ``__key0`` … to a chunk."""
        self.rules = rules
        self.schema = pa.schema([pa.field(column.name.lower(), arrow_type(column.type)) for column in rules.columns])
        self.sequences: dict[int, SequenceCounts] = {}
        self.rows = 0
        self.odd_rows: dict[str, int] = {}
        self.has_digest = False
        self._record_keys = record_keys
        self._pending: list[pa.Table] = []
        self._pending_rows = 0
        self._connection = duckdb.connect()
        self._connection.execute("set threads = 2; set preserve_insertion_order = false")
        self._totals_sql, self._ids_sql, self._odd_sql = self._compile()
        self._quick_sql = self._quick_totals()

    def close(self) -> None:
        """Free DuckDB's memory."""
        self._connection.close()

    def add(self, object_index: int, table: pa.Table) -> Iterator[RowGroupTotals | OddRow]:
        """Take the rows of one object, already in `schema`; yields totals whenever a chunk is full."""
        rows = table.num_rows
        self.rows += rows
        table = table.append_column(OBJECT_COLUMN, pa.repeat(pa.scalar(object_index, pa.int32()), rows))
        self._pending.append(table.append_column(ROW_COLUMN, pa.array(np.arange(rows, dtype=np.int32))))
        self._pending_rows += rows
        if self._pending_rows >= CHUNK_ROWS:
            yield from self.flush()

    def flush(self) -> Iterator[RowGroupTotals | OddRow]:
        """Judge what is pending."""
        if not self._pending:
            return
        chunk = pa.concat_tables(self._pending)
        self._pending, self._pending_rows = [], 0
        if self._record_keys is not None:
            chunk = self._record_keys(chunk)
        self._connection.register("chunk", chunk)
        try:
            self._count_ids()
            has_strangers = False
            for totals in self._totals():
                has_strangers |= totals.run < 0
                yield totals
            yield from self._odd(has_strangers=has_strangers)
        finally:
            self._connection.unregister("chunk")

    def _totals(self) -> Iterator[RowGroupTotals]:
        where = ""
        if self._quick_sql is not None:
            mixed: set[int] = set()
            groups = self._connection.execute(self._quick_sql).fetchall()
            for object_index, *_, is_one_partition in groups:
                if not is_one_partition:
                    mixed.add(object_index)
            yield from (self._group(values[:-1]) for values in groups if values[0] not in mixed)
            if not mixed:
                return
            where = f"where {OBJECT_COLUMN} in ({', '.join(map(str, sorted(mixed)))})"
        for values in self._connection.execute(self._totals_sql.replace("{where}", where)).fetchall():
            yield self._group(values)

    def _group(self, values: Sequence[Any]) -> RowGroupTotals:
        object_index, run, *keys, rows, total, first_row = values
        return RowGroupTotals(object_index, run, tuple(keys), rows, int(total or 0), first_row)

    def _quick_totals(self) -> str | None:
        """Write the statement that takes an object for one partition and says whether it is."""
        steps = self.rules.key_steps
        if not steps:
            return None
        names = [quoted(name) for name in steps]
        parts = "".join(f", min({n}) as {n}, max({n}) as {_most(n)}, count({n}) as {_count(n)}" for n in names)
        inner = (
            f"select {OBJECT_COLUMN}, {self._run_sql()} as run, count(*) as __rows, {self._digest_sql()} as __digest, "
            f"min({ROW_COLUMN}) as __first{parts} from chunk group by all"
        )
        same = " and ".join(
            f"{step} = {step.replace(quoted(name), _most(quoted(name)))} and {_count(quoted(name))} = __rows"
            for name, step in steps.items()
        )
        keys = "".join(f", {sql}" for sql in self.rules.key_sql.values())
        return f"select {OBJECT_COLUMN}, run{keys}, __rows, __digest, __first, {same} from ({inner})"

    def _count_ids(self) -> None:
        if self._ids_sql is None:
            return
        found = self._connection.execute(self._ids_sql).fetchnumpy()
        runs, sequences = np.asarray(found["run"]), np.asarray(found["sequence"])
        for run in np.unique(runs):
            self.sequences.setdefault(int(run), SequenceCounts()).add(sequences[runs == run])

    def _odd(self, *, has_strangers: bool) -> Iterator[OddRow]:
        for rule, sql in self._odd_sql.items():
            if rule == "completeness.invented" and not has_strangers:
                continue  # an id that is none belongs to no run
            ((count,),) = self._connection.execute(f"select count(*) from chunk where {sql[0]}").fetchall()
            if count:
                self.odd_rows[rule] = self.odd_rows.get(rule, 0) + count
                shown = f"select {OBJECT_COLUMN}, {ROW_COLUMN}, cast({sql[1]} as varchar) from chunk where {sql[0]} limit 20"
                for object_index, row, text in self._connection.execute(shown).fetchall():
                    yield OddRow(object_index, row, rule, text or "null")

    def _compile(self) -> tuple[str, str | None, dict[str, tuple[str, str]]]:
        """Write the three statements: totals a chunk, ids of known runs, rows that cannot be right."""
        run_sql = self._run_sql()
        total = self._digest_sql()
        self.has_digest = total != "0"
        keys = "".join(f", {sql} as k{index}" for index, sql in enumerate(self.rules.key_sql.values()))
        totals = f"select {OBJECT_COLUMN}, {run_sql} as run{keys}, count(*), {total}, min({ROW_COLUMN}) from chunk {{where}} group by all"
        odd: dict[str, tuple[str, str]] = {}
        for column in self.rules.columns:
            condition = out_of_range(column)
            if condition:
                odd[f"values.serde {column.name}"] = condition, quoted(column.name)
        if self.rules.id_column is None:
            return totals, None, odd
        name = quoted(self.rules.id_column)
        ids = f"select run, sequence from (select {run_sql} as run, {self._sequence_sql()} as sequence from chunk)"
        ids += f" where run >= 0 and sequence between 0 and {MAX_SEQUENCE}"
        odd["completeness.invented"] = (
            f"{name} is null or not regexp_full_match({name}, '.+-[0-9]{{1,10}}')",
            f"coalesce({name}, 'null')",
        )
        return totals, ids, odd

    def _digest_sql(self) -> str:
        by_name = {column.name.lower(): column for column in self.rules.columns}
        wanted = [by_name[name.lower()] for name in self.rules.digest_columns if name.lower() in by_name]
        text = digest_text(wanted) if len(wanted) == len(self.rules.digest_columns) else None
        return f"sum(md5_number_upper({text}))" if text else "0"

    def _run_sql(self) -> str:
        """Return the index of the row's run in `runs`, or -1."""
        if self.rules.id_column is None:
            return "-1"
        name = quoted(self.rules.id_column)
        cases = "".join(
            f" when starts_with({name}, {_literal(run + '-')}) and try_cast(substr({name}, {len(run) + 2}) as bigint) >= 0 "
            f"then {index}"
            for index, run in enumerate(self.rules.runs)
        )
        return f"(case{cases} else -1 end)" if cases else "-1"

    def _sequence_sql(self) -> str:
        name = quoted(self.rules.id_column or "")
        cases = "".join(
            f" when starts_with({name}, {_literal(run + '-')}) and try_cast(substr({name}, {len(run) + 2}) as bigint) >= 0 "
            f"then cast(substr({name}, {len(run) + 2}) as bigint)"
            for run in self.rules.runs
        )
        return f"(case{cases} end)" if cases else "null::bigint"


def fit(table: pa.Table, schema: pa.Schema) -> tuple[pa.Table, tuple[str, ...]]:
    """Bring the rows of an object into the schema; returns them and the columns that would not fit, which are null then."""
    if table.schema.equals(schema):
        return table, ()
    lowered = {name.lower(): index for index, name in reversed(list(enumerate(table.column_names)))}
    arrays: list[pa.ChunkedArray | pa.Array] = []
    unfit: list[str] = []
    for wanted in schema:
        index = lowered.get(wanted.name)
        try:
            arrays.append(_nulls(table, wanted) if index is None else table.column(index).cast(wanted.type))
        except (pa.ArrowException, ValueError):
            index = None
            arrays.append(_nulls(table, wanted))
        if index is None:
            unfit.append(wanted.name)
    return pa.table(arrays, schema=schema), tuple(unfit)


def _nulls(table: pa.Table, wanted: pa.Field) -> pa.Array:
    return pa.nulls(table.num_rows, wanted.type)


def _most(name: str) -> str:
    return f'"__most {name[1:]}'


def _count(name: str) -> str:
    return f'"__count {name[1:]}'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def sequences_of(ranges: Sequence[tuple[int, int]], size: int) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    """Return one flag a sequence number below `size`: whether it lies in one of the inclusive ranges."""
    flags = np.zeros(size, np.bool_)
    for first, last in ranges:
        flags[first : last + 1] = True
    return flags
