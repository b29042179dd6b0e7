"""What a verb tells the user: one line per thing that happened, to stderr, whole lines also from several threads.

Talks to: a text stream.
"""

import threading
from collections.abc import Callable
from typing import TextIO


class Console:
    """Lines with the seconds since the verb began, so that a user sees what takes its time."""

    def __init__(self, stream: TextIO, *, monotonic: Callable[[], float]) -> None:
        self._stream, self._monotonic = stream, monotonic
        self._began = monotonic()
        self._lock = threading.Lock()

    @property
    def seconds(self) -> float:
        """Seconds since the verb began."""
        return self._monotonic() - self._began

    def say(self, line: str, *, about: str = "") -> None:
        """Write one line, with the pipeline it is `about` in front."""
        text = f"{self.seconds:6.1f} s  {about + '  ' if about else ''}{line}\n"
        with self._lock:
            self._stream.write(text)
            self._stream.flush()

    def show(self, text: str) -> None:
        """Write `text` as it is."""
        with self._lock:
            self._stream.write(text if text.endswith("\n") else text + "\n")
            self._stream.flush()
