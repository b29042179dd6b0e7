import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from local_firehose.upload_pool import BATCH_BYTES, BATCH_OBJECTS, Encode, UploadPool, Write

SECONDS = 10.0


@contextmanager
def pool(
    *, writers: int = 4, encoders: int = 2, budget_bytes: int = 1 << 30, monotonic: Callable[[], float] = lambda: 0.0
) -> Iterator[UploadPool]:
    made = UploadPool(writers=writers, encoders=encoders, budget_bytes=budget_bytes, monotonic=monotonic)
    try:
        yield made
    finally:
        made.close()


def job(write: Write) -> Encode:
    return lambda: write


class Held:
    """What a job keeps alive."""

    def encode(self) -> Write:
        return self.write

    def write(self) -> None:
        return


def test_an_idle_thread_holds_nothing_of_its_last_job() -> None:
    with pool() as uploads:
        held = Held()
        reference = weakref.ref(held)
        uploads.submit([(1, held.encode)])
        del held
        deadline = time.monotonic() + SECONDS
        while reference() is not None and time.monotonic() < deadline:
            time.sleep(0.001)
        assert reference() is None


def test_jobs_at_work_stay_within_the_budget_and_a_larger_one_runs_alone() -> None:
    lock, done = threading.Lock(), threading.Semaphore(0)
    at_work, seen = [0], []

    def encode(size: int) -> Write:
        with lock:
            at_work[0] += size
            seen.append(at_work[0])
        return lambda: write(size)

    def write(size: int) -> None:
        time.sleep(0.002)
        with lock:
            at_work[0] -= size
        done.release()

    sizes = [40, 40, 40, 250, 60, 30, 99]
    with pool(budget_bytes=100) as uploads:
        uploads.submit([(size, lambda size=size: encode(size)) for size in sizes])  # type: ignore[misc]
        assert all(done.acquire(timeout=SECONDS) for _ in sizes)
    assert max(seen) == 250
    assert all(total <= 100 or total == 250 for total in seen)


def test_small_objects_are_encoded_in_a_row_before_the_first_is_written() -> None:
    events: list[str] = []
    done = threading.Semaphore(0)

    def encode(number: int) -> Write:
        events.append(f"encode {number}")
        return lambda: write(number)

    def write(number: int) -> None:
        events.append(f"write {number}")
        done.release()

    with pool(writers=1, encoders=1) as uploads:
        uploads.submit([(10, lambda number=number: encode(number)) for number in range(BATCH_OBJECTS)])  # type: ignore[misc]
        assert all(done.acquire(timeout=SECONDS) for _ in range(BATCH_OBJECTS))
    numbers = range(BATCH_OBJECTS)
    assert events == [*(f"encode {number}" for number in numbers), *(f"write {number}" for number in numbers)]


def test_a_large_object_does_not_wait_for_others_to_be_encoded() -> None:
    first_is_written = threading.Event()
    in_time: list[bool] = []

    def second() -> Write:
        in_time.append(first_is_written.wait(SECONDS))
        return lambda: None

    with pool(encoders=1) as uploads:
        uploads.submit([(BATCH_BYTES, job(first_is_written.set)), (BATCH_BYTES, second)])
        assert first_is_written.wait(SECONDS)
    assert in_time in ([True], [])


@pytest.mark.parametrize("count", [16, 40], ids=["one batch", "two batches"])
def test_writers_join_in_where_each_write_waits_long(count: int) -> None:
    together = threading.Barrier(8)  # passes only when eight writes wait at once

    def monotonic() -> float:
        ticks.append(0)
        return float(len(ticks))  # every write takes a second or more

    ticks: list[int] = []
    met = threading.Semaphore(0)

    def write() -> None:
        together.wait(SECONDS)
        met.release()

    quick = threading.Semaphore(0)

    def quick_write() -> None:
        quick.release()

    with pool(writers=8, encoders=1, monotonic=monotonic) as uploads:
        # the first ones let the writers find out that writes are slow, before those that need company
        uploads.submit([(1, job(quick_write))] * 24 + [(1, job(write))] * count)
        assert all(quick.acquire(timeout=SECONDS) for _ in range(24))
        assert all(met.acquire(timeout=SECONDS) for _ in range(count))


def test_jobs_that_have_not_begun_are_dropped_at_the_end() -> None:
    release, begun = threading.Event(), threading.Event()
    written: list[int] = []

    def first() -> Write:
        begun.set()
        release.wait(SECONDS)
        return lambda: written.append(1)

    uploads = UploadPool(writers=1, encoders=1, budget_bytes=10)
    uploads.submit([(10, first), (10, job(lambda: written.append(2)))])
    assert begun.wait(SECONDS)
    closing = threading.Thread(target=uploads.close)
    closing.start()
    release.set()
    closing.join(SECONDS)
    assert not closing.is_alive()
    assert written in ([], [1])
