"""Breaking a delivery of Parquet objects: rows, columns, types, codecs, files.

Pure, see `mutations`. A broken object is written again by pyarrow with the options that Firehose's serializer has, but for the damage.
"""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from validators.mutations import Broken, Mutation, Specimen, mutation
from validators.object_key import ParsedKey

_ROW_MOVED = ("completeness.partitions", "completeness.digest", "completeness.lost")


def read_table(data: bytes) -> pa.Table:
    """Return the rows of an object."""
    return pq.ParquetFile(pa.BufferReader(data), coerce_int96_timestamp_unit="us").read()


def write_table(table: pa.Table, **options: Any) -> bytes:
    """Return the object that holds `table`, as the serializer writes it but for `options`."""
    sink = io.BytesIO()
    chosen = {"compression": "snappy", "use_deprecated_int96_timestamps": True, "store_schema": False, **options}
    pq.write_table(table, sink, **chosen)
    return sink.getvalue()


def _rewrite(specimen: Specimen, change: Callable[[pa.Table], pa.Table | None], **options: Any) -> Broken | None:
    """Write the largest object again after `change`; None where the change does not apply."""
    if not specimen.evidence.is_parquet or not specimen.data:
        return None
    chosen = _largest(specimen)
    stored = specimen.stored(chosen)
    changed = change(read_table(stored.data))
    return None if changed is None else Broken({chosen.key: stored.with_data(write_table(changed, **options))})


def _largest(specimen: Specimen) -> ParsedKey:
    return max(specimen.data, key=lambda parsed: (len(specimen.stored(parsed).data), parsed.key))


def _set(table: pa.Table, name: str, values: pa.Array) -> pa.Table:
    index = table.schema.get_field_index(name)
    return table.set_column(index, pa.field(name, values.type), values)


def _first_row(table: pa.Table, name: str, change: Callable[[Any], Any]) -> pa.Table | None:
    """Change one column's value in the first row that has one."""
    if name not in table.column_names:
        return None
    values = table.column(name).to_pylist()
    at = next((index for index, value in enumerate(values) if value is not None), None)
    if at is None:
        return None
    values[at] = change(values[at])
    return _set(table, name, pa.array(values, table.schema.field(name).type))


def _column_of(specimen: Specimen, kind: str) -> str | None:
    """Return a column of the Glue type that is no partition key and no id."""
    query = specimen.evidence.declared.partitioning.query if specimen.evidence.declared.partitioning else ""
    names = [column.name for column in specimen.evidence.columns if str(column.type) == kind]
    return next((name for name in names if f".{name}" not in query and name != "event_id"), None)


@mutation("same-again", "an object written again with the same rows, options and headers")
def _same_again(specimen: Specimen) -> Broken | None:
    return _rewrite(specimen, lambda table: table)


@mutation("rows-shuffled", "the rows of an object in another order")
def _rows_shuffled(specimen: Specimen) -> Broken | None:
    return _rewrite(specimen, lambda table: table.take(pa.array(range(table.num_rows - 1, -1, -1))))


@mutation("moved-store", "an object moved to the folder of another partition", "layout.partition")
def _moved_store(specimen: Specimen) -> Broken | None:
    folders = sorted({parsed.folder for parsed in specimen.data})
    if len(folders) < 2 or not specimen.evidence.declared.partitioning:
        return None
    first = specimen.data[0]
    other = next(folder for folder in folders if folder != first.folder)
    return Broken({first.key: None, other + specimen.fresh_name(first): specimen.stored(first)})


@mutation(
    "empty-key", "an object moved to a folder with an empty key", "key.prefix", consequences=("projection.covers",)
)
def _empty_key(specimen: Specimen) -> Broken | None:
    first = specimen.data[0]
    name, value = next(iter(first.keys.items()), ("", ""))
    folder = first.folder.replace(f"{name}={value}/", f"{name}=/", 1)
    if folder == first.folder:
        return None
    return Broken({first.key: None, folder + specimen.name_of(first): specimen.stored(first)})


@mutation("row-dropped", "a row dropped", "completeness.lost")
def _row_dropped(specimen: Specimen) -> Broken | None:
    return _rewrite(specimen, lambda table: table.slice(1) if table.num_rows > 1 else None)


@mutation("row-doubled", "a row doubled", "completeness.duplicated")
def _row_doubled(specimen: Specimen) -> Broken | None:
    return _rewrite(specimen, lambda table: pa.concat_tables([table, table.slice(0, 1)]))


@mutation("row-invented", "a row of a run that never was", "completeness.invented")
def _row_invented(specimen: Specimen) -> Broken | None:
    def add(table: pa.Table) -> pa.Table | None:
        row = _first_row(table.slice(0, 1), "event_id", lambda _: "somebody-else-7")
        return None if row is None else pa.concat_tables([table, row])

    return _rewrite(specimen, add)


