"""The servers of a local target: how each is started and how it says that it is ready.

Talks to: processes, loopback.
"""

import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from deployment import loopback, processes
from deployment.errors import CloudStartError
from deployment.target_record import ServerProcess, timestamp

HOST = "127.0.0.1"
START_SECONDS = 60  # a cold start on a busy machine; ready in about two
PORT_PATIENCE_SECONDS = 1.0
_TAIL_LINES = 15


@dataclass(frozen=True, slots=True)
class Server:
    """A program to run. `arguments` come after ``python -m``; ``{port}`` stands for the port. `health` is a path that answers 200 when ready."""

    name: str
    title: str
    arguments: tuple[str, ...]
    health: str


def moto_server() -> Server:
    return Server("moto", "moto server", ("moto.server", "-H", HOST, "-p", "{port}"), "/moto-api/")


def local_firehose(state: Path) -> Server:
    arguments = ("local_firehose", "serve", "--host", HOST, "--port", "{port}", "--state-dir", str(state))
    return Server("local_firehose", "local_firehose", arguments, "/_local_firehose/health")


def start_server(
    server: Server,
    *,
    python: str,
    folder: Path,
    environment: Mapping[str, str],
    log: Path,
    preferred_port: int | None,
    now: Callable[[], datetime],
    fixed_port: bool = False,
    sleep: Callable[[float], None] = time.sleep,
    monotonic: Callable[[], float] = time.monotonic,
) -> ServerProcess:
    """Start `server` and return when it is ready. The port is `preferred_port` where that is free (or `fixed_port`), else one that is.

    Raises:
        CloudStartError: it ended, or was not ready in time; what was started is stopped again.
    """
    attempts = (
        (preferred_port,) if fixed_port else (preferred_port, None, None)
    )  # another program may take a port between our look and the server's
    for last, wanted in ((index == len(attempts) - 1, port) for index, port in enumerate(attempts)):
        port = wanted if fixed_port and wanted else free_port(wanted, sleep=sleep, monotonic=monotonic)
        log_begins = log.stat().st_size if log.exists() else 0
        command = [python, "-m", *(argument.format(port=port) for argument in server.arguments)]
        process = processes.start(command, folder=folder, environment=environment, log=log)
        known = processes.identity(process.pid) or ""
        try:
            ready = _await_ready(server, process, port, log, log_begins, last=last, sleep=sleep, monotonic=monotonic)
        except BaseException:  # an interrupt too: nobody else knows of this process yet
            _kill(process, known)
            raise
        if ready:
            return ServerProcess(process.pid, known, timestamp(now()), port, str(log))
    raise AssertionError("the last attempt returns or raises")  # pragma: no cover


def _await_ready(
    server: Server,
    process: subprocess.Popen[bytes],
    port: int,
    log: Path,
    log_begins: int,
    *,
    last: bool,
    sleep: Callable[[float], None],
    monotonic: Callable[[], float],
) -> bool:
    """Return whether the server is ready: if it is not, another program took its port and there is an attempt left."""
    deadline = monotonic() + START_SECONDS
    while monotonic() < deadline:
        if process.poll() is not None:
            tail = _tail(log, log_begins)
            if "in use" in tail and not last:
                return False
            raise CloudStartError(server.title, f"ended with exit code {process.returncode} while starting", log, tail)
        if _is_ready(f"http://{HOST}:{port}{server.health}"):
            return True
        sleep(0.05)
    raise CloudStartError(server.title, f"was not ready within {START_SECONDS} s", log, _tail(log, log_begins))


def free_port(
    preferred: int | None,
    *,
    sleep: Callable[[float], None] = time.sleep,
    monotonic: Callable[[], float] = time.monotonic,
) -> int:
    """Return `preferred` if nothing listens there, else a port that the system gives.

    The threads of a killed server may hold its port for a moment after it counts as dead, so `preferred` is asked for up to a second.
    """
    deadline = monotonic() + PORT_PATIENCE_SECONDS
    while preferred is not None:
        if _is_free(preferred):
            return preferred
        if monotonic() >= deadline:
            break
        sleep(0.02)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def is_alive(process: ServerProcess | None) -> bool:
    """Tell whether the server of the record still runs (whether it answers is for the caller to see)."""
    return process is not None and processes.is_running(process.pid, process.identity)


def stop_server(process: ServerProcess) -> bool:
    """Stop the server of the record; return whether it ran."""
    return processes.stop(process.pid, process.identity)


def _is_ready(url: str) -> bool:
    try:
        return loopback.get(url, timeout_seconds=2).status == 200
    except loopback.NoAnswerError:
        return False


def _kill(process: subprocess.Popen[bytes], known: str) -> None:
    processes.stop(process.pid, known)
    process.wait()


def _tail(log: Path, begins: int) -> str:
    with log.open("rb") as file:
        file.seek(begins)
        return "\n".join(file.read().decode("utf-8", errors="replace").splitlines()[-_TAIL_LINES:])
