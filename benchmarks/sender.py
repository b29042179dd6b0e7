"""Send finished requests over a few keep-alive connections, as fast as the server answers; every answer is checked.

Talks to: a server on loopback.
"""

import contextlib
import re
import selectors
import socket
import time
from collections.abc import Iterator, Sequence
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
    have = 0
    while not _is_whole(buffer, have):
        have += _receive(connection, view[have:])


def round_trips(port: int, request_lists: Sequence[Sequence[bytes]]) -> list[float]:
    """Send each list over a connection of its own, all at once, a request when the one before is answered; return seconds of each.

    One thread watches all connections: threads that wait for each other would be measured as the server's latency. A request must be
    small enough to be sent in one go.

    Raises:
        ServerError: an answer is not a 200 that takes every record.
    """
    seconds: list[float] = []
    with selectors.DefaultSelector() as selector, contextlib.ExitStack() as opened:
        for requests in request_lists:
            trip = _Trip(opened.enter_context(connect(port)), iter(requests))
            selector.register(trip.connection, selectors.EVENT_READ, trip)
        for key in list(selector.get_map().values()):
            if not key.data.send_next():
                selector.unregister(key.fileobj)
        while selector.get_map():
            ready = selector.select(_TIMEOUT_SECONDS)
            if not ready:
                raise ServerError(f"the server answered nothing for {_TIMEOUT_SECONDS} s; look at its log")
            for key, _ in ready:
                took = key.data.receive()
                if took is not None:
                    seconds.append(took)
                    if not key.data.send_next():
                        selector.unregister(key.fileobj)
    return seconds


class _Trip:
    """One connection of `round_trips` and the answer that it waits for."""

    def __init__(self, connection: socket.socket, requests: Iterator[bytes]) -> None:
        self.connection = connection
        self._requests = requests
        self._buffer = bytearray(16 * 1024)
        self._have = 0
        self._started = 0.0

    def send_next(self) -> bool:
        """Send the next request; False when there is none."""
        request = next(self._requests, None)
        if request is None:
            return False
        self._have, self._started = 0, time.perf_counter()
        self.connection.sendall(request)
        return True

    def receive(self) -> float | None:
        """Take what has come; return the seconds since the request was sent once the answer is whole."""
        self._have += _receive(self.connection, memoryview(self._buffer)[self._have :])
        return time.perf_counter() - self._started if _is_whole(self._buffer, self._have) else None


def _is_whole(buffer: bytearray, have: int) -> bool:
    head_end = buffer.find(b"\r\n\r\n", 0, have)
    if head_end < 0:
        return False
    length = _CONTENT_LENGTH.search(buffer, 0, head_end + 2)
    end = head_end + 4 + (int(length[1]) if length else 0)
    if have < end:
        return False
    if not (buffer.startswith(b"HTTP/1.1 200") and _ALL_TAKEN.match(buffer, head_end + 4, end)):
        raise ServerError(
            f"the server answered {bytes(memoryview(buffer)[: min(end, 600)])!r}; a 200 that takes every record was wanted"
        )
    return True


def _receive(connection: socket.socket, view: memoryview) -> int:
    got = connection.recv_into(view)
    if got == 0:
        raise ServerError("the server closed the connection in the middle of an answer; look at its log")
    return got