@mutation("sequence-invented", "a row with a sequence number beyond its run", "completeness.invented")
def _sequence_invented(specimen: Specimen) -> Broken | None:
    def add(table: pa.Table) -> pa.Table | None:
        row = _first_row(table.slice(0, 1), "event_id", lambda text: f"{text.rpartition('-')[0]}-77777777")
        return None if row is None else pa.concat_tables([table, row])

    return _rewrite(specimen, add)


@mutation("id-changed", "a row whose id is no id", "completeness.lost", "completeness.invented")
def _id_changed(specimen: Specimen) -> Broken | None:
    return _rewrite(specimen, lambda table: _first_row(table, "event_id", lambda _: "nobody"))


@mutation("integer-changed", "a whole number changed by one", "completeness.digest")
def _integer_changed(specimen: Specimen) -> Broken | None:
    name = _column_of(specimen, "int")
    return _rewrite(specimen, lambda table: _first_row(table, name, lambda value: value + 1)) if name else None


@mutation("price-changed", "a price changed by a cent", "completeness.digest")
def _price_changed(specimen: Specimen) -> Broken | None:
    name = _column_of(specimen, "double")
    return _rewrite(specimen, lambda table: _first_row(table, name, lambda value: value + 0.01)) if name else None


@mutation("text-changed", "a letter changed", "completeness.digest")
def _text_changed(specimen: Specimen) -> Broken | None:
    name = _column_of(specimen, "string")
    return _rewrite(specimen, lambda table: _first_row(table, name, lambda value: f"{value[:-1]}#")) if name else None


@mutation("value-nulled", "a value turned null", "completeness.digest")
def _value_nulled(specimen: Specimen) -> Broken | None:
    name = _column_of(specimen, "int")
    return _rewrite(specimen, lambda table: _first_row(table, name, lambda _: None)) if name else None


@mutation("second-changed", "a timestamp changed within its hour", "completeness.digest")
def _second_changed(specimen: Specimen) -> Broken | None:
    def change(table: pa.Table) -> pa.Table | None:
        return _first_row(table, "event_timestamp", lambda at: at.replace(second=(at.second + 1) % 60))

    return _rewrite(specimen, change)


@mutation("hour-changed", "a timestamp changed to another hour", "layout.partition", consequences=_ROW_MOVED)
def _hour_changed(specimen: Specimen) -> Broken | None:
    return _rewrite(specimen, lambda table: _first_row(table, "event_timestamp", lambda at: at + timedelta(hours=1)))


@mutation("key-changed", "a row of another store", "layout.partition", consequences=_ROW_MOVED)
def _key_changed(specimen: Specimen) -> Broken | None:
    return _rewrite(specimen, lambda table: _first_row(table, "store_id", lambda _: "S999"))


@mutation("key-nulled", "a row without a store", "layout.partition", consequences=_ROW_MOVED)
def _key_nulled(specimen: Specimen) -> Broken | None:
    return _rewrite(specimen, lambda table: _first_row(table, "store_id", lambda _: None))


@mutation(
    "beyond-time", "a timestamp that no SerDe gives", "values.serde", consequences=(*_ROW_MOVED, "layout.partition")
)
def _beyond_time(specimen: Specimen) -> Broken | None:
    def change(table: pa.Table) -> pa.Table | None:
        if "event_timestamp" not in table.column_names:
            return None
        micros = table.column("event_timestamp").cast(pa.int64()).to_pylist()
        micros[0] = micros[0] * 1000  # milliseconds that were taken for seconds
        return _set(table, "event_timestamp", pa.array(micros, pa.int64()).cast(pa.timestamp("us")))

    return _rewrite(specimen, change)


@mutation("retyped-integer", "an int column written as bigint", "parquet.type")
def _retyped_integer(specimen: Specimen) -> Broken | None:
    name = _column_of(specimen, "int")
    return _rewrite(specimen, lambda table: _set(table, name, table.column(name).cast(pa.int64()))) if name else None


@mutation("retyped-text", "an int column written as text", "parquet.type")
def _retyped_text(specimen: Specimen) -> Broken | None:
    name = _column_of(specimen, "int")
    return _rewrite(specimen, lambda table: _set(table, name, table.column(name).cast(pa.string()))) if name else None


@mutation("retyped-timestamp", "timestamps written as INT64", "parquet.type")
def _retyped_timestamp(specimen: Specimen) -> Broken | None:
    return _rewrite(
        specimen,
        lambda table: table if any(pa.types.is_timestamp(field.type) for field in table.schema) else None,
        use_deprecated_int96_timestamps=False,
        version="2.6",
    )


@mutation("unannotated", "a text column without its annotation", "parquet.type")
def _unannotated(specimen: Specimen) -> Broken | None:
    name = _column_of(specimen, "string")
    return _rewrite(specimen, lambda table: _set(table, name, table.column(name).cast(pa.binary()))) if name else None


