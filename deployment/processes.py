"""Servers that outlive the command that started them: start, recognise, stop.

Talks to: the operating system. A number alone does not tell a process: after a crash it may belong to something else. So each is kept with
an identity (start time since boot, and which boot), and only a process with both is ever signalled.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_STARTED: dict[int, subprocess.Popen[bytes]] = {}  # by number; they outlive us, unless we stop them ourselves
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def identity(pid: int) -> str | None:
    """Return what tells the process `pid` from any other that ever had its number; None when there is no such process."""
    if _BOOT_ID.exists():
        try:
            stat = Path(f"/proc/{pid}/stat").read_text("utf-8", errors="replace")
        except OSError:
            return None
        fields = stat.rpartition(")")[2].split()
        return None if fields[0] in "ZX" else f"{_BOOT_ID.read_text('ascii').strip()}/{fields[19]}"
    answer = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LC_ALL": "C"},
    )
    state, _, began = answer.stdout.strip().partition(" ")
    return None if answer.returncode or state.startswith("Z") else began.strip()


def start(
    command: Sequence[str], *, folder: Path, environment: Mapping[str, str], log: Path
) -> subprocess.Popen[bytes]:
    """Start a server in a session of its own, so that Ctrl-C in our terminal is not meant for it; it writes to `log`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _STARTED[process.pid] = process
    return process


def is_running(pid: int, known_identity: str) -> bool:
    """Tell whether that very process still runs."""
    return identity(pid) == known_identity


def stop(
    pid: int,
    known_identity: str,
    *,
    patience_seconds: float = 10,
    sleep: Callable[[float], None] = time.sleep,
    monotonic: Callable[[], float] = time.monotonic,
) -> bool:
    """End the process and its children: asked first, forced after `patience_seconds`. Return whether it ran at all.

    The process leads its own group, so its number names the group too.
    """
    if not is_running(pid, known_identity):
        _reap(pid)
        return False
    for number, patience in ((signal.SIGTERM, patience_seconds), (signal.SIGKILL, 5.0)):
        try:
            os.killpg(pid, number)
        except ProcessLookupError:
            return True
        deadline = monotonic() + patience
        while is_running(pid, known_identity) and monotonic() < deadline:
            sleep(0.02)
        if not is_running(pid, known_identity):
            break
    _reap(pid)
    return True


def _reap(pid: int) -> None:
    process = _STARTED.get(pid)
    if process is not None and process.poll() is not None:
        del _STARTED[pid]
