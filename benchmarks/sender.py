"""Send finished requests over a few keep-alive connections, as fast as the server answers; every answer is checked.

Talks to: a server on loopback.
"""

import re
import socket
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count

from benchmarks.failures import ServerError

CONNECTIONS = 8
_TIMEOUT_SECONDS = 120
_CONTENT_LENGTH = re.compile(rb"(?i)\r\ncontent-length:[ \t]*(\d+)")
_ALL_TAKEN = re.compile(rb'\{\s*"(?:FailedPutCount":\s*0,|RecordId")')


def send_all(port: int, requests: Sequence[bytes], *, connections: int = CONNECTIONS, repeat: int = 1) -> float:
    """Send every request (`repeat` times over); return the seconds from the first byte sent to the last answer read.

    Raises:
        ServerError: an answer that is not 200, or that says that records were not taken.
    """
    tickets = count()
    total = len(requests) * repeat
    sockets = [connect(port) for _ in range(connections)]

    def work(connection: socket.socket) -> None:
        buffer = bytearray(256 * 1024)
        while (ticket := next(tickets)) < total:
            exchange(connection, requests[ticket % len(requests)], buffer)

    try:
        with ThreadPoolExecutor(connections) as pool:
            started = time.perf_counter()
            for done in [pool.submit(work, connection) for connection in sockets]:
                done.result()
            return time.perf_counter() - started
    finally:
        for connection in sockets:
            connection.close()


def connect(port: int) -> socket.socket:
    """Open one connection to a server on loopback."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT_SECONDS)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def exchange(connection: socket.socket, request: bytes, buffer: bytearray) -> None:
    """Send one put and read its answer; `buffer` must be larger than any answer.

    Raises:
        ServerError: the answer is not a 200 that takes every record.
    """
    connection.sendall(request)
    view = memoryview(buffer)
    have, head_end = 0, -1
    while head_end < 0:
        have += _receive(connection, view[have:])
        head_end = buffer.find(b"\r\n\r\n", 0, have)
    length = _CONTENT_LENGTH.search(buffer, 0, head_end + 2)
    end = head_end + 4 + (int(length[1]) if length else 0)
    while have < end:
        have += _receive(connection, view[have:end])
    if not (buffer.startswith(b"HTTP/1.1 200") and _ALL_TAKEN.match(buffer, head_end + 4, end)):
        raise ServerError(
            f"the server answered {bytes(view[: min(end, 600)])!r}; a 200 that takes every record was wanted"
        )


def _receive(connection: socket.socket, view: memoryview) -> int:
    got = connection.recv_into(view)
    if got == 0:
        raise ServerError("the server closed the connection in the middle of an answer; look at its log")
    return got
