"""What delivery has promised and kept for one stream: each object's key and rows are fixed here before its PUT.

Talks to: one SQLite file (WAL). A crash between PUT and `finish` leaves the object planned; the next start writes the same rows under the
same key, so nothing is delivered twice. Rows of finished objects are kept until the journal is trimmed past them.
"""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from local_firehose.journal_chunk import Int64Array
from local_firehose.ledger_rows import ORDINAL_BITS, RowClaims, pack_rows, unpack_rows

ObjectKind = Literal["data", "error", "backup"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS object (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    identity TEXT NOT NULL,
    bucket TEXT NOT NULL,
    key TEXT NOT NULL,
    arrived_ms INTEGER NOT NULL,
    records INTEGER NOT NULL,
    last_row INTEGER NOT NULL,
    rows BLOB NOT NULL,
    is_done INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS progress (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    trimmed_sequence INTEGER NOT NULL DEFAULT 0,
    delivered_records INTEGER NOT NULL DEFAULT 0,
    delivered_objects INTEGER NOT NULL DEFAULT 0,
    quarantined_records INTEGER NOT NULL DEFAULT 0,
    discarded_records INTEGER NOT NULL DEFAULT 0,
    last_delivered_ms INTEGER
);
INSERT OR IGNORE INTO progress (one) VALUES (1);
CREATE TABLE IF NOT EXISTS measured (one INTEGER PRIMARY KEY CHECK (one = 1), sequence INTEGER NOT NULL);
"""
_COUNT = (
    "UPDATE progress SET delivered_records = delivered_records + ?, delivered_objects = delivered_objects + ?,"
    " quarantined_records = quarantined_records + ?, last_delivered_ms = max(coalesce(last_delivered_ms, 0), ?)"
)


@dataclass(frozen=True, slots=True)
class PlannedObject:
    """One object as promised; `identity` says which buffer it came from (partition key values, or an error-output-type)."""

    id: int
    kind: ObjectKind
    identity: tuple[str, ...]
    bucket: str
    key: str
    arrived_ms: int
    records: int
    rows: Int64Array


@dataclass(frozen=True, slots=True)
class Progress:
    """Totals of one stream since it was created; everything before `trimmed_sequence` has left the journal."""

    trimmed_sequence: int
    delivered_records: int
    delivered_objects: int
    quarantined_records: int
    discarded_records: int
    last_delivered_ms: int | None


class Ledger:
    """The ledger of one stream; use it from one thread at a time."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")  # a plan must be on disk before its PUT
        self._connection.executescript(_SCHEMA)
        (highest,) = self._connection.execute("SELECT coalesce(max(id), 0) FROM object").fetchone()
        self._next_id: int = highest + 1

    def close(self) -> None:
        """Release the file."""
        self._connection.close()

    def next_id(self) -> int:
        """Return a new object id."""
        taken = self._next_id
        self._next_id += 1
        return taken

    def plan(self, objects: Sequence[PlannedObject]) -> None:
        """Promise these objects; they are durable when this returns."""
        self._write(
            "INSERT INTO object (id, kind, identity, bucket, key, arrived_ms, records, last_row, rows)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    planned.id,
                    planned.kind,
                    json.dumps(planned.identity),
                    planned.bucket,
                    planned.key,
                    planned.arrived_ms,
                    planned.records,
                    int(planned.rows[-1]),
                    pack_rows(planned.rows),
                )
                for planned in objects
            ],
        )

    def finish(self, objects: Sequence[PlannedObject], *, now_ms: int) -> None:
        """Note that these objects are in S3, and count them."""
        data = [planned for planned in objects if planned.kind == "data"]
        self._transaction(
            ("UPDATE object SET is_done = 1 WHERE id = ?", [(planned.id,) for planned in objects]),
            (
                _COUNT,
                [
                    (
                        sum(planned.records for planned in data),
                        len(data),
                        sum(planned.records for planned in objects if planned.kind == "error"),
                        now_ms,
                    )
                ],
            ),
        )

    def abandon(self, object_ids: Iterable[int]) -> None:
        """Take promises back that were not kept; their rows are free to go elsewhere."""
        self._write("DELETE FROM object WHERE id = ? AND is_done = 0", [(object_id,) for object_id in object_ids])

    def discard(self, objects: Sequence[PlannedObject]) -> None:
        """Note that these objects' rows are given up: they count as done, and as discarded."""
        self._transaction(
            ("UPDATE object SET is_done = 1 WHERE id = ?", [(planned.id,) for planned in objects]),
            (
                "UPDATE progress SET discarded_records = discarded_records + ?",
                [(sum(planned.records for planned in objects if planned.kind != "backup"),)],
            ),
        )

    def trim(self, sequence: int) -> None:
        """Note that every record before `sequence` is delivered; forget the objects that held nothing later."""
        self._transaction(
            ("UPDATE progress SET trimmed_sequence = max(trimmed_sequence, ?)", [(sequence,)]),
            ("DELETE FROM object WHERE is_done = 1 AND last_row < ?", [(sequence << ORDINAL_BITS,)]),
        )

    def progress(self) -> Progress:
        """Return the totals."""
        row = self._connection.execute(
            "SELECT trimmed_sequence, delivered_records, delivered_objects, quarantined_records, discarded_records,"
            " last_delivered_ms FROM progress"
        ).fetchone()
        return Progress(*row)

    def note_measured(self, sequence: int) -> None:
        """Note that every record before `sequence` is counted in metrics that are published."""
        self._write("INSERT OR REPLACE INTO measured (one, sequence) VALUES (1, ?)", [(sequence,)])

    def measured_sequence(self) -> int:
        """Return what was noted last; 0 at first."""
        row = self._connection.execute("SELECT sequence FROM measured").fetchone()
        return 0 if row is None else int(row[0])

    def planned(self) -> list[PlannedObject]:
        """Return the objects that were promised and are not known to be in S3."""
        rows = self._connection.execute(
            "SELECT id, kind, identity, bucket, key, arrived_ms, records, rows FROM object WHERE is_done = 0 ORDER BY id"
        )
        return [
            PlannedObject(id_, kind, tuple(json.loads(identity)), bucket, key, arrived_ms, records, unpack_rows(packed))
            for id_, kind, identity, bucket, key, arrived_ms, records, packed in rows
        ]

    def claims(self, *, backup: bool, done_owner: int) -> RowClaims:
        """Return who owns which rows, of the backup or of all else; rows of finished objects belong to `done_owner`."""
        rows = self._connection.execute(
            "SELECT id, is_done, rows FROM object WHERE (kind = 'backup') = ? ORDER BY id", (backup,)
        )
        return RowClaims((done_owner if is_done else id_, unpack_rows(packed)) for id_, is_done, packed in rows)

    def _write(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        self._transaction((statement, rows))

    def _transaction(self, *statements: tuple[str, Sequence[tuple[object, ...]]]) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            for statement, rows in statements:
                self._connection.executemany(statement, rows)
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")
