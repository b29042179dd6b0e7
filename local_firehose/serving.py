"""Run the ASGI application on a port until a signal ends it.

Talks to: the network. uvicorn with uvloop and httptools; on another loop where uvloop is not to be had.
"""

import asyncio
import contextlib
import gc
import signal
import socket
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn

from local_firehose.errors import AddressInUseError
from local_firehose.joined_writes import JoiningHttpProtocol

_BACKLOG = 2048
_KEEP_ALIVE_SECONDS = 65


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; port 0 takes a free one.

    Raises:
        AddressInUseError: the port is taken, or the address is not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        listener.close()
        raise AddressInUseError(
            f"cannot listen on {host}:{port} ({getattr(error, 'strerror', None) or error}); stop what listens there or give "
            "another --port"
        ) from error
    listener.setblocking(False)
    return listener


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return uvloop's factory, or None for asyncio's own."""
    try:
        import uvloop  # noqa: PLC0415, it does not exist on every platform
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


async def serve(application: Any, listener: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT, then let running requests finish."""
    config = uvicorn.Config(
        application,
        http=JoiningHttpProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=10,
        backlog=_BACKLOG,
    )
    server = _Server(config)
    loop = asyncio.get_running_loop()
    signals = (signal.SIGTERM, signal.SIGINT)
    for number in signals:
        loop.add_signal_handler(number, server.stop)
    gc.collect()
    gc.freeze()  # what is loaded by now stays: a full collection over it would hold up every client for tens of milliseconds
    try:
        await server.serve(sockets=[listener])
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


class _Server(uvicorn.Server):
    def stop(self) -> None:
        """Stop accepting; a second call drops what still runs."""
        self.force_exit = self.should_exit
        self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to `serve`: uvicorn would raise them again, and no journal would be closed."""
        yield