@mutation("column-renamed", "a column renamed", "parquet.columns")
def _column_renamed(specimen: Specimen) -> Broken | None:
    name = _column_of(specimen, "int")
    return _rewrite(specimen, lambda table: table.rename_columns({name: f"{name}_2"})) if name else None


@mutation("columns-swapped", "two columns in another order", "parquet.columns")
def _columns_swapped(specimen: Specimen) -> Broken | None:
    return _rewrite(specimen, lambda table: table.select([*table.column_names[1:], table.column_names[0]]))


@mutation("column-dropped", "a column dropped", "parquet.columns")
def _column_dropped(specimen: Specimen) -> Broken | None:
    name = _column_of(specimen, "int")
    return _rewrite(specimen, lambda table: table.drop_columns([name])) if name else None


@mutation("column-added", "a column more", "parquet.columns")
def _column_added(specimen: Specimen) -> Broken | None:
    return _rewrite(
        specimen, lambda table: table.append_column("extra", pc.cast(pa.array([1] * len(table)), pa.int32()))
    )


@mutation("upper-case", "a column in upper case", "parquet.columns")
def _upper_case(specimen: Specimen) -> Broken | None:
    name = _column_of(specimen, "int")
    return _rewrite(specimen, lambda table: table.rename_columns({name: name.upper()})) if name else None


@mutation("required", "a column that may not be null", "parquet.nullability")
def _required(specimen: Specimen) -> Broken | None:
    def change(table: pa.Table) -> pa.Table:
        fields = [field.with_nullable(index > 0) for index, field in enumerate(table.schema)]
        return table.cast(pa.schema(fields))

    return _rewrite(specimen, change)


@mutation("codec-gzip", "an object compressed with GZIP", "parquet.codec")
def _codec_gzip(specimen: Specimen) -> Broken | None:
    return _rewrite(specimen, lambda table: table, compression="gzip")


@mutation("codec-none", "an object not compressed", "parquet.codec")
def _codec_none(specimen: Specimen) -> Broken | None:
    return _rewrite(specimen, lambda table: table, compression="none")


@mutation("no-rows", "an object without rows", "parquet.blocks")
def _no_rows(specimen: Specimen) -> Broken | None:
    if not specimen.evidence.is_parquet:
        return None
    first = _largest(specimen)
    stored = specimen.stored(first)
    empty = stored.with_data(write_table(read_table(stored.data).slice(0, 0)))
    return Broken({first.folder + specimen.fresh_name(first): empty})


def _damaged(specimen: Specimen, damage: Callable[[bytes], bytes]) -> Broken | None:
    if not specimen.evidence.is_parquet:
        return None
    first = _largest(specimen)
    stored = specimen.stored(first)
    return Broken({first.key: stored.with_data(damage(stored.data))})


@mutation("truncated", "an object cut short", "object.readable", consequences=("completeness.lost",))
def _truncated(specimen: Specimen) -> Broken | None:
    return _damaged(specimen, lambda data: data[: len(data) // 2])


@mutation("emptied", "an object of 0 bytes", "object.readable", consequences=("completeness.lost",))
def _emptied(specimen: Specimen) -> Broken | None:
    return _damaged(specimen, lambda _: b"")


@mutation("footer-damaged", "a footer with a flipped bit", "object.readable", consequences=("completeness.lost",))
def _footer_damaged(specimen: Specimen) -> Broken | None:
    return _damaged(specimen, lambda data: data[:-8] + b"\xff\xff\xff\x7f" + data[-4:])


@mutation("pages-damaged", "pages overwritten", "object.readable", consequences=("completeness.lost",))
def _pages_damaged(specimen: Specimen) -> Broken | None:
    return _damaged(specimen, lambda data: data[:4] + b"\xff" * 200 + data[204:])


@mutation("not-parquet", "JSON where Parquet should be", "object.readable", consequences=("completeness.lost",))
def _not_parquet(specimen: Specimen) -> Broken | None:
    return _damaged(specimen, lambda _: b'{"event_id":"x-1"}\n')


MUTATIONS: tuple[Mutation, ...] = (
    _same_again, _rows_shuffled, _moved_store, _empty_key, _row_dropped, _row_doubled, _row_invented, _sequence_invented,
    _id_changed, _integer_changed, _price_changed, _text_changed, _value_nulled, _second_changed, _hour_changed, _key_changed,
    _key_nulled, _beyond_time, _retyped_integer, _retyped_text, _retyped_timestamp, _unannotated, _column_renamed,
    _columns_swapped, _column_dropped, _column_added, _upper_case, _required, _codec_gzip, _codec_none, _no_rows, _truncated,
    _emptied, _footer_damaged, _pages_damaged, _not_parquet,
)  # fmt: skip
