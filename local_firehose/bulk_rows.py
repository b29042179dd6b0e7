"""A batch of records read in one pass, as far as that gives what the exact path gives.

Talks to: an in-memory DuckDB, which parses the JSON. A record is taken when its account of quotes (bulk_tree) proves that all of it was
understood; every other record is left for the exact path.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from local_firehose.arrow_numbers import mask_of, whole_numbers_of
from local_firehose.bulk_candidates import Candidates, Places, candidates_of
from local_firehose.bulk_part import BulkRows, joined
from local_firehose.bulk_shape import LeafShape, ObjectShape, ShapeReader, is_readable, structure
from local_firehose.bulk_texts import Mask
from local_firehose.bulk_tree import ColumnsRead, read_columns
from local_firehose.bulk_values import Leniency
from local_firehose.bulk_written import WrittenReader
from local_firehose.json_text import Json
from local_firehose.leaf_texts import LeafTexts

Learn = Callable[[bytes], Mapping[str, Json] | None]

LEAST_RECORDS = 200  # below that a query costs more than the exact path
_MOST_SHAPES = 8
_GUARDED_BATCHES = 50
_UNREADABLE = (duckdb.Error, UnicodeDecodeError)  # the second: DuckDB cuts its message inside a character
_KEY_SEPARATOR = "\x1f"


@cache
def shared_connection() -> duckdb.DuckDBPyConnection:
    """Return the process's own in-memory DuckDB, made when it is first needed."""
    return duckdb.connect(":memory:")


