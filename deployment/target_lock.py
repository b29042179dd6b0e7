"""One verb at a time changes a target.

Talks to: disk. The lock belongs to the open file, so it ends with the process that holds it, however that ends.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def target_lock(path: Path, verb: str, *, on_wait: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock at `path` for the block; `on_wait` is told once whom we wait for."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            on_wait(file.read().strip() or "another command")
            fcntl.flock(file, fcntl.LOCK_EX)
        file.truncate(0)
        file.write(f"`{verb}` (process {os.getpid()})")
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)
