"""Stream records on disk: SQLite in WAL mode, one row a stream, written before the caller gets an answer.

Talks to: ``streams.sqlite`` in the state folder.
"""

import json
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from local_firehose.errors import StateFolderError
from local_firehose.stream_config import StreamId
from local_firehose.stream_record import StreamRecord

_SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS streams (
    account_id TEXT NOT NULL,
    region TEXT NOT NULL,
    name TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (account_id, region, name)
) WITHOUT ROWID;
"""


class StreamStore:
    """The streams of one state folder; use it from one thread at a time."""

    def __init__(self, folder: Path) -> None:
        """Open or make the store.

        Raises:
            StateFolderError: the file is not a store of ours, or cannot be written.
        """
        self._path = folder / "streams.sqlite"
        try:
            self._connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        except sqlite3.Error as error:
            raise StateFolderError(f"{self._path} cannot be opened ({error}); choose another --state-dir") from error
        try:
            self._connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;" + _SCHEMA)
            (version,) = self._connection.execute("PRAGMA user_version").fetchone()
            if version not in {0, _SCHEMA_VERSION}:
                raise StateFolderError(
                    f"{self._path} has layout {version}, this version reads {_SCHEMA_VERSION}; choose another --state-dir"
                )
            self._connection.execute(f"PRAGMA user_version={_SCHEMA_VERSION}")
        except sqlite3.Error as error:
            self._connection.close()
            raise StateFolderError(f"{self._path} cannot be used ({error}); choose another --state-dir") from error
        except StateFolderError:
            self._connection.close()
            raise

    def load(self) -> Iterable[StreamRecord]:
        """Return every stream, by account, Region and name.

        Raises:
            StateFolderError: a row is not a stream of this version.
        """
        rows = self._connection.execute("SELECT name, document FROM streams ORDER BY account_id, region, name")
        records = []
        for name, document in rows.fetchall():
            try:
                records.append(StreamRecord.from_document(json.loads(document)))
            except (TypeError, ValueError) as error:
                raise StateFolderError(
                    f"{self._path} holds the stream {name} in a form that this version cannot read ({error}); choose another "
                    "--state-dir"
                ) from error
        return records

    def save(self, record: StreamRecord) -> None:
        """Write a stream; on return it survives a crash."""
        self._connection.execute(
            "INSERT INTO streams VALUES (?, ?, ?, ?) "
            "ON CONFLICT (account_id, region, name) DO UPDATE SET document = excluded.document",
            (record.account_id, record.region, record.name, json.dumps(record.to_document())),
        )

    def delete(self, stream: StreamId) -> None:
        """Remove a stream; unknown ones are no error."""
        self._connection.execute(
            "DELETE FROM streams WHERE account_id = ? AND region = ? AND name = ?",
            (stream.account_id, stream.region, stream.name),
        )

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
