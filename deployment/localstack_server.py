"""``python -m deployment.localstack_server start|stop``: a LocalStack in an environment of its own, without Docker.

Talks to: pip's index through uv, processes. LocalStack pins few of its dependencies, and later ones break it: the environment is resolved as
of a date on which it is known to work. Everything lies below ``.pipeline/localstack-server``.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from deployment.atomic_file import write_atomically
from deployment.environment import neutral
from deployment.errors import DeploymentError
from deployment.servers import Server, is_alive, start_server, stop_server
from deployment.target_lock import target_lock
from deployment.target_record import ServerProcess, TargetRecord, read_record, write_record

FOLDER = Path(__file__).resolve().parent.parent / ".pipeline" / "localstack-server"
PORT = 4566
# Python to (LocalStack, the date whose packages it works with).
PINS = {(3, 11): ("4.13.1", "2026-02-15"), (3, 12): ("4.13.1", "2026-02-15"), (3, 13): ("4.14.0", "2026-02-28")}


def make_environment(folder: Path, python: str, pin: tuple[str, str]) -> str:
    """Return the interpreter of LocalStack's environment in `folder`, made first unless it is there for this `pin`.

    Raises:
        DeploymentError: it can't be made; the end of pip's output says why.
    """
    with target_lock(folder / "environment.lock", "localstack", on_wait=_say_waiting):
        return _made_environment(folder, python, pin)


def _made_environment(folder: Path, python: str, pin: tuple[str, str]) -> str:
    version, date = pin
    venv = folder / f"venv-{version}"
    interpreter, stamp = venv / "bin" / "python", venv / ".pin"
    if stamp.exists() and stamp.read_text("utf-8") == f"{version} {date}":
        return str(interpreter)
    steps: Sequence[Sequence[str]] = (
        [python, "-m", "venv", "--clear", str(venv)],
        [str(interpreter), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv"],
        [str(interpreter), "-m", "uv", "pip", "install", "--quiet", "--python", str(interpreter), "--exclude-newer", date,
         f"localstack-core[runtime]=={version}"],
    )  # fmt: skip
    for step in steps:
        done = subprocess.run(step, capture_output=True, text=True, check=False)
        if done.returncode:
            told = "\n".join(f"  {line}" for line in (done.stderr or done.stdout).splitlines()[-12:])
            raise DeploymentError(f"`{' '.join(step)}` ended with {done.returncode}:\n{told}")
    _mend_annotations(venv)
    write_atomically(stamp, f"{version} {date}")
    return str(interpreter)


def _mend_annotations(venv: Path) -> None:
    """Let LocalStack 4.13 install Kinesis: it evaluates `Lock | None`, which Python has from 3.13 on."""
    for module in venv.glob("lib/python3.*/site-packages/localstack/packages/api.py"):
        text = module.read_text("utf-8")
        if "from __future__ import annotations" not in text:
            write_atomically(module, f"from __future__ import annotations\n{text}")


def start(
    folder: Path,
    port: int,
    environ: Mapping[str, str],
    environment_folder: Path = FOLDER,
    *,
    python: str = sys.executable,
    version: tuple[int, int] = sys.version_info[:2],
) -> ServerProcess:
    """Start LocalStack on `port` unless it runs, and return when it is ready; of two that start at once the second finds it running.

    Args:
        folder: what it keeps: log, volume, the record of its process.
        port: of 127.0.0.1; another program on it is told.
        environ: the user's environment, of which it gets what says nothing about AWS.
        environment_folder: where the environments lie that it runs in, one for each of its versions.
        python: an interpreter to make such an environment with.
        version: of that interpreter.

    Raises:
        DeploymentError: no environment to be had, or it did not start.
    """
    with target_lock(folder / "start.lock", "localstack", on_wait=_say_waiting):
        return _started(folder, port, environ, environment_folder, python, version)


def _started(
    folder: Path, port: int, environ: Mapping[str, str], environment_folder: Path, python: str, version: tuple[int, int]
) -> ServerProcess:
    record = read_record(folder / "server.json", "localstack")
    running = record.processes.get("localstack")
    if running is not None and is_alive(running):
        return running
    pin = PINS.get(version)
    if pin is None:
        raise DeploymentError(
            f"Python {'.'.join(map(str, version))} runs this; LocalStack is known to work on 3.11, 3.12 and 3.13."
        )
    interpreter = make_environment(environment_folder, python, pin)
    environment = {
        **neutral(environ),
        "GATEWAY_LISTEN": f"127.0.0.1:{port}",
        "LOCALSTACK_VOLUME_DIR": str(folder / "volume"),
        "SKIP_SSL_CERT_DOWNLOAD": "1",
        "DISABLE_EVENTS": "1",
    }
    server = Server("localstack", f"LocalStack {pin[0]}", ("localstack.runtime.main",), "/_localstack/health")
    process = start_server(
        server,
        python=interpreter,
        folder=folder,
        environment=environment,
        log=folder / "localstack.log",
        preferred_port=port,
        now=lambda: datetime.now(UTC),
        fixed_port=True,
    )
    write_record(folder / "server.json", TargetRecord("localstack", processes={"localstack": process}))
    return process


def stop(folder: Path) -> bool:
    """Stop the LocalStack that `start` started; return whether it ran."""
    process = read_record(folder / "server.json", "localstack").processes.get("localstack")
    return process is not None and stop_server(process)


def _say_waiting(holder: str) -> None:
    print(f"waiting for {holder} to end", file=sys.stderr)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``start`` or ``stop`` and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m deployment.localstack_server", description=__doc__.splitlines()[0])
    parser.add_argument("verb", choices=("start", "stop"))
    parser.add_argument("--port", type=int, default=PORT)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    given = parser.parse_args(arguments)
    began = time.monotonic()
    try:
        if given.verb == "stop":
            print("stopped LocalStack" if stop(given.folder) else "no LocalStack of ours was running")
            return 0
        process = start(given.folder, given.port, os.environ, given.folder)
    except DeploymentError as exc:
        print(exc, file=sys.stderr)
        return 2
    print(f"LocalStack answers at {process.endpoint} after {time.monotonic() - began:.0f} s (log {process.log})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
