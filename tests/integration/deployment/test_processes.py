import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deployment import processes

SLEEP = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)",
]


Start = Callable[[list[str]], "subprocess.Popen[bytes]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[subprocess.Popen[bytes]] = []

    def run(command: list[str]) -> "subprocess.Popen[bytes]":
        log = tmp_path / "logs" / "server.log"
        process = processes.start(command, folder=tmp_path, environment={"PATH": os.environ["PATH"]}, log=log)
        started.append(process)
        assert wait_until(lambda: log.read_bytes() != b"" or process.poll() is not None)
        return process

    yield run
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_a_server_is_known_by_more_than_its_number(start: Start) -> None:
    process = start(SLEEP)
    known = processes.identity(process.pid)
    assert known is not None
    assert processes.is_running(process.pid, known)
    assert not processes.is_running(process.pid, known + "0")
    assert processes.stop(process.pid, known)
    process.wait()
    assert not processes.is_running(process.pid, known)


def test_another_process_with_the_number_is_never_signalled(
    start: Callable[[list[str]], "subprocess.Popen[bytes]"],
) -> None:
    process = start(SLEEP)
    assert not processes.stop(process.pid, "another boot/12345")
    assert process.poll() is None


def test_a_server_that_does_not_listen_is_forced(start: Start) -> None:
    process = start(STUBBORN)
    assert processes.stop(process.pid, processes.identity(process.pid) or "", patience_seconds=0.2)
    assert process.wait() == -signal.SIGKILL


def test_children_of_the_server_end_with_it(
    start: Callable[[list[str]], "subprocess.Popen[bytes]"], tmp_path: Path
) -> None:
    child_file = tmp_path / "child"
    parent = start(
        [
            sys.executable,
            "-c",
            f"""
import pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
pathlib.Path({str(child_file)!r}).write_text(str(child.pid))
print("up", flush=True)
time.sleep(600)
""",
        ]
    )
    child = int(child_file.read_text("utf-8"))
    known = processes.identity(child)
    assert known is not None
    processes.stop(parent.pid, processes.identity(parent.pid) or "")
    parent.wait()
    assert wait_until(lambda: not processes.is_running(child, known))


def test_a_process_that_has_ended_has_no_identity(start: Start) -> None:
    process = start([sys.executable, "-c", "print('done', flush=True)"])
    process.wait()
    assert processes.identity(process.pid) is None


def wait_until(holds: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
