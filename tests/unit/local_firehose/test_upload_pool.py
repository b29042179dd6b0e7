import threading
import time
import weakref

from local_firehose.upload_pool import UploadPool

SECONDS = 10.0


class Held:
    """What a job keeps alive."""

    def work(self) -> None:
        return


def test_an_idle_thread_holds_nothing_of_its_last_job() -> None:
    pool = UploadPool(threads=2, budget_bytes=100)
    held = Held()
    reference = weakref.ref(held)
    pool.submit(1, held.work)
    del held
    deadline = time.monotonic() + SECONDS
    while reference() is not None and time.monotonic() < deadline:
        time.sleep(0.001)
    alive = reference()
    pool.close()
    assert alive is None


def test_jobs_at_work_stay_within_the_budget_and_a_larger_one_runs_alone() -> None:
    pool = UploadPool(threads=4, budget_bytes=100)
    lock, done = threading.Lock(), threading.Semaphore(0)
    at_work, seen = [0], []

    def job(size: int) -> None:
        with lock:
            at_work[0] += size
            seen.append(at_work[0])
        time.sleep(0.002)
        with lock:
            at_work[0] -= size
        done.release()

    sizes = [40, 40, 40, 250, 60, 30, 99]
    for size in sizes:
        pool.submit(size, lambda size=size: job(size))  # type: ignore[misc]
    assert all(done.acquire(timeout=SECONDS) for _ in sizes)
    pool.close()
    assert max(seen) == 250
    assert all(total <= 100 or total == 250 for total in seen)
