"""How far each log file is sent, kept so that it survives kill -9.

Talks to: one SQLite file in WAL mode, locked for one producer. A commit outlives the process; after a power cut the last commits may be
missing, which sends lines twice but loses none.
"""

import sqlite3
import threading
from collections.abc import Iterable
from pathlib import Path

from producers.errors import SourceError
from producers.log_files import FileIdentity
from producers.log_prefix import Position

_SCHEMA = """
CREATE TABLE IF NOT EXISTS positions (
    followed TEXT NOT NULL,
    device INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    sent_bytes INTEGER NOT NULL,
    digest TEXT NOT NULL,
    modified_ns INTEGER NOT NULL,
    is_finished INTEGER NOT NULL,
    PRIMARY KEY (followed, device, inode, generation)
) WITHOUT ROWID
"""


class Checkpoint:
    """The positions of one set of log files on their way to one stream; usable from any thread."""

    def __init__(self, path: Path) -> None:
        """Open or create the file.

        Raises:
            SourceError: it cannot be written, is no checkpoint, or another producer has it open.
        """
        self.path = path
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(path, timeout=0.5, isolation_level=None, check_same_thread=False)
        except (OSError, sqlite3.Error) as error:
            raise SourceError(f"checkpoint {path}: {error}") from error
        try:
            for statement in (
                "PRAGMA locking_mode=EXCLUSIVE",
                "PRAGMA journal_mode=WAL",
                "PRAGMA synchronous=NORMAL",
                "BEGIN IMMEDIATE",
                _SCHEMA,
                "COMMIT",
            ):
                self._database.execute(statement)
        except sqlite3.OperationalError as error:
            self._database.close()
            if "locked" not in str(error):
                raise SourceError(f"checkpoint {path}: {error}") from error
            raise SourceError(
                f"checkpoint {path}: another producer has it open; stop that one, or give this one its own --checkpoint"
            ) from error
        except sqlite3.DatabaseError as error:
            self._database.close()
            raise SourceError(f"checkpoint {path}: {error}; give --checkpoint another path") from error

    def positions(self) -> list[Position]:
        """Return all positions, those of the files changed longest ago first."""
        with self._lock:
            rows = self._database.execute(
                "SELECT followed, device, inode, generation, sent_bytes, digest, modified_ns, is_finished FROM positions"
                " ORDER BY modified_ns, sent_bytes"
            ).fetchall()
        return [
            Position(Path(followed), FileIdentity(device, inode), sent, digest, modified_ns, bool(finished), generation)
            for followed, device, inode, generation, sent, digest, modified_ns, finished in rows
        ]

    def save(self, positions: Iterable[Position]) -> None:
        """Store positions, replacing those of the same files.

        Raises:
            SourceError: the file cannot be written.
        """
        rows = [
            (
                str(at.followed),
                at.identity.device,
                at.identity.inode,
                at.generation,
                at.offset,
                at.digest,
                at.modified_ns,
                at.is_finished,
            )
            for at in positions
        ]
        with self._lock:
            try:
                self._database.execute("BEGIN IMMEDIATE")
                self._database.executemany("INSERT OR REPLACE INTO positions VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
                self._database.execute("COMMIT")
            except sqlite3.Error as error:
                raise SourceError(f"checkpoint {self.path}: {error}") from error

    def forget(self, positions: Iterable[Position]) -> None:
        """Delete the positions of files that are gone."""
        keys = [(str(at.followed), at.identity.device, at.identity.inode, at.generation) for at in positions]
        with self._lock:
            self._database.executemany(
                "DELETE FROM positions WHERE followed = ? AND device = ? AND inode = ? AND generation = ?", keys
            )

    def close(self) -> None:
        """Close the file and unlock it."""
        with self._lock:
            self._database.close()
