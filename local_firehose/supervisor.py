"""Keep the delivery process running, and talk to it.

Talks to: the child process over a socket pair. When the child dies it is started again after a short delay and told everything anew;
requests that it had not answered are asked again.
"""

import asyncio
import contextlib
import itertools
import logging
import os
import socket
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from local_firehose.delivery_messages import (
    Counters,
    Flushed,
    FromDelivery,
    Ready,
    Released,
    Removed,
    Stop,
    ToDelivery,
    encode_message,
    from_delivery,
)
from local_firehose.errors import StartError

_log = logging.getLogger(__name__)

_PACKAGE_PARENT = Path(__file__).resolve().parents[1]
_LINE_LIMIT_BYTES = 64 * 1024 * 1024
FIRST_RESTART_SECONDS, MAX_RESTART_SECONDS = 0.1, 5.0
STOP_SECONDS = 20.0
# rows pass from thread to thread: allocators with a heap a thread keep twice what is in use (docs/decisions/0021-two-processes.md)
_ALLOCATORS = {"ARROW_DEFAULT_MEMORY_POOL": "system", "MALLOC_ARENA_MAX": "2"}


class DeliverySupervisor:
    """The delivery child process; use it from one event loop.

    `everything` yields what a child that was started anew must be told; `on_released` hears how far journals may be released.
    """

    def __init__(
        self,
        state_dir: Path,
        *,
        everything: Callable[[], Iterable[ToDelivery]],
        on_released: Callable[[Released], None],
    ) -> None:
        self._state_dir = state_dir
        self._everything = everything
        self._on_released = on_released
        self._requests: dict[int, tuple[ToDelivery, asyncio.Future[FromDelivery]]] = {}
        self._numbers = itertools.count(1)
        self._writer: asyncio.StreamWriter | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._is_ready = asyncio.Event()
        self._is_stopping = False
        self._was_ready = False

    @property
    def process_id(self) -> int | None:
        """The child's process id, while one runs."""
        return self._process.pid if self._process is not None else None

    async def start(self) -> None:
        """Start the child and wait until it takes messages.

        Raises:
            StartError: it ended before it did.
        """
        self._task = asyncio.create_task(self._supervise())
        ready = asyncio.create_task(self._is_ready.wait())
        await asyncio.wait([ready, self._task], return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            ready.cancel()
            self._task.result()

    async def stop(self) -> None:
        """Let the child finish what is under way, and end it."""
        self._is_stopping = True
        self.send(Stop())
        if self._task is not None:
            done, _ = await asyncio.wait([self._task], timeout=STOP_SECONDS)
            if not done:
                if self._process is not None:
                    with contextlib.suppress(ProcessLookupError):
                        self._process.kill()
                await asyncio.wait([self._task])
        for _, future in self._requests.values():
            future.cancel()

    def send(self, message: ToDelivery) -> None:
        """Pass a message on; while no child runs it is dropped, the next child hears everything."""
        if self._writer is not None:
            self._writer.write(encode_message(message))

    async def request(self, make: Callable[[int], ToDelivery]) -> FromDelivery:
        """Send what `make` makes of a request number, and wait for the answer, across restarts of the child."""
        number = next(self._numbers)
        message = make(number)
        future: asyncio.Future[FromDelivery] = asyncio.get_running_loop().create_future()
        self._requests[number] = (message, future)
        try:
            if self._is_ready.is_set():
                self.send(message)
            return await future
        finally:
            self._requests.pop(number, None)

    async def _supervise(self) -> None:
        delay = FIRST_RESTART_SECONDS
        loop = asyncio.get_running_loop()
        while True:
            started = loop.time()
            code = await self._run_child()
            if self._stopping():
                return
            if not self._was_ready:
                raise StartError(
                    f"the delivery process ended with exit code {code} before it was ready; what it wrote to standard error "
                    "says why"
                )
            delay = FIRST_RESTART_SECONDS if loop.time() - started > 10 else min(delay * 2, MAX_RESTART_SECONDS)
            _log.error("delivery process ended, starting it again  exit_code=%s delay_seconds=%.1f", code, delay)
            await asyncio.sleep(delay)

    def _stopping(self) -> bool:
        return self._is_stopping

    async def _run_child(self) -> int | None:
        ours, theirs = socket.socketpair()
        environment = _ALLOCATORS | dict(os.environ)
        paths = [str(_PACKAGE_PARENT), *filter(None, [environment.get("PYTHONPATH")])]
        environment["PYTHONPATH"] = os.pathsep.join(paths)
        try:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "local_firehose.delivery_process",
                "--channel",
                str(theirs.fileno()),
                "--state-dir",
                str(self._state_dir),
                stdin=asyncio.subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env=environment,
            )
        finally:
            theirs.close()
        ours.setblocking(False)
        reader, writer = await asyncio.open_connection(sock=ours, limit=_LINE_LIMIT_BYTES)
        try:
            await self._listen(reader, writer)
        finally:
            self._is_ready.clear()
            self._writer = None
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        code = await self._process.wait()
        self._process = None
        return code

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            try:
                line = await reader.readline()
            except (ConnectionError, ValueError):
                return
            if not line.endswith(b"\n"):
                return
            match from_delivery(line):
                case Ready():
                    self._writer = writer
                    for message in self._everything():
                        self.send(message)
                    for message, _ in self._requests.values():
                        self.send(message)
                    self._was_ready = True
                    self._is_ready.set()
                    if self._is_stopping:
                        self.send(Stop())
                case Released() as released:
                    self._on_released(released)
                case Flushed() | Removed() | Counters() as answer:
                    waiting = self._requests.get(answer.request)
                    if waiting is not None and not waiting[1].done():
                        waiting[1].set_result(answer)
