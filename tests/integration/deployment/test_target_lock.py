import multiprocessing
import threading
from pathlib import Path

from deployment.target_lock import target_lock


def hold(path: str, holding: "multiprocessing.synchronize.Event", release: "multiprocessing.synchronize.Event") -> None:
    with target_lock(Path(path), "deploy", on_wait=lambda _: None):
        holding.set()
        release.wait(30)


def test_a_second_verb_waits_and_says_for_whom(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    holding, release = context.Event(), context.Event()
    holder = context.Process(target=hold, args=(str(tmp_path / "lock"), holding, release))
    holder.start()
    assert holding.wait(30)
    told: list[str] = []

    def waiting(whom: str) -> None:
        told.append(whom)
        threading.Timer(0.1, release.set).start()

    with target_lock(tmp_path / "lock", "destroy", on_wait=waiting):
        assert told == [f"`deploy` (process {holder.pid})"]
    holder.join(30)
    assert holder.exitcode == 0


def test_the_lock_ends_with_the_process_that_holds_it(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    holding, release = context.Event(), context.Event()
    holder = context.Process(target=hold, args=(str(tmp_path / "lock"), holding, release))
    holder.start()
    assert holding.wait(30)
    holder.kill()
    holder.join(30)
    told: list[str] = []
    with target_lock(tmp_path / "lock", "deploy", on_wait=told.append):
        assert told == []
