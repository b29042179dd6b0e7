"""Evaluate a partition query that only jq understands: rows are turned back into records, jq gives their keys.

Pure. A row says less than its record did: fields without a column are gone. A query that reads such a field cannot be evaluated, and
`unreadable_fields` names it.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import jq
import pyarrow as pa

from firehose_spec.glue_types import Column
from validators.key_expressions import fields_read


def unreadable_fields(query: str, json_keys: Mapping[str, Column]) -> tuple[str, ...]:
    """Return the top-level fields that the query reads and no column keeps."""
    return tuple(sorted(name for name in fields_read(query) if name.lower() not in json_keys))


def record_keys(query: str, names: Sequence[str], json_keys: Mapping[str, Column]) -> Callable[[pa.Table], pa.Table]:
    """Return a function that adds the columns ``__key0`` … (text, null where jq gives none) for the keys `names`.

    Raises:
        ValueError: `query` is no jq program.
    """
    program = jq.compile(query)
    wanted = {
        name: json_keys[name.lower()].name.lower() for name in sorted(fields_read(query)) if name.lower() in json_keys
    }

    def add(chunk: pa.Table) -> pa.Table:
        rows = chunk.select(sorted(set(wanted.values()))).to_pylist()
        values: list[list[str | None]] = [[] for _ in names]
        for row in rows:
            record = {name: row[column] for name, column in wanted.items() if row[column] is not None}
            for index, text in enumerate(_keys(program, json.dumps(record, default=_plain), names)):
                values[index].append(text)
        for index, texts in enumerate(values):
            chunk = chunk.append_column(f"__key{index}", pa.array(texts, pa.string()))
        return chunk

    return add


def _keys(program: "jq._Program", record: str, names: Sequence[str]) -> list[str | None]:
    try:
        outputs = program.input(text=record).all()
    except ValueError:
        return [None] * len(names)
    if len(outputs) != 1 or not isinstance(outputs[0], dict):
        return [None] * len(names)
    return [_text(outputs[0].get(name)) for name in names]


def _text(value: object) -> str | None:
    if value is None or isinstance(value, dict | list):
        return None
    return value if isinstance(value, str) else json.dumps(value)  # decided: numbers and booleans as jq prints them


def _plain(value: object) -> object:
    """Write a column value as the JSON it came from: timestamps as epoch seconds."""
    if isinstance(value, datetime):
        seconds = value.replace(tzinfo=UTC).timestamp()
        return int(seconds) if seconds == int(seconds) else seconds
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)
