"""The state folder: streams, journal and ledger of one server; locked while it runs.

Talks to: the file system. Two servers on one folder would deliver everything twice, so the second one is refused.
"""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from local_firehose.errors import StateFolderError

_LOCK_NAME = "lock"


class StateFolder:
    """A folder held by this process from `__enter__` to `__exit__`, or to its death."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: IO[str] | None = None

    def __enter__(self) -> Self:
        """Make and lock the folder.

        Raises:
            StateFolderError: it cannot be made or written, or another server holds it.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock = (self.path / _LOCK_NAME).open("a+", encoding="ascii")
        except OSError as error:
            raise StateFolderError(
                f"--state-dir {self.path} cannot be used ({error.strerror}); give a folder that can be written"
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            lock.close()
            raise StateFolderError(
                f"--state-dir {self.path} is in use by the local_firehose with process id {holder}; stop that one or give "
                "another folder"
            ) from error
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        self._lock = lock
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._lock is not None:
            self._lock.close()
