"""Serve on a free loopback port for as long as the parent process lives.

Talks to: standard input and output.
"""

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine
from typing import Any

try:
    from uvloop import new_event_loop
except ImportError:  # not on Windows
    new_event_loop = asyncio.new_event_loop


async def serve_until_input_ends(protocol: Callable[[], asyncio.BaseProtocol]) -> None:
    """Listen, print the port as the first line, and return when standard input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(protocol, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    ended = asyncio.Event()
    descriptor = sys.stdin.fileno()

    def read() -> None:
        if not os.read(descriptor, 4096):
            ended.set()

    loop.add_reader(descriptor, read)
    await ended.wait()
    loop.remove_reader(descriptor)
    server.close()


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine to its end, on uvloop where there is one; Ctrl-C ends it quietly."""
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        try:
            runner.run(main)
        except KeyboardInterrupt:
            return
