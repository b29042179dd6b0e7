"""Threads that encode and write objects, within a budget of bytes at work at once.

Pure but for its threads. Waiting on S3 costs no CPU, so there are more threads than cores; the budget keeps large objects apart.
"""

import threading
from collections import deque
from collections.abc import Callable


class UploadPool:
    """Runs jobs in order of arrival; a job larger than the budget runs when nothing else does."""

    def __init__(self, *, threads: int, budget_bytes: int) -> None:
        self._budget_bytes = budget_bytes
        self._active_bytes = 0
        self._jobs: deque[tuple[int, Callable[[], None]]] = deque()
        self._changed = threading.Condition()
        self._is_closed = False
        self._threads = [threading.Thread(target=self._work, name=f"upload-{n}", daemon=True) for n in range(threads)]
        for thread in self._threads:
            thread.start()

    def submit(self, size_bytes: int, job: Callable[[], None]) -> None:
        """Run `job` soon; it must not raise."""
        with self._changed:
            self._jobs.append((size_bytes, job))
            self._changed.notify()

    def close(self) -> None:
        """Drop the jobs that have not begun and wait for those that have."""
        with self._changed:
            self._is_closed = True
            self._jobs.clear()
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._is_closed and not self._has_room():
                    self._changed.wait()
                if self._is_closed:
                    return
                size_bytes, job = self._jobs.popleft()
                self._active_bytes += size_bytes
            try:
                job()
            finally:
                del job  # an idle thread would keep alive what its last job held
                with self._changed:
                    self._active_bytes -= size_bytes
                    self._changed.notify()

    def _has_room(self) -> bool:
        return bool(self._jobs) and (
            self._active_bytes == 0 or self._active_bytes + self._jobs[0][0] <= self._budget_bytes
        )
