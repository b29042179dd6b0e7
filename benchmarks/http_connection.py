"""The HTTP that the benchmarks' own servers speak: one request at a time on a connection, with a length, kept alive.

Talks to: the connection it is given.
"""

import asyncio
import re

_LENGTH = re.compile(rb"(?i)\r\ncontent-length:[ \t]*(\d+)")


class HttpConnection(asyncio.Protocol):
    """One client; what a request means is `received`'s to say."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._needed = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what answers go to."""
        self._transport: asyncio.WriteTransport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        """Hand over a request once it is whole."""
        self._buffer += data
        if len(self._buffer) < self._needed:
            return
        head_end = self._buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return
        length = _LENGTH.search(self._buffer, 0, head_end + 2)
        self._needed = head_end + 4 + (int(length[1]) if length else 0)
        if len(self._buffer) < self._needed:
            return
        method = bytes(self._buffer[: self._buffer.find(b" ")])
        body = bytes(memoryview(self._buffer)[head_end + 4 : self._needed])
        self._buffer.clear()
        self._needed = 0
        self.received(method, body)

    def received(self, method: bytes, body: bytes) -> None:
        """Act on a request, and `answer` it now or later."""
        raise AssertionError(f"nobody says what {method!r} with {len(body)} bytes means")

    def answer(self, body: bytes) -> None:
        """Send 200 and a body."""
        self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