class BulkReader:
    """Reads batches for one table and SerDe; keeps what it learns about the records' keys. One thread at a time."""

    def __init__(
        self,
        schema: pa.Schema,
        shapes: ShapeReader,
        leniency: Leniency,
        *,
        learn: Learn,
        connection: duckdb.DuckDBPyConnection | None = None,
        least_records: int = LEAST_RECORDS,
    ) -> None:
        """`learn` parses one record with its keys as written, or gives None when it is not one object.

        Fewer than `least_records` alike are left to the exact path. Without `connection`, `shared_connection` parses.
        """
        self.least_records = least_records
        self._schema = schema
        self._shapes = shapes
        self._leniency = leniency
        self._learn = learn
        self._connection = connection
        self._first = shapes.default()
        self._by_keys: dict[str, ObjectShape] = {}
        self._guarded = 0
        self._leaf_keys: Sequence[str] = ()
        self._written = WrittenReader(schema, shapes, leniency, least_records=least_records)

    def read(self, records: pa.BinaryArray, leaf_keys: Sequence[str] = ()) -> BulkRows:
        """Return the rows of all records that can be read in bulk, and the texts of the keys asked for."""
        if len(records) < self.least_records:
            return joined([], self._schema)
        self._leaf_keys = leaf_keys
        parts = self._written.read(records, leaf_keys)
        left = np.ones(len(records), np.bool_)
        for part in parts:
            left[part.places] = False
        places = np.flatnonzero(left)
        if len(places) >= self.least_records and is_readable(self._first):
            found = candidates_of(records.take(pa.array(places)) if parts else records)
            self._parse(Candidates(places[found.places], found.texts, found.quotes), parts)
        return joined(parts, self._schema)

    def _parse(self, candidates: Candidates, parts: list[BulkRows]) -> None:
        """Read what the parser can read, by the shape of the table or by those of the records."""
        if len(candidates.places) >= self.least_records:
            taken = self._read(candidates, self._first, keys_known=False, parts=parts)
            rest = candidates.without(taken)
            if len(rest.places) >= self.least_records:
                self._read_by_keys(rest, parts, is_most=2 * len(rest.places) > len(candidates.places))

    def _read_by_keys(self, rest: Candidates, parts: list[BulkRows], *, is_most: bool) -> None:
        """Read groups of records that have the same keys, each by its own shape."""
        keys = self._keys(rest)
        if keys is None:
            return
        codes = whole_numbers_of(keys.indices)
        counts = np.bincount(codes, minlength=len(keys.dictionary))
        for code in np.argsort(-counts)[:_MOST_SHAPES].tolist():
            if counts[code] < self.least_records:
                break
            group = rest.at(np.flatnonzero(codes == code))
            shape = self._shape(keys.dictionary[code].as_py(), group)
            if shape is None:
                continue
            taken = self._read(group, shape, keys_known=True, parts=parts)
            if is_most and 2 * len(taken) > len(rest.places) and shape.keys != self._first.keys:
                self._first = shape  # the stream's records look like this: begin with it next time

    def _shape(self, keys: str | None, group: Candidates) -> ObjectShape | None:
        if not keys:
            return None
        shape = self._by_keys.get(keys)
        if shape is None:
            sample = self._learn(group.texts[0].as_py().encode())
            if sample is None or _KEY_SEPARATOR.join(sorted(sample)) != keys:
                return None
            shape = self._shapes.learn(sample)
            if len(self._by_keys) >= 8 * _MOST_SHAPES:
                self._by_keys.clear()
            self._by_keys[keys] = shape
        return shape if is_readable(shape) else None

    def _read(self, group: Candidates, shape: ObjectShape, *, keys_known: bool, parts: list[BulkRows]) -> Places:
        """Read a group; return the places, within the group, of the records that were taken."""
        rows = self._transformed(group.texts, structure(shape))
        if rows is None:
            return np.zeros(0, np.int64)
        columns = read_columns(shape, rows, self._leniency, records=group.texts)
        is_taken = ~columns.is_refused & ~columns.is_unclear & (columns.quotes == group.quotes)
        is_taken &= ~self._hidden(group, columns) if keys_known else ~columns.has_null
        taken = np.flatnonzero(is_taken)
        table = pa.Table.from_arrays(columns.arrays, schema=self._schema)
        if len(taken) < len(group.places):
            table = table.take(pa.array(taken))
        if len(taken):
            places = group.places[taken]
            parts.append(BulkRows(table, places, LeafTexts(places, _texts(rows, shape, self._leaf_keys, taken))))
        return taken

    def _hidden(self, group: Candidates, columns: ColumnsRead) -> Mask:
        """Rows where a null column hides a value of another type: a number where an array, map or struct is meant."""
        hidden = np.zeros(len(group.places), np.bool_)
        for key, is_null in columns.null_containers.items():
            places = np.flatnonzero(is_null)
            if len(places):
                kinds = self._query(
                    "SELECT json_type(record, ?) AS value FROM records",
                    group.texts.take(pa.array(places)),
                    f'$."{key}"',
                )
                is_other = pc.not_equal(pc.fill_null(kinds, ""), "NULL")
                hidden[places] |= mask_of(is_other)
        return hidden

    def _transformed(self, texts: pa.StringArray, wanted: str) -> pa.StructArray | None:
        """Parse; JSON that is not well-formed stops DuckDB, so from then on each text is checked first, for a while."""
        plain = "SELECT json_transform(record, ?) AS value FROM records"
        guarded = "SELECT CASE WHEN json_valid(record) THEN json_transform(record, ?) END AS value FROM records"
        if self._guarded == 0:
            try:
                return self._query(plain, texts, wanted)
            except _UNREADABLE:
                self._guarded = _GUARDED_BATCHES
        else:
            self._guarded -= 1
        try:
            return self._query(guarded, texts, wanted)
        except _UNREADABLE:
            return None  # the exact path serves them

    def _keys(self, group: Candidates) -> pa.DictionaryArray | None:
        joined = (
            "SELECT CASE WHEN json_valid(record) THEN array_to_string(list_sort(json_keys(record)), chr(31)) END AS value"
            " FROM records"
        )
        try:
            keys = self._query(joined, group.texts)
        except _UNREADABLE:
            return None
        return pc.fill_null(keys, "").dictionary_encode()

    def _query(self, sql: str, texts: pa.StringArray, *parameters: str) -> pa.Array:
        cursor = (self._connection or shared_connection()).cursor()
        try:
            cursor.register("records", pa.table({"record": texts}))
            answer = cursor.sql(sql, params=list(parameters)).to_arrow_table()
        finally:
            cursor.close()
        column = answer["value"].combine_chunks()
        return column.chunk(0) if isinstance(column, pa.ChunkedArray) else column


def _texts(rows: pa.StructArray, shape: ObjectShape, keys: Sequence[str], taken: Places) -> dict[str, pa.StringArray]:
    """Return the JSON texts of scalar columns, or of keys that no column reads."""
    scalars = {member.key for member in shape.members if isinstance(member.shape, LeafShape)} | set(shape.extra_keys)
    found = {key: rows.field(key) for key in keys if key in scalars}
    if len(taken) == len(rows):
        return found
    return {key: texts.take(pa.array(taken)) for key, texts in found.items()}
