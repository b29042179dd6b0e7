"""Threads that encode objects and threads that write them, within a budget of bytes at work at once.

Pure but for its threads and their stop watch. Encoding takes a core, so there are as many encoders as cores; waiting for S3 takes none, so
there are more writers. Small objects are encoded many in a row: to put each one aside for its PUT costs as much again in cold caches and
in threads that wake each other. Writers are woken by need: few where S3 answers at once, all where it is far.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

Write = Callable[[], None]
Encode = Callable[[], Write]

BATCH_OBJECTS, BATCH_BYTES = 32, 1024 * 1024  # what one encoder takes at once, if there is that much for each
OBJECTS_A_WRITER = 8
SLOW_SECONDS = 0.001  # a write that took longer was waiting, so another writer can go on meanwhile


class UploadPool:
    """Runs jobs in order of arrival; a job larger than the budget runs when nothing else does.

    A job encodes and returns what is to be called to write; neither may raise.
    """

    def __init__(
        self,
        *,
        writers: int,
        encoders: int,
        budget_bytes: int,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._budget_bytes = budget_bytes
        self._monotonic = monotonic
        self._active_bytes = 0
        self._jobs: deque[tuple[int, Encode]] = deque()
        self._writes: deque[tuple[int, Write]] = deque()
        self._is_closed = False
        self._lock = threading.Lock()
        self._may_encode = threading.Condition(self._lock)
        self._may_write = threading.Condition(self._lock)
        self._encoders = encoders
        self._threads = [
            threading.Thread(target=work, name=f"{name}-{number}", daemon=True)
            for work, name, count in ((self._encode, "encode", encoders), (self._write, "upload", writers))
            for number in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, jobs: Sequence[tuple[int, Encode]]) -> None:
        """Run each (size in bytes, job) soon."""
        with self._lock:
            self._jobs.extend(jobs)
            self._may_encode.notify(len(jobs))

    def close(self) -> None:
        """Drop the jobs that have not begun and wait for those that have."""
        with self._lock:
            self._is_closed = True
            self._jobs.clear()
            self._writes.clear()
            self._may_encode.notify_all()
            self._may_write.notify_all()
        for thread in self._threads:
            thread.join()

    def _encode(self) -> None:
        while True:
            with self._lock:
                while not self._is_closed and not self._has_room():
                    self._may_encode.wait()
                if self._is_closed:
                    return
                batch = self._take_batch()
            writes = []
            while batch:
                size_bytes, encode = batch.popleft()
                writes.append((size_bytes, encode()))
            del encode  # an idle thread would keep alive what its last job held
            with self._lock:
                self._writes.extend(writes)
                self._may_write.notify(-(-len(writes) // OBJECTS_A_WRITER))
            writes.clear()

    def _take_batch(self) -> deque[tuple[int, Encode]]:
        batch = deque([self._jobs.popleft()])
        size_bytes = batch[0][0]
        self._active_bytes += size_bytes
        most = min(BATCH_OBJECTS, -(-(len(self._jobs) + 1) // self._encoders))
        while len(batch) < most and self._has_room() and size_bytes + self._jobs[0][0] <= BATCH_BYTES:
            batch.append(self._jobs.popleft())
            size_bytes += batch[-1][0]
            self._active_bytes += batch[-1][0]
        return batch

    def _write(self) -> None:
        while True:
            with self._lock:
                while not self._is_closed and not self._writes:
                    self._may_write.wait()
                if self._is_closed:
                    return
                size_bytes, write = self._writes.popleft()
            started = self._monotonic()
            write()
            del write
            is_slow = self._monotonic() - started > SLOW_SECONDS
            with self._lock:
                self._active_bytes -= size_bytes
                if self._has_room():
                    self._may_encode.notify()
                if is_slow and self._writes:
                    self._may_write.notify()

    def _has_room(self) -> bool:
        return bool(self._jobs) and (
            self._active_bytes == 0 or self._active_bytes + self._jobs[0][0] <= self._budget_bytes
        )
