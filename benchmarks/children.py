"""Child processes of a benchmark: started, asked for their port, measured, and ended with it.

Talks to: processes that it started, and /proc (or ps) for their memory.
"""

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.failures import ServerError

ROOT = Path(__file__).resolve().parents[1]
_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB", re.MULTILINE)


@contextlib.contextmanager
def child(module: str, *arguments: str, environment: Mapping[str, str] | None = None) -> Iterator[int]:
    """Run ``python -m module`` for the length of a with block; yield the port that it prints first.

    Raises:
        ServerError: it ended without a port.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline().strip()
        if not line.isdigit():
            raise ServerError(f"python -m {module} printed {line!r}; a port number was wanted")
        yield int(line)
    finally:
        end(process)


def end(process: "subprocess.Popen[bytes]", *, seconds: float = 20) -> None:
    """Close the child's standard input and wait; terminate what does not end by itself."""
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def descendants(pid: int) -> list[int]:
    """Return the process ids below `pid`, itself first."""
    text = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    below: dict[int, list[int]] = {}
    for line in text.splitlines():
        own, parent = map(int, line.split())
        below.setdefault(parent, []).append(own)
    found = [pid]
    for each in found:
        found += below.get(each, [])
    return found


def command_of(pid: int) -> str:
    """Return a process's command line, empty when it is gone."""
    return subprocess.run(
        ["ps", "-p", str(pid), "-o", "command="], capture_output=True, text=True, check=False
    ).stdout.strip()


def peak_memory_mib(pids: Sequence[int]) -> float:
    """Return the sum of the processes' largest resident sizes so far (where /proc is missing: of their present ones)."""
    return sum(map(_peak_kib, pids)) / 1024


def _peak_kib(pid: int) -> int:
    try:
        match = _PEAK.search(Path(f"/proc/{pid}/status").read_text("ascii", "replace"))
        return int(match[1]) if match else 0
    except FileNotFoundError:
        text = subprocess.run(["ps", "-p", str(pid), "-o", "rss="], capture_output=True, text=True, check=False).stdout
        return int(text or 0)
