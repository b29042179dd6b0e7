"""A thread that makes blocking calls for an event loop, one after another.

Pure but for its thread. An executor does the same for any number of threads and callers, at three times the cost of a short call.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

_Result = TypeVar("_Result")
_Call = tuple["asyncio.Future[Any]", Callable[[], Any]]


class CommitThread:
    """The thread of one journal; it begins with the first call."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._calls: SimpleQueue[_Call | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    async def run(self, call: Callable[[], _Result]) -> _Result:
        """Return what `call` returns, or raise what it raises; whoever waits no longer leaves the call to itself."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
            self._thread.start()
        future: asyncio.Future[_Result] = asyncio.get_running_loop().create_future()
        self._calls.put((future, call))
        return await future

    def close(self) -> None:
        """Return when all calls are made and the thread has ended."""
        if self._thread is not None:
            self._calls.put(None)
            self._thread.join()
            self._thread = None

    def _work(self) -> None:
        while (asked := self._calls.get()) is not None:
            future, call = asked
            try:
                result = call()
            except BaseException as error:
                _tell(future, future.set_exception, error)
            else:
                _tell(future, future.set_result, result)
            del asked, future, call  # an idle thread would keep alive what its last call held


def _tell(future: "asyncio.Future[Any]", settle: Callable[[Any], None], value: object) -> None:
    def settled() -> None:
        if not future.done():
            settle(value)

    with contextlib.suppress(RuntimeError):  # the loop has ended: nobody waits
        future.get_loop().call_soon_threadsafe(settled)
