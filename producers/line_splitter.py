"""Bytes into lines: a line ends with a newline and keeps it; nothing else splits, nothing is decoded.

Pure.
"""

from io import BytesIO

# A line that never ends must not fill the memory. Pieces of this size are over Firehose's limit by far, so they are dead-lettered
# one by one, and their bytes put together are the line.
MAX_PIECE_BYTES = 16 * 1024 * 1024


class LineSplitter:
    """Feed it bytes as they come; what follows the last newline is held."""

    def __init__(self) -> None:
        self._held: list[bytes] = []
        self.held_bytes = 0

    def feed(self, data: bytes) -> list[bytes]:
        """Return the lines that `data` completes."""
        lines = BytesIO(data).readlines()
        if not lines:
            return []
        if self._held and (len(lines) > 1 or lines[0].endswith(b"\n")):
            lines[0] = b"".join([*self._held, lines[0]])
            self._held, self.held_bytes = [], 0
        if not lines[-1].endswith(b"\n"):
            self._held.append(lines.pop())
            self.held_bytes += len(self._held[-1])
            if self.held_bytes >= MAX_PIECE_BYTES:
                lines += self.finish()
        return lines

    def held_head(self, size: int) -> bytes:
        """Return the first bytes that are held, at most `size`."""
        return self._held[0][:size] if self._held else b""

    def finish(self) -> list[bytes]:
        """Return what is held as a last line without a newline; nothing if nothing is held."""
        rest = [b"".join(self._held)] if self._held else []
        self._held, self.held_bytes = [], 0
        return rest
